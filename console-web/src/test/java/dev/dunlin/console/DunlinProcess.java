package dev.dunlin.console;

import dev.dunlin.database.EmbeddedPostgres;
import dev.dunlin.engine.testkit.Template;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** Dunlin as an operator starts it: a process of its own, made of the built classes, on free ports of loopback. */
public final class DunlinProcess implements AutoCloseable {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(90);
    private static final Pattern CONSOLE = Pattern.compile("Console +http://localhost:(\\d+)");
    private static final Pattern MQTT = Pattern.compile("MQTT +mqtt://localhost:(\\d+)");
    private static final Pattern HEALTH = Pattern.compile("Health +(http://\\S+)");

    private final Process process;
    private final Path out;
    private final Path err;

    private DunlinProcess(Process process, Path out, Path err) {
        this.process = process;
        this.out = out;
        this.err = err;
    }

    /** Puts into the data directory what the first start makes: PostgreSQL's programs, and an empty database. */
    public static void prepare(Path dataDirectory) {
        var madeOf = List.of(Template.originOf(EmbeddedPostgres.class));
        Template.of("postgres", madeOf, made -> EmbeddedPostgres.start(made).close())
                .copyTo(dataDirectory, "programs-");
    }

    /** @param settings {@code name=value}, over the free ports and the data directory */
    public static DunlinProcess start(Path dataDirectory, String... settings) {
        return start(ProductClasses.options(), dataDirectory, settings);
    }

    static DunlinProcess start(List<String> jvmOptions, Path dataDirectory, String... settings) {
        try {
            var files = Files.createTempDirectory("dunlin-process");
            var command = new ArrayList<String>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(jvmOptions);
            command.add(DunlinApplication.class.getName());
            List.of(
                            "dunlin.data-dir=" + dataDirectory,
                            "dunlin.mqtt.host=127.0.0.1",
                            "dunlin.mqtt.tcp.port=0",
                            "dunlin.mqtt.tls.port=0",
                            "dunlin.mqtt.ws.port=0",
                            "dunlin.mqtt.wss.port=0",
                            "server.address=127.0.0.1",
                            "server.port=0",
                            "management.server.port=0")
                    .stream()
                    .filter(each -> Arrays.stream(settings)
                            .noneMatch(given -> nameOf(given).equals(nameOf(each))))
                    .forEach(each -> command.add("--" + each));
            Arrays.stream(settings).forEach(each -> command.add("--" + each));
            var out = files.resolve("out");
            var err = files.resolve("err");
            var process = new ProcessBuilder(command)
                    .redirectOutput(out.toFile())
                    .redirectError(err.toFile())
                    .start();
            return new DunlinProcess(process, out, err);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String nameOf(String setting) {
        return setting.substring(0, setting.indexOf('='));
    }

    public DunlinProcess awaitReady() {
        Awaitility.await().atMost(START_TIMEOUT).until(() -> !process.isAlive() || out().contains("Stop with Ctrl+C"));
        if (!process.isAlive()) {
            throw new AssertionError("Dunlin ended with " + process.exitValue() + ": " + err() + out());
        }
        return this;
    }

    /** Waits for the end. */
    public int exitCode(Duration within) {
        try {
            if (!process.waitFor(within.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError("Dunlin still runs after " + within + ": " + out() + err());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
        return process.exitValue();
    }

    public String console() {
        return "http://localhost:" + first(CONSOLE);
    }

    public int mqttPort() {
        return Integer.parseInt(first(MQTT));
    }

    public String health() {
        return first(HEALTH);
    }

    private String first(Pattern pattern) {
        var matcher = pattern.matcher(out());
        if (!matcher.find()) {
            throw new AssertionError("not in the start block: " + pattern + "\n" + out());
        }
        return matcher.group(1);
    }

    public ProcessHandle handle() {
        return process.toHandle();
    }

    public String out() {
        return read(out);
    }

    public String err() {
        return read(err);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As the operating system's own service manager would. */
    @Override
    public void close() {
        if (process.isAlive()) {
            process.destroy();
            try {
                if (!process.waitFor(20, TimeUnit.SECONDS)) {
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
