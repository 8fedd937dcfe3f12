package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.Test;

/**
 * Which statements of the specification are shown by a test and which are not, with the reason: in short on the console, in
 * full in {@code target/conformance.txt}. Fails if the lists and the tests do not agree.
 */
class ConformanceReportTest {

    @Test
    void accountsForEveryStatement() throws IOException {
        // given
        var versions = List.of(Statements.of("3.1"), Statements.of("3.1.1"), Statements.of("5"));
        var testsByStatement = testsByStatement();
        // when
        var summary = new StringBuilder();
        var full = new StringBuilder();
        var unaccounted = new ArrayList<String>();
        var withReasonAndTest = new ArrayList<String>();
        var unknown = new TreeSet<>(testsByStatement.keySet());
        for (var version : versions) {
            int covered = 0;
            int withReason = 0;
            full.append("\n\nMQTT ").append(version.version()).append("\n\n");
            for (var entry : version.byName().entrySet()) {
                var name = entry.getKey();
                var reason = entry.getValue().reason();
                var tests = testsByStatement.getOrDefault(name, new TreeSet<>());
                unknown.remove(name);
                covered += tests.isEmpty() ? 0 : 1;
                withReason += reason == null ? 0 : 1;
                if (tests.isEmpty() && reason == null) {
                    unaccounted.add(name);
                }
                if (!tests.isEmpty() && reason != null) {
                    withReasonAndTest.add(name);
                }
                full.append(name)
                        .append("  ")
                        .append(entry.getValue().summary())
                        .append("\n    ");
                full.append(reason == null ? String.join(", ", tests) : "not covered: " + reason)
                        .append('\n');
            }
            summary.append("MQTT %-5s  %3d of %3d statements covered, %2d not covered for a stated reason%n"
                    .formatted(version.version(), covered, version.byName().size(), withReason));
        }
        System.out.print(summary);
        Files.writeString(classesFolder().resolveSibling("conformance.txt"), summary.toString() + full);
        // then each has a test or a reason, and not both
        var softly = new SoftAssertions();
        softly.assertThat(unaccounted)
                .as("statements with neither test nor reason")
                .isEmpty();
        softly.assertThat(withReasonAndTest)
                .as("statements with a reason that have a test")
                .isEmpty();
        // and no test names what does not exist
        softly.assertThat(unknown)
                .as("statements that a test names and no list has")
                .isEmpty();
        softly.assertAll();
    }

    @Test
    void knowsAsManyNumberedStatementsAsTheDocumentsHave() throws IOException {
        assertThat(numbered(Statements.of("3.1.1"))).isEqualTo(141);
        assertThat(numbered(Statements.of("5"))).isEqualTo(251);
    }

    private static long numbered(Statements statements) {
        return statements.byName().keySet().stream()
                .filter(name -> name.contains("["))
                .count();
    }

    private static SortedMap<String, SortedSet<String>> testsByStatement() throws IOException {
        var found = new TreeMap<String, SortedSet<String>>();
        for (var type : testClasses()) {
            for (var method : type.getDeclaredMethods()) {
                var conformance = method.getAnnotation(Conformance.class);
                for (var statement : conformance == null ? new String[0] : conformance.value()) {
                    found.computeIfAbsent(statement, first -> new TreeSet<>())
                            .add(type.getSimpleName() + "." + method.getName());
                }
            }
        }
        return found;
    }

    /** All of the engine's, none of them initialised. */
    private static List<Class<?>> testClasses() throws IOException {
        var root = classesFolder();
        try (Stream<Path> files = Files.walk(root)) {
            var names = files.map(file -> root.relativize(file).toString())
                    .filter(name -> name.endsWith("Test.class"))
                    .map(name -> name.replace(".class", "").replace('/', '.').replace('\\', '.'))
                    .toList();
            var classes = new ArrayList<Class<?>>();
            for (var name : names) {
                classes.add(Class.forName(name, false, ConformanceReportTest.class.getClassLoader()));
            }
            return classes;
        } catch (ClassNotFoundException impossible) {
            throw new IOException(impossible);
        }
    }

    private static Path classesFolder() throws IOException {
        try {
            return Path.of(ConformanceReportTest.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
        } catch (URISyntaxException impossible) {
            throw new IOException(impossible);
        }
    }
}
