package dev.dunlin.engine.benchmark;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Starts brokers, each with log-in and permissions on where it has them, and all on the loopback alone. */
final class Launcher {
    private static final Duration START_TIMEOUT = Duration.ofSeconds(120);
    private static final Duration STEP = Duration.ofMillis(20);

    /** The Java that has to be told, or Netty frees each buffer in a way that stops all threads; the product's jar tells it. */
    private static final int NATIVE_ACCESS_IS_ASKED_FOR = 24;

    private final List<String> jvmOptions;

    /** @param jvmOptions of our own processes */
    Launcher(List<String> jvmOptions) {
        this.jvmOptions = List.copyOf(jvmOptions);
    }

    /** @param tenants that it knows beside the first, if it is one of ours */
    Broker start(BrokerKind kind, int tenants) throws IOException, InterruptedException {
        var directory = Files.createTempDirectory("dunlin-benchmark-");
        int port = freePort();
        int managementPort = freePort();
        var command = switch (kind) {
            case DUNLIN -> ourJava(Product.arguments(directory, port, managementPort, tenants));
            case ENGINE -> ourJava(onOurClassPath(EngineMain.class, port, tenants));
            case FLOOR -> ourJava(onOurClassPath(ForwarderMain.class, port));
            case MOSQUITTO -> Peers.mosquitto(directory, port);
            case HIVEMQ -> Peers.hiveMq(directory, port);
            case MOQUETTE -> Peers.moquette(directory, port);
        };
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve(Broker.LOG).toFile())
                .start();
        var broker = new Broker(kind, process, port, managementPort, directory);
        long deadline = System.nanoTime() + START_TIMEOUT.toNanos();
        while (!(kind == BrokerKind.DUNLIN ? isReady(managementPort) : isListening(port))) {
            if (!process.isAlive() || System.nanoTime() > deadline) {
                broker.close();
                throw new IllegalStateException(kind.argument() + " did not start");
            }
            Thread.sleep(STEP.toMillis());
        }
        return broker;
    }

    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private List<String> ourJava(List<String> arguments) {
        var command = new ArrayList<>(List.of(java()));
        if (Runtime.version().feature() >= NATIVE_ACCESS_IS_ASKED_FOR) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(jvmOptions);
        command.addAll(arguments);
        return command;
    }

    private static List<String> onOurClassPath(Class<?> main, int... numbers) {
        var arguments = new ArrayList<String>();
        var logging = System.getProperty("logback.configurationFile");
        if (logging != null) {
            arguments.add("-Dlogback.configurationFile=" + logging);
        }
        arguments.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        IntStream.of(numbers).mapToObj(Integer::toString).forEach(arguments::add);
        return arguments;
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static boolean isListening(int port) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    private static boolean isReady(int managementPort) {
        try {
            var readiness = URI.create("http://127.0.0.1:" + managementPort + "/actuator/health/readiness");
            var asked = (HttpURLConnection) readiness.toURL().openConnection();
            return asked.getResponseCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException notYet) {
            return false;
        }
    }
}
