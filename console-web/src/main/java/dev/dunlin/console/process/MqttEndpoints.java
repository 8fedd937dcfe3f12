package dev.dunlin.console.process;

import dev.dunlin.engine.port.Transport;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** Where devices connect: the ports that are really open, or those that another process with these settings opens. */
@Component
public class MqttEndpoints {
    private volatile Map<Transport, Integer> ports;

    MqttEndpoints(DunlinSettings settings) {
        var configured = new EnumMap<Transport, Integer>(Transport.class);
        configured.put(Transport.TCP, settings.mqtt().tcp().port());
        configured.put(Transport.TLS, settings.mqtt().tls().port());
        configured.put(Transport.WS, settings.mqtt().ws().port());
        configured.put(Transport.WSS, settings.mqtt().wss().port());
        configured.values().removeIf(port -> port <= 0);
        this.ports = Map.copyOf(configured);
    }

    void opened(Map<Transport, Integer> listeners) {
        ports = Map.copyOf(listeners);
    }

    public Optional<Integer> port(Transport transport) {
        return Optional.ofNullable(ports.get(transport));
    }
}
