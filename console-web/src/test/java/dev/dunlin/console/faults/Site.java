package dev.dunlin.console.faults;

import dev.dunlin.console.DunlinProcess;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** A running Dunlin, and who may connect to it: a device of one tenant, and other tenants of which nothing was seen yet. */
final class Site implements AutoCloseable {
    static final String OWNER = "ada@example.com";
    static final String PASSWORD = "a long passphrase";
    static final String USER = "acme.device";
    static final String SECRET = "a secret of more than 32 characters for tests of faults";
    private static final int STRANGERS = 12;
    private static final int EXPIRY_SECONDS = 86_400;

    private final DunlinProcess dunlin;
    private final int port;
    private int strangersSeen;

    private Site(DunlinProcess dunlin) {
        this.dunlin = dunlin;
        port = dunlin.mqttPort();
    }

    /** @param settings {@code name=value} */
    static Site start(Path directory, Path dataDirectory, String... settings) throws IOException {
        var all = Stream.concat(Stream.of("dunlin.provisioning.file=" + provisioning(directory)), Stream.of(settings));
        var dunlin = DunlinProcess.start(dataDirectory, all.toArray(String[]::new));
        try {
            return new Site(dunlin.awaitReady());
        } catch (RuntimeException | Error notReady) {
            dunlin.close();
            throw notReady;
        }
    }

    private static Path provisioning(Path directory) throws IOException {
        var strangers = IntStream.rangeClosed(1, STRANGERS)
                .mapToObj(i -> tenant("stranger-" + i, i + "@example.com"))
                .collect(Collectors.joining());
        return Files.writeString(
                directory.resolve("provisioning.yaml"), "tenants:\n" + tenant("acme", OWNER) + strangers);
    }

    private static String tenant(String slug, String owner) {
        return """
                  - slug: %s
                    plan: unlimited
                    owner: { email: %s, password: "%s" }
                    credentials:
                      - name: device
                        secret: "%s"
                        permissions: [ { effect: allow, action: all, topic: "#" } ]
                """.formatted(slug, owner, PASSWORD, SECRET);
    }

    int port() {
        return port;
    }

    String console() {
        return dunlin.console();
    }

    String readiness() {
        return dunlin.health();
    }

    boolean isRunning() {
        return dunlin.handle().isAlive();
    }

    /** The log. */
    String said() {
        return dunlin.out() + dunlin.err();
    }

    /** The user name of a device that may connect, and never did. */
    String nextStranger() {
        strangersSeen++;
        if (strangersSeen > STRANGERS) {
            throw new AssertionError("everyone was seen");
        }
        return "stranger-" + strangersSeen + ".device";
    }

    /** A session that ends with its connection. */
    WireClient connect(MqttVersion version, String clientId) {
        return WireClient.open(port)
                .connect(WireConnect.of(version, clientId).as(USER, SECRET).keepAlive(0));
    }

    /** A session that outlives its connection, resumed if it is there. */
    WireClient connectDurable(MqttVersion version, String clientId) {
        return WireClient.open(port).connect(durable(version, clientId));
    }

    static WireConnect durable(MqttVersion version, String clientId) {
        var connect =
                WireConnect.of(version, clientId).as(USER, SECRET).resuming().keepAlive(0);
        return version.hasProperties() ? connect.sessionExpiry(EXPIRY_SECONDS) : connect;
    }

    /** Knocks, and goes; gives the code of the CONNACK. */
    int knock(MqttVersion version, String userName, String secret) {
        try (var client = WireClient.open(port)) {
            return client.login(WireConnect.of(version, "visitor").as(userName, secret))
                    .reason();
        }
    }

    @Override
    public void close() {
        dunlin.close();
    }
}
