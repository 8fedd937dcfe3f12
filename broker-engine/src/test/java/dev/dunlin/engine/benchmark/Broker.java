package dev.dunlin.engine.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A broker that is measured: a child process that listens on the loopback and ends with this one. */
final class Broker implements AutoCloseable {
    /** What the process says, in its directory. */
    static final String LOG = "broker.log";

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(15);

    private final BrokerKind kind;
    private final Process process;
    private final int port;
    private final Path directory;

    /** @param directory of the process, deleted in the end */
    Broker(BrokerKind kind, Process process, int port, Path directory) {
        this.kind = kind;
        this.process = process;
        this.port = port;
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

    /** User and system time of the broker's own PostgreSQL, as far as its processes are still there. */
    Duration databaseCpu() {
        return databaseProcesses()
                .flatMap(database -> database.info().totalCpuDuration().stream())
                .reduce(Duration.ZERO, Duration::plus);
    }

    private Stream<ProcessHandle> databaseProcesses() {
        var own = directory.resolve("data/postgres");
        if (!Files.isDirectory(own)) {
            return Stream.empty();
        }
        try (var folders = Files.list(own)) {
            var pidFile = folders.map(folder -> folder.resolve("data/postmaster.pid"))
                    .filter(Files::exists)
                    .findAny();
            if (pidFile.isEmpty()) {
                return Stream.empty();
            }
            long pid = Long.parseLong(Files.readAllLines(pidFile.get()).get(0).trim());
            return ProcessHandle.of(pid).stream()
                    .flatMap(postmaster -> Stream.concat(Stream.of(postmaster), postmaster.descendants()));
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
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

    private IllegalStateException gone() {
        return new IllegalStateException(kind.argument() + " ended by itself: " + said());
    }

    private @Nullable String said() {
        try {
            return Files.readString(directory.resolve(LOG));
        } catch (IOException unreadable) {
            return null;
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
