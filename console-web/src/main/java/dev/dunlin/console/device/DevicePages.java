package dev.dunlin.console.device;

import dev.dunlin.console.process.DunlinSettings;
import dev.dunlin.console.process.MqttEndpoints;
import dev.dunlin.credential.CertificateView;
import dev.dunlin.credential.CredentialView;
import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.permission.PermissionView;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.context.MessageSource;
import org.springframework.stereotype.Component;

/** Makes what the device pages show. */
@Component
class DevicePages {
    /** A line of the list, and the facts of one device. */
    record DeviceView(
            String name,
            String userName,
            boolean enabled,
            String stateClass,
            String stateText,
            @Nullable String clientId,
            @Nullable Instant expiresAt,
            Instant createdAt,
            @Nullable Instant lastSeenAt,
            int connections) {}

    /** How to connect: {@code block} is all that a device needs, to be copied at once; {@code kind} is what its code does. */
    record ConnectView(String block, boolean secretShown, String kind, List<Snippets.Snippet> snippets) {}

    /** The panel that waits for the device. */
    record WatchView(String name, String state, String title, String text) {}

    record RuleView(
            String id,
            String effect,
            String actionText,
            String topicFilter,
            @Nullable String limits,
            String text,
            @Nullable String group) {}

    /** @param shortFingerprint enough of it for people to compare, written as other tools do */
    record CertificateRow(
            String fingerprint, String shortFingerprint, String subject, Instant notAfter, boolean expired) {}

    record ClientView(String clientId, String how, Instant connectedAt) {}

    private static final int DEFAULT_PORT = 1883;

    private final DunlinSettings settings;
    private final MqttEndpoints endpoints;
    private final MessageSource texts;

    DevicePages(DunlinSettings settings, MqttEndpoints endpoints, MessageSource texts) {
        this.settings = settings;
        this.endpoints = endpoints;
        this.texts = texts;
    }

    DeviceView device(CredentialView credential) {
        var expires = credential.expiresAt();
        String kind;
        String text;
        if (!credential.enabled()) {
            kind = "bad";
            text = text("device.state.disabled");
        } else if (expires != null && expires.isBefore(Instant.now())) {
            kind = "bad";
            text = text("device.state.expired");
        } else if (credential.online()) {
            kind = "ok";
            text = credential.connections() > 1
                    ? text("device.state.online.many", credential.connections())
                    : text("device.state.online");
        } else {
            kind = "off";
            text = text("device.state.offline");
        }
        return new DeviceView(
                credential.name(),
                credential.userName(),
                credential.enabled(),
                kind,
                text,
                credential.clientId(),
                expires,
                credential.createdAt(),
                credential.lastSeenAt(),
                credential.connections());
    }

    ConnectView connect(
            CredentialView credential, List<PermissionView> rules, Optional<String> secret, String requestHost) {
        var publicHost = settings.publicHost();
        var host = publicHost == null || publicHost.isBlank() ? requestHost : publicHost.strip();
        var tcp = endpoints.port(Transport.TCP);
        var port = tcp.or(() -> endpoints.port(Transport.TLS)).orElse(DEFAULT_PORT);
        var clientId = credential.clientId();
        var topic = ExampleTopic.of(rules, credential.name(), clientId == null ? credential.name() : clientId);
        var values = new Snippets.Values(
                host,
                port,
                tcp.isEmpty(),
                credential.userName(),
                secret.orElse(null),
                clientId,
                topic,
                credential.name());
        return new ConnectView(block(values, host, credential), secret.isPresent(), kind(topic), Snippets.of(values));
    }

    private static String kind(ExampleTopic topic) {
        if (topic.publish().isPresent()) {
            return "publish";
        }
        return topic.subscribe().isPresent() ? "listen" : "nothing";
    }

    private String block(Snippets.Values values, String host, CredentialView credential) {
        var lines = new ArrayList<String>();
        lines.add(line("connect.host", host));
        lines.add(line("connect.port", String.valueOf(values.port())));
        for (var transport : Transport.values()) {
            endpoints
                    .port(transport)
                    .filter(port -> port != values.port())
                    .ifPresent(port -> lines.add(line("connect." + transport, address(transport, host, port))));
        }
        lines.add(line("connect.userName", credential.userName()));
        lines.add(line("connect.secret", values.secret() == null ? text("connect.secret.hidden") : values.secret()));
        var clientId = credential.clientId();
        if (clientId != null) {
            lines.add(line("connect.clientId", clientId));
        }
        return String.join("\n", lines);
    }

    private static String address(Transport transport, String host, int port) {
        var webSocket = transport == Transport.WS || transport == Transport.WSS;
        return webSocket ? transport.scheme() + "://" + host + ":" + port + "/mqtt" : String.valueOf(port);
    }

    private String line(String key, String value) {
        return String.format(Locale.ROOT, "%-11s %s", text(key), value);
    }

    WatchView watch(CredentialView credential, List<ConnectedClient> clients) {
        if (!clients.isEmpty()) {
            return new WatchView(
                    credential.name(),
                    "connected",
                    text("watch.connected", credential.name()),
                    connected(clients.get(0)));
        }
        return new WatchView(
                credential.name(), "waiting", text("watch.waiting", credential.name()), text("watch.waiting.text"));
    }

    String connected(ConnectedClient client) {
        return text(
                "watch.connected.text",
                client.clientId(),
                client.protocol(),
                client.transport(),
                client.remoteAddress());
    }

    String disconnected() {
        return text("watch.disconnected.text");
    }

    ClientView client(ConnectedClient client) {
        return new ClientView(
                client.clientId(),
                client.protocol() + " · " + client.transport() + " · " + client.remoteAddress(),
                client.connectedAt());
    }

    CertificateRow certificate(CertificateView certificate) {
        var bytes = certificate
                .fingerprint()
                .substring(0, 16)
                .toUpperCase(Locale.ROOT)
                .split("(?<=\\G..)");
        return new CertificateRow(
                certificate.fingerprint(),
                String.join(":", bytes) + "…",
                certificate.subject(),
                certificate.notAfter(),
                certificate.notAfter().isBefore(Instant.now()));
    }

    RuleView rule(PermissionView rule) {
        var limits = new ArrayList<String>();
        if (rule.effect() == Effect.ALLOW) {
            if (rule.maxQos() < 2) {
                limits.add(text("permissions.limit.qos", rule.maxQos()));
            }
            if (!rule.retainAllowed() && rule.action() != Action.SUBSCRIBE) {
                limits.add(text("permissions.limit.retain"));
            }
        }
        var effect = rule.effect().name().toLowerCase(Locale.ROOT);
        var action = text("permissions.action." + rule.action());
        return new RuleView(
                rule.id().toString(),
                effect,
                action,
                rule.topicFilter(),
                limits.isEmpty() ? null : String.join(", ", limits),
                effect + " " + action + " " + rule.topicFilter(),
                rule.group());
    }

    String text(String key, Object... values) {
        return texts.getMessage(key, values, Locale.ENGLISH);
    }
}
