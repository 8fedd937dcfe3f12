package dev.dunlin.console.process;

import java.io.IOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.springframework.boot.context.properties.bind.Binder;

/**
 * Looks whether the ports are free that the process is about to open, before it starts a database only to stop it again. One
 * that is taken in between, or cannot be opened for another reason, is told by whoever opens it.
 */
final class FreePorts {
    private static final String ANY_ADDRESS = "0.0.0.0";

    private FreePorts() {}

    /**
     * @param others the settings that are not ours
     * @throws StartFailedException if another process listens on one of them
     */
    static void require(DunlinSettings settings, Binder others) {
        ports(settings, others).forEach(FreePorts::require);
    }

    /** By property. */
    private static Map<String, InetSocketAddress> ports(DunlinSettings settings, Binder others) {
        var ports = new LinkedHashMap<String, InetSocketAddress>();
        for (var server : List.of("server", "management.server")) {
            var host = others.bind(server + ".address", String.class).orElse(ANY_ADDRESS);
            int port = others.bind(server + ".port", Integer.class).orElse(0);
            put(ports, server + ".port", host, port);
        }
        if (settings.has(DunlinSettings.ProcessRole.BROKER)) {
            var mqtt = settings.mqtt();
            put(ports, "dunlin.mqtt.tcp.port", mqtt.host(), mqtt.tcp().port());
            put(ports, "dunlin.mqtt.tls.port", mqtt.host(), mqtt.tls().port());
            put(ports, "dunlin.mqtt.ws.port", mqtt.host(), mqtt.ws().port());
            put(ports, "dunlin.mqtt.wss.port", mqtt.host(), mqtt.wss().port());
        }
        return ports;
    }

    /** Unless it is no port, or any free one. */
    private static void put(Map<String, InetSocketAddress> ports, String property, String host, int port) {
        if (port > 0) {
            ports.put(property, new InetSocketAddress(host, port));
        }
    }

    private static void require(String property, InetSocketAddress address) {
        try (var socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(address);
        } catch (BindException taken) {
            if (String.valueOf(taken.getMessage()).contains("in use")) {
                throw new StartFailedException(StartFailure.portTaken(address.getPort(), property), taken);
            }
        } catch (IOException unclear) {
            // whoever opens it says what is the matter
        }
    }
}
