package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.testkit.TestTools;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Starts brokers, each with log-in and permissions on where it has them, and all on the loopback alone. */
final class Launcher {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(90);
    private static final Duration STEP = Duration.ofMillis(20);

    private final List<String> jvmOptions;

    /** @param jvmOptions of our own processes */
    Launcher(List<String> jvmOptions) {
        this.jvmOptions = List.copyOf(jvmOptions);
    }

    Broker start(BrokerKind kind) throws IOException, InterruptedException {
        var directory = Files.createTempDirectory("dunlin-benchmark-");
        int port = freePort();
        var command = switch (kind) {
            case ENGINE -> ourJava(EngineMain.class, port);
            case FLOOR -> ourJava(ForwarderMain.class, port);
            case MOSQUITTO -> mosquitto(directory, port);
            case DUNLIN, HIVEMQ, MOQUETTE ->
                throw new IllegalArgumentException(kind.argument() + " cannot be started yet");
        };
        var log = directory.resolve("broker.log").toFile();
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        var broker = new Broker(kind, process, port, directory);
        awaitListening(process, kind, port, log);
        return broker;
    }

    static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }

    private List<String> ourJava(Class<?> main, int port) {
        var command = new ArrayList<>(List.of(java().toString()));
        command.addAll(jvmOptions);
        var logging = System.getProperty("logback.configurationFile");
        if (logging != null) {
            command.add("-Dlogback.configurationFile=" + logging);
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName(), Integer.toString(port)));
        return command;
    }

    /** With a password file and an access list, without persistence, and with queues that drop nothing. */
    private static List<String> mosquitto(Path directory, int port) throws IOException, InterruptedException {
        var passwords = Files.write(directory.resolve("passwords"), Accounts.passwordLine());
        var program = TestTools.mosquitto();
        // replaces the secrets in the file by hashes; a part of mosquitto's package
        var hashing = new ProcessBuilder("mosquitto_passwd", "-U", passwords.toString())
                .inheritIO()
                .start();
        if (hashing.waitFor() != 0) {
            throw new IllegalStateException("mosquitto_passwd failed");
        }
        var access = Files.writeString(directory.resolve("access"), "user " + Accounts.MAIN + "\ntopic readwrite #\n");
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
        return List.of(program.toString(), "-c", configuration.toString());
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void awaitListening(Process process, BrokerKind kind, int port, File log)
            throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        while (process.isAlive() && System.nanoTime() < deadline) {
            try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return;
            } catch (IOException notYet) {
                Thread.sleep(STEP.toMillis());
            }
        }
        process.destroyForcibly();
        throw new IllegalStateException(kind.argument() + " did not start: " + Files.readString(log.toPath()));
    }
}
