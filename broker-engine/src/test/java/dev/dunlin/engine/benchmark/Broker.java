package dev.dunlin.engine.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A broker that is measured: a child process that listens on the loopback and ends with this one. */
final class Broker implements AutoCloseable {
    /** What the process says, in its directory. */
    static final String LOG = "broker.log";

    /** Under which {@link #drops} counts all messages that did not reach a subscriber. */
    static final String ALL_DROPS = "all";

    /** As Prometheus writes it; the engine alone writes the same. */
    private static final Pattern METRIC = Pattern.compile(
            "dunlin_(messages_dropped_total|incidents_total\\{reason=\"(?<reason>\\w+)\"}) (?<value>[0-9.E]+)");

    private static final long TICKS_A_SECOND = 100;
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(15);

    private final BrokerKind kind;
    private final Process process;
    private final int port;
    private final int managementPort;
    private final Path directory;

    /**
     * @param managementPort where the product tells its metrics
     * @param directory of the process, deleted in the end
     */
    Broker(BrokerKind kind, Process process, int port, int managementPort, Path directory) {
        this.kind = kind;
        this.process = process;
        this.port = port;
        this.managementPort = managementPort;
        this.directory = directory;
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop));
    }

    BrokerKind kind() {
        return kind;
    }

    int port() {
        return port;
    }

    /** User and system time of the process since its start, in steps of 10 ms. */
    Duration cpu() {
        return process.info().totalCpuDuration().orElseThrow(this::gone);
    }

    /** User and system time of this process. */
    static Duration ownCpu() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow();
    }

    boolean hasDatabase() {
        return kind == BrokerKind.DUNLIN;
    }

    /**
     * User and system time of all processes of the broker's own PostgreSQL since its start, in steps of 10 ms. One that has
     * ended, such as a worker of autovacuum, goes on to be counted with its parent, which has waited for it.
     */
    Duration databaseCpu() {
        long ticks =
                databaseProcesses().mapToLong(database -> ticks(database.pid())).sum();
        return Duration.ofSeconds(1).multipliedBy(ticks).dividedBy(TICKS_A_SECOND);
    }

    /** Of a process, and of its children that have ended. */
    private static long ticks(long pid) {
        try {
            // the name comes in brackets and may contain any; from the state on are numbers alone
            var stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
            var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return IntStream.rangeClosed(11, 14)
                    .mapToLong(field -> Long.parseLong(fields[field]))
                    .sum();
        } catch (IOException ended) {
            return 0;
        }
    }

    private Stream<ProcessHandle> databaseProcesses() {
        return databaseFolder().stream()
                .map(folder -> Database.lines(folder).get(0))
                .flatMap(pid -> ProcessHandle.of(Long.parseLong(pid.trim())).stream())
                .flatMap(postmaster -> Stream.concat(Stream.of(postmaster), postmaster.descendants()));
    }

    /** Of the broker's own PostgreSQL while it runs. */
    private Optional<Path> databaseFolder() {
        var own = directory.resolve("data/postgres");
        if (!Files.isDirectory(own)) {
            return Optional.empty();
        }
        try (var folders = Files.list(own)) {
            return folders.filter(Database::runsIn).findAny();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** A connection to the broker's own PostgreSQL, if it has one. */
    Optional<Database> openDatabase() {
        return databaseFolder().map(Database::open);
    }

    /** Memory of the process that is not swapped out. */
    long residentBytes() {
        try (var lines = Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
            return lines.filter(line -> line.startsWith("VmRSS:"))
                    .map(line -> line.replaceAll("\\D+", ""))
                    .mapToLong(kibibytes -> Long.parseLong(kibibytes) * 1024)
                    .findAny()
                    .orElseThrow(this::gone);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** What lives on the heap after a full collection; nothing if this is not a JVM. */
    OptionalLong liveHeapBytes() {
        if (kind == BrokerKind.MOSQUITTO) {
            return OptionalLong.empty();
        }
        try {
            var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
            var asked = new ProcessBuilder(jcmd, Long.toString(process.pid()), "GC.class_histogram")
                    .redirectErrorStream(true)
                    .start();
            try (var lines = asked.inputReader().lines()) {
                // Total  <instances>  <bytes>
                return lines.filter(line -> line.startsWith("Total"))
                        .mapToLong(line -> Long.parseLong(line.trim().split("\\s+")[2]))
                        .findAny();
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** How many messages one of ours has dropped since its start, by reason in lower case, {@link #ALL_DROPS} together. */
    Map<String, Long> drops() throws InterruptedException {
        var drops = new TreeMap<String, Long>();
        try {
            metrics().forEach(line -> {
                var metric = METRIC.matcher(line);
                if (metric.matches()) {
                    var reason = metric.group("reason");
                    drops.put(reason == null ? ALL_DROPS : reason, (long) Double.parseDouble(metric.group("value")));
                }
            });
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        drops.keySet().retainAll(Set.of(ALL_DROPS, "queue_full", "slow_consumer", "packet_too_large"));
        drops.values().removeIf(count -> count == 0);
        return drops;
    }

    private Stream<String> metrics() throws IOException, InterruptedException {
        if (kind == BrokerKind.DUNLIN) {
            var metrics = URI.create("http://127.0.0.1:" + managementPort + "/actuator/prometheus");
            try (var in = metrics.toURL().openStream()) {
                return new String(in.readAllBytes(), UTF_8).lines();
            }
        }
        // the engine answers a line with its counters, and repeats the line as their last
        var question = "metrics-" + System.nanoTime();
        var out = process.getOutputStream();
        out.write((question + "\n").getBytes(UTF_8));
        out.flush();
        while (said().lines().noneMatch(question::equals)) {
            if (!process.isAlive()) {
                throw gone();
            }
            TimeUnit.MILLISECONDS.sleep(10);
        }
        return said().lines();
    }

    /** What the process said that contains {@code word}. */
    List<String> said(String word) {
        return said().lines().filter(line -> line.contains(word)).toList();
    }

    private IllegalStateException gone() {
        return new IllegalStateException(kind.argument() + " ended by itself: " + said());
    }

    private String said() {
        try {
            return Files.readString(directory.resolve(LOG));
        } catch (IOException unreadable) {
            return "";
        }
    }

    @Override
    public void close() {
        if (!process.isAlive()) {
            System.err.println(gone().getMessage());
        }
        stop();
    }

    /** With time to stop its own children, and then without; a second time it does nothing. */
    private synchronized void stop() {
        if (!Files.exists(directory)) {
            return;
        }
        var database = databaseProcesses().toList();
        process.destroy();
        try {
            if (!process.waitFor(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            for (var left : database) {
                left.destroyForcibly();
                left.onExit().join();
            }
            deleteDirectory();
        } catch (IOException left) {
            System.err.println("Could not delete " + directory + ": " + left);
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void deleteDirectory() throws IOException {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
