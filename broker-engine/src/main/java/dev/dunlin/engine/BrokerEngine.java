package dev.dunlin.engine;

import dev.dunlin.engine.port.Transport;
import java.time.Duration;
import java.util.Map;

/** A running MQTT engine. */
public final class BrokerEngine {
    private BrokerEngine() {}

    /**
     * Opens all listeners, or none.
     *
     * @throws EngineStartException if a port is taken, or a certificate cannot be read or made
     */
    public static BrokerEngine start(EngineSettings settings, EnginePorts ports) throws EngineStartException {
        throw new EngineStartException("not built yet", new UnsupportedOperationException());
    }

    /** The port of each listener that is open. */
    public Map<Transport, Integer> listeners() {
        return Map.of();
    }

    public EngineStatistics statistics() {
        return new EngineStatistics(0, 0, 0, 0, 0, 0, 0, 0, Map.of());
    }

    /** Stops accepting, tells MQTT 5 clients 0x8B (Server shutting down), flushes and closes; at most {@code timeout}. */
    public void stop(Duration timeout) {}
}
