package dev.dunlin.console.process;

import dev.dunlin.engine.port.Transport;
import java.util.ArrayList;
import org.springframework.context.ApplicationContext;

/** What a start that succeeded says: where to go, where devices connect, where the data is, what to do next. */
final class StartBlock {
    private StartBlock() {}

    static String of(ApplicationContext context) {
        var settings = context.getBean(DunlinSettings.class);
        var endpoints = context.getBean(MqttEndpoints.class);
        var environment = context.getEnvironment();
        var given = settings.publicHost();
        var host = given == null || given.isBlank() ? "localhost" : given;
        var lines = new ArrayList<String>();
        lines.add("");
        lines.add("  Dunlin is ready.");
        lines.add("");
        var console = "";
        if (settings.has(DunlinSettings.ProcessRole.CONSOLE)) {
            var scheme = environment.getProperty("server.ssl.enabled", Boolean.class, false) ? "https" : "http";
            console = scheme + "://" + host + ":" + environment.getProperty("local.server.port", "8080");
            lines.add("  Console     " + console);
        }
        if (settings.has(DunlinSettings.ProcessRole.BROKER)) {
            for (var transport : Transport.values()) {
                var path = transport == Transport.WS || transport == Transport.WSS ? "/mqtt" : "";
                endpoints
                        .port(transport)
                        .ifPresent(port -> lines.add("  " + String.format("%-12s", label(transport))
                                + transport.scheme() + "://" + host + ":" + port + path));
            }
        }
        lines.add("  Health      http://127.0.0.1:" + environment.getProperty("local.management.port", "9090")
                + "/actuator/health/readiness");
        lines.add("  Data        " + settings.dataDir().toAbsolutePath().normalize());
        lines.add("");
        if (!console.isEmpty()) {
            lines.add("  Next: open " + console + ", sign up, and connect your first device.");
        }
        lines.add("  Stop with Ctrl+C. What is stored is still there at the next start.");
        lines.add("");
        return String.join(System.lineSeparator(), lines);
    }

    private static String label(Transport transport) {
        return switch (transport) {
            case TCP -> "MQTT";
            case TLS -> "  TLS";
            case WS -> "  WebSocket";
            case WSS -> "  Secure";
        };
    }
}
