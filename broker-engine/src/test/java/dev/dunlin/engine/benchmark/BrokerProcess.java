package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.TestTools;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;

/** A broker that is measured: a child process that listens on the loopback and ends with this one. */
final class BrokerProcess implements AutoCloseable {
    /** The account that every broker knows. */
    static final String USER_NAME = "acme.boiler-7";

    private static final Duration START_TIMEOUT = Duration.ofSeconds(20);

    private final String name;
    private final int maxQos;
    private final Process process;
    private final int port;
    private final Path directory;

    private BrokerProcess(String name, int maxQos, Path directory, List<String> command, ToIntFunction<Process> port)
            throws IOException {
        this.name = name;
        this.maxQos = maxQos;
        this.directory = directory;
        this.process = new ProcessBuilder(command)
                .redirectError(directory.resolve("errors.log").toFile())
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        this.port = port.applyAsInt(process);
    }

    /** Our engine with ports in memory, on this process's Java. */
    static BrokerProcess dunlin(String jvmOptions) throws IOException {
        return java("Dunlin", 2, jvmOptions, EngineMain.class);
    }

    /** What Netty alone costs: a server that finds a packet's end and topic, and hands it on. */
    static BrokerProcess floor(String jvmOptions) throws IOException {
        return java("bare Netty", 0, jvmOptions, ForwarderMain.class);
    }

    private static BrokerProcess java(String name, int maxQos, String jvmOptions, Class<?> main) throws IOException {
        var command = new ArrayList<>(
                List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        if (!jvmOptions.isBlank()) {
            command.addAll(List.of(jvmOptions.trim().split("\\s+")));
        }
        var logging = System.getProperty("logback.configurationFile");
        if (logging != null) {
            command.add("-Dlogback.configurationFile=" + logging);
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        return new BrokerProcess(name, maxQos, Files.createTempDirectory("dunlin-benchmark-"), command, process -> {
            try {
                return Integer.parseInt(process.inputReader().readLine());
            } catch (IOException | NumberFormatException notStarted) {
                throw new IllegalStateException(name + " did not start", notStarted);
            }
        });
    }

    /** mosquitto with a password file and an access list, without persistence, and with queues that drop nothing. */
    static BrokerProcess mosquitto() throws IOException, InterruptedException {
        var directory = Files.createTempDirectory("dunlin-benchmark-");
        int port = freePort();
        var passwords = directory.resolve("passwords");
        Files.writeString(passwords, USER_NAME + ":" + TestBroker.SECRET + "\n");
        var program = TestTools.mosquitto();
        // replaces the secrets in the file by hashes; a part of mosquitto's package
        var hashing = new ProcessBuilder("mosquitto_passwd", "-U", passwords.toString())
                .inheritIO()
                .start();
        if (hashing.waitFor() != 0) {
            throw new IllegalStateException("mosquitto_passwd failed");
        }
        var access = Files.writeString(directory.resolve("access"), "user " + USER_NAME + "\ntopic readwrite #\n");
        var configuration =
                Files.writeString(directory.resolve("mosquitto.conf"), """
                user root
                listener %d 127.0.0.1
                persistence false
                allow_anonymous false
                password_file %s
                acl_file %s
                set_tcp_nodelay true
                max_inflight_messages 0
                max_queued_messages 0
                log_type error
                """.formatted(port, passwords, access));
        return new BrokerProcess(
                "mosquitto",
                2,
                directory,
                List.of(program.toString(), "-c", configuration.toString()),
                process -> whenListening(process, port));
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static int whenListening(Process process, int port) {
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        while (process.isAlive() && System.nanoTime() < deadline) {
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return socket.getPort();
            } catch (IOException notYet) {
                Thread.onSpinWait();
            }
        }
        throw new IllegalStateException("mosquitto did not start");
    }

    String name() {
        return name;
    }

    boolean speaks(int qos) {
        return qos <= maxQos;
    }

    int port() {
        return port;
    }

    /** User and system time of the process since its start, in steps of 10 ms. */
    Duration cpuTime() {
        return process.info().totalCpuDuration().orElseThrow();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        boolean endedByItself = !process.isAlive();
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        if (endedByItself) {
            System.err.println(name + " ended by itself: " + Files.readString(directory.resolve("errors.log")));
        }
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
