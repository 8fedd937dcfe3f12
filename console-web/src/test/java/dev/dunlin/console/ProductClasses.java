package dev.dunlin.console;

import dev.dunlin.engine.testkit.Template;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.spi.ToolProvider;
import org.springframework.util.FileSystemUtils;

/**
 * The classes of a process that is started as a product, and an archive in which the JVM finds them loaded and verified: with it
 * a start takes two thirds of the time. It is made once by a process that has started, and knows jars alone, so that classes
 * which have just been built are put into some.
 */
final class ProductClasses {
    /** A short life: the optimising compiler would only get in its way. */
    private static final List<String> JVM = List.of("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC");

    private static final String ARCHIVE = "classes.jsa";

    private ProductClasses() {}

    /** What stands before the name of the main class. */
    static List<String> options() {
        var classPath = classPath();
        var archive = Template.of("archive", classPath, made -> archive(classPath, made))
                .directory()
                .resolve(ARCHIVE);
        return options(classPath, "-XX:SharedArchiveFile=" + archive, "-Xlog:disable");
    }

    private static List<String> options(List<Path> classPath, String... more) {
        var options = new ArrayList<>(JVM);
        if (Runtime.version().feature() >= 22) {
            options.add("--enable-native-access=ALL-UNNAMED");
        }
        options.addAll(List.of(more));
        options.add("-cp");
        options.add(String.join(
                File.pathSeparator, classPath.stream().map(Path::toString).toList()));
        return options;
    }

    /** Without the tests and what they need: their classes are not part of what an operator starts. */
    private static List<Path> classPath() {
        var all = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Arrays.stream(all.split(File.pathSeparator))
                .filter(entry -> !entry.isBlank() && !entry.contains("test-classes") && !entry.endsWith("-tests.jar"))
                .map(Path::of)
                .map(entry -> Files.isDirectory(entry) ? jarOf(entry) : entry)
                .toList();
    }

    private static Path jarOf(Path classes) {
        var module = classes.getName(classes.getNameCount() - 3);
        return Template.of(module + ".jar", List.of(classes), made -> jar(classes, made))
                .directory();
    }

    private static void jar(Path classes, Path file) {
        var jar = ToolProvider.findFirst("jar").orElseThrow();
        int code = jar.run(System.out, System.err, "cf", file.toString(), "-C", classes.toString(), ".");
        if (code != 0) {
            throw new IllegalStateException("jar ended with " + code);
        }
    }

    private static void archive(List<Path> classPath, Path made) {
        try {
            Files.createDirectory(made);
            var data = Files.createTempDirectory("dunlin-archive");
            DunlinProcess.prepare(data);
            var options = options(classPath, "-XX:+RecordDynamicDumpInfo", "-Xlog:disable");
            try (var dunlin = DunlinProcess.start(options, data).awaitReady()) {
                var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
                var ran =
                        Shell.run(jcmd + " " + dunlin.handle().pid() + " VM.cds dynamic_dump " + made.resolve(ARCHIVE));
                if (!Files.exists(made.resolve(ARCHIVE))) {
                    throw new IllegalStateException(ran.output());
                }
            } finally {
                FileSystemUtils.deleteRecursively(data);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
