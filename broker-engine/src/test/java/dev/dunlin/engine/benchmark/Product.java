package dev.dunlin.engine.benchmark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Our whole product: its jar with an empty data directory, and all {@link Accounts} from a provisioning file. */
final class Product {
    private Product() {}

    /** The product, if it has been built. */
    static Path jar() {
        var jar = ProjectFiles.root().resolve("console-web/target/dunlin.jar");
        if (!Files.exists(jar)) {
            throw new IllegalStateException("There is no " + jar
                    + ": run mvn -DskipTests package first, or name other brokers, as in brokers=engine,mosquitto");
        }
        return jar;
    }

    /** Arguments of {@code java}. */
    static List<String> arguments(Path directory, int port, int managementPort, int tenants) throws IOException {
        var provisioning = Files.writeString(directory.resolve("provisioning.yaml"), provisioning(tenants));
        return List.of(
                "-jar",
                jar().toString(),
                "--dunlin.data-dir=" + directory.resolve("data"),
                "--dunlin.provisioning.file=" + provisioning,
                "--dunlin.mqtt.host=127.0.0.1",
                "--dunlin.mqtt.tcp.port=" + port,
                "--dunlin.mqtt.tls.port=-1",
                "--dunlin.mqtt.ws.port=-1",
                "--dunlin.mqtt.wss.port=-1",
                // every connection of a load comes from one machine
                "--dunlin.mqtt.guard.connect-rate=0",
                "--server.address=127.0.0.1",
                "--server.port=0",
                "--management.server.port=" + managementPort);
    }

    private static String provisioning(int tenants) {
        var yaml = new StringBuilder("plans:\n  - name: bounded\n    limits:\n");
        for (var unlimited : List.of(
                "connections",
                "sessions",
                "packet-bytes",
                "subscriptions-per-session",
                "queued-bytes",
                "retained-messages",
                "retained-bytes")) {
            appendLimit(yaml, unlimited, "unlimited");
        }
        appendLimit(yaml, "publish-per-second", Long.toString(Accounts.BOUNDED_PUBLISHES_PER_SECOND));
        appendLimit(yaml, "queued-messages-per-session", Long.toString(Accounts.BOUNDED_QUEUE_MESSAGES));
        appendLimit(yaml, "queued-bytes-per-session", Long.toString(Accounts.BOUNDED_QUEUE_BYTES));
        yaml.append("tenants:\n");
        appendTenant(yaml, Accounts.TENANT, "unlimited");
        appendCredential(yaml, Accounts.DEVICE);
        appendTenant(yaml, Accounts.BOUNDED_TENANT, "bounded");
        appendCredential(yaml, Accounts.DEVICE);
        for (int i = 0; i < tenants; i++) {
            appendTenant(yaml, Accounts.slug(i), "unlimited");
            for (int j = 0; j < Accounts.DEVICES_OF_TENANT; j++) {
                appendCredential(yaml, Accounts.device(j));
            }
        }
        return yaml.toString();
    }

    private static void appendLimit(StringBuilder yaml, String name, String value) {
        yaml.append("      ").append(name).append(": ").append(value).append('\n');
    }

    private static void appendTenant(StringBuilder yaml, String slug, String plan) {
        yaml.append("  - slug: ")
                .append(slug)
                .append("\n    plan: ")
                .append(plan)
                .append("\n    credentials:\n");
    }

    private static void appendCredential(StringBuilder yaml, String name) {
        yaml.append("      - { name: ")
                .append(name)
                .append(", secret: \"")
                .append(Accounts.SECRET)
                .append("\", permissions: [ { effect: allow, action: all, topic: \"#\" } ] }\n");
    }
}
