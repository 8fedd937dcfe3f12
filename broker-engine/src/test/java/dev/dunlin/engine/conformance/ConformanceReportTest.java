package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Lists the statements that carry a test, by version: on the console in short, in {@code target/conformance.txt} in full. */
class ConformanceReportTest {
    private static final Pattern STATEMENT =
            Pattern.compile("(MQTT 3\\.1|MQTT 3\\.1\\.1|MQTT 5) (\\[MQTT-\\d+\\.\\d+\\.\\d+-\\d+]|§\\d+(\\.\\d+)*)");
    private static final Pattern NUMBER = Pattern.compile("\\d+");

    @Test
    void listsTheStatementsThatCarryATest() throws IOException {
        // given
        var testsByStatement = testsByStatement();
        // then each is named so that it can be found
        assertThat(testsByStatement.keySet())
                .isNotEmpty()
                .allSatisfy(statement -> assertThat(statement).matches(STATEMENT));
        // and the list is there to be read
        var counts = new TreeMap<String, Integer>();
        var full = new StringBuilder();
        testsByStatement.forEach((statement, tests) -> {
            var parts = STATEMENT.matcher(statement);
            if (parts.matches() && parts.group(2).startsWith("[")) {
                counts.merge(parts.group(1), 1, Integer::sum);
            }
            full.append(statement).append("  ").append(String.join(", ", tests)).append('\n');
        });
        var summary = "Normative statements that carry a test: " + counts;
        System.out.println(summary);
        Files.writeString(classesFolder().resolveSibling("conformance.txt"), summary + "\n\n" + full);
    }

    private static SortedMap<String, SortedSet<String>> testsByStatement() throws IOException {
        var found = new TreeMap<String, SortedSet<String>>(Comparator.comparing(ConformanceReportTest::sortable));
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

    private static List<Class<?>> testClasses() throws IOException {
        var packageName = ConformanceReportTest.class.getPackageName();
        var folder = classesFolder().resolve(packageName.replace('.', '/'));
        var classes = new ArrayList<Class<?>>();
        try (var files = Files.newDirectoryStream(folder, "*Test.class")) {
            for (var file : files) {
                var name = file.getFileName().toString().replace(".class", "");
                classes.add(Class.forName(packageName + "." + name));
            }
        } catch (ClassNotFoundException impossible) {
            throw new IOException(impossible);
        }
        return classes;
    }

    /** The numbers in a statement, at equal width. */
    private static String sortable(String statement) {
        var parts = new ArrayList<String>();
        NUMBER.matcher(statement).results().forEach(number -> parts.add("%6s".formatted(number.group())));
        return statement.replaceAll("\\[.*", "").replaceAll("§.*", "") + String.join(".", parts) + statement;
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
