package dev.dunlin.engine.testkit;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Programs that tests need from outside. Each comes from the system property {@code dunlin.test.<name>}, else from the
 * path, else from Debian's packages if we are root there; else the test fails with one sentence and is never skipped.
 */
public final class TestTools {
    private static final String MQTT_JS_VERSION = "5.16.0";
    /** The newest that runs on the Node of Debian's stable release and its predecessor. */
    private static final String NODE_RED_VERSION = "4.1.15";

    private static final Duration INSTALL_TIMEOUT = Duration.ofMinutes(10);
    /** Servers of Debian lie outside a plain user's path. */
    private static final List<String> MORE_FOLDERS =
            List.of("/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/usr/bin");

    /** What was found or installed once; one thread at a time, as an installation must be alone. */
    private static final Map<String, Path> found = new HashMap<>();

    private TestTools() {}

    public static Path mosquittoPub() {
        return find("mosquitto_pub", "mosquitto-clients", "mosquitto_pub");
    }

    public static Path mosquittoSub() {
        return find("mosquitto_sub", "mosquitto-clients", "mosquitto_sub");
    }

    public static Path mosquittoRr() {
        return find("mosquitto_rr", "mosquitto-clients", "mosquitto_rr");
    }

    public static Path mosquitto() {
        return find("mosquitto", "mosquitto", "mosquitto");
    }

    public static Path chromium() {
        return find("chromium", "chromium", "chromium", "google-chrome", "chromium-browser");
    }

    public static Path node() {
        return find("node", "nodejs", "node", "nodejs");
    }

    private static Path npm() {
        return find("npm", "npm", "npm");
    }

    /** A folder in which Node resolves {@code require("mqtt")}. */
    public static Path mqttJs() {
        return npmPackage("mqtt-js", "mqtt", MQTT_JS_VERSION);
    }

    /** The program of Node-RED, to be run by {@link #node}. */
    public static Path nodeRed() {
        return npmPackage("node-red", "node-red", NODE_RED_VERSION).resolve("node_modules/node-red/red.js");
    }

    /** A folder with a package of npm in it; made once in the build's target folder. */
    private static synchronized Path npmPackage(String property, String name, String version) {
        var given = System.getProperty("dunlin.test." + property);
        if (given != null) {
            return Path.of(given);
        }
        var npm = npm();
        return locked(() -> installNpmPackage(npm, name, version));
    }

    private static Path installNpmPackage(Path npm, String name, String version) {
        var folder = targetFolder().resolve("npm-" + name + "-" + version);
        if (Files.isDirectory(folder)) {
            return folder;
        }
        var making = folder.resolveSibling(
                folder.getFileName() + "-" + ProcessHandle.current().pid());
        try {
            Files.createDirectories(making);
            // without a file of its own here, npm would install into a parent folder that has one
            Files.writeString(making.resolve("package.json"), "{\"private\": true}\n");
            run(List.of(
                    npm.toString(),
                    "install",
                    "--prefix",
                    making.toString(),
                    "--ignore-scripts",
                    "--omit=optional",
                    "--no-audit",
                    "--no-fund",
                    name + "@" + version));
            return Files.move(making, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Tests run in the target folder; other programs in the module's. */
    static Path targetFolder() {
        var here = Path.of("").toAbsolutePath();
        return here.endsWith("target") ? here : here.resolve("target");
    }

    private static synchronized Path find(String name, String debianPackage, String... programs) {
        var known = found.get(name);
        if (known != null) {
            return known;
        }
        var property = "dunlin.test." + name.replace('_', '-');
        var given = System.getProperty(property);
        if (given != null && !Files.isExecutable(Path.of(given))) {
            throw new IllegalStateException(given + " (" + property + ") is not a program.");
        }
        var path = given != null ? Path.of(given) : onPath(programs);
        if (path == null) {
            path = locked(() -> install(property, debianPackage, programs));
        }
        found.put(name, path);
        return path;
    }

    private static @Nullable Path onPath(String... programs) {
        var folders = Stream.concat(
                        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)),
                        MORE_FOLDERS.stream())
                .toList();
        for (var program : programs) {
            for (var folder : folders) {
                var path = Path.of(folder, program);
                if (Files.isRegularFile(path) && Files.isExecutable(path)) {
                    return path;
                }
            }
        }
        return null;
    }

    private static Path install(String property, String debianPackage, String... programs) {
        var installedMeanwhile = onPath(programs);
        if (installedMeanwhile != null) {
            return installedMeanwhile;
        }
        if (!"root".equals(System.getProperty("user.name")) || onPath("apt-get") == null) {
            throw new IllegalStateException("The tests need " + programs[0] + ": install Debian's package "
                    + debianPackage + " or the like, or name the program with -D" + property + "=….");
        }
        run(List.of("apt-get", "update"));
        run(List.of("apt-get", "install", "-y", "--no-install-recommends", debianPackage));
        var installed = onPath(programs);
        if (installed == null) {
            throw new IllegalStateException("Debian's package " + debianPackage + " brought no " + programs[0] + ".");
        }
        return installed;
    }

    private static void run(List<String> command) {
        try {
            var output = Files.createTempFile("dunlin-tool-", ".log");
            try {
                var builder = new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(output.toFile())
                        .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")));
                builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
                var process = builder.start();
                if (!process.waitFor(INSTALL_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                    throw new IllegalStateException(String.join(" ", command) + " took too long.");
                }
                if (process.exitValue() != 0) {
                    var lines = Files.readAllLines(output);
                    throw new IllegalStateException(String.join(" ", command) + " failed: "
                            + String.join(" / ", lines.subList(Math.max(0, lines.size() - 5), lines.size())));
                }
            } finally {
                Files.deleteIfExists(output);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }

    /** One at a time among all processes of this machine: modules are tested side by side. */
    private static Path locked(Supplier<Path> action) {
        var lockFile = Path.of(System.getProperty("java.io.tmpdir"), "dunlin-test-tools.lock");
        try (var channel = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                var lock = channel.lock()) {
            return action.get();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
