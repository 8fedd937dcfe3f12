package dev.dunlin.console.process;

import dev.dunlin.engine.BrokerEngine;
import dev.dunlin.engine.EnginePorts;
import dev.dunlin.engine.EngineStatistics;
import dev.dunlin.engine.port.AccessChanges;
import dev.dunlin.engine.port.Authenticator;
import dev.dunlin.engine.port.EnhancedAuthentication;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Incidents;
import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.MessageTaps;
import dev.dunlin.engine.port.Presence;
import dev.dunlin.engine.port.TenantMemory;
import dev.dunlin.engine.port.Tenants;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.port.Usage;
import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.settings.EngineStartException;
import dev.dunlin.engine.settings.NetworkIo;
import dev.dunlin.provisioning.Provisioning;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/**
 * The engine as a part of this process: started last, after what the provisioning file names is there, and stopped first.
 * The only class that knows the engine itself.
 */
@Component
class EngineProcess implements SmartLifecycle {
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(4);
    private static final EngineStatistics NOTHING_YET = new EngineStatistics(0, 0, 0, 0, 0, 0, 0, 0, 0, Map.of());

    private final DunlinSettings settings;
    private final EnginePorts ports;
    private final Provisioning provisioning;
    private final MqttEndpoints endpoints;
    private volatile @Nullable BrokerEngine engine;

    EngineProcess(
            DunlinSettings settings,
            Authenticator authenticator,
            EnhancedAuthentication enhancedAuthentication,
            AccessChanges accessChanges,
            Incidents incidents,
            Presence presence,
            Usage usage,
            MessageTaps taps,
            MessageStore store,
            Tenants tenants,
            Provisioning provisioning,
            MqttEndpoints endpoints,
            MeterRegistry meters) {
        this.settings = settings;
        this.ports = new EnginePorts(
                authenticator, enhancedAuthentication, accessChanges, incidents, presence, usage, taps, store, tenants);
        this.provisioning = provisioning;
        this.endpoints = endpoints;
        register(meters);
        TenantMemoryMeters.register(meters, this::memory);
    }

    @Override
    public void start() {
        var file = settings.provisioning().file();
        if (file != null) {
            provisioning.apply(file);
        }
        if (!settings.has(DunlinSettings.ProcessRole.BROKER)) {
            return;
        }
        try {
            var started = BrokerEngine.start(engineSettings(), ports);
            engine = started;
            endpoints.opened(started.listeners());
        } catch (EngineStartException e) {
            throw new StartFailedException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public void stop() {
        var running = engine;
        engine = null;
        if (running != null) {
            running.stop(STOP_TIMEOUT);
        }
    }

    @Override
    public boolean isRunning() {
        return engine != null;
    }

    @Override
    public int getPhase() {
        return Integer.MAX_VALUE;
    }

    private EngineSettings engineSettings() {
        var mqtt = settings.mqtt();
        var host = settings.publicHost();
        var proxied = EnumSet.noneOf(Transport.class);
        if (mqtt.tcp().proxyProtocol()) {
            proxied.add(Transport.TCP);
        }
        if (mqtt.tls().proxyProtocol()) {
            proxied.add(Transport.TLS);
        }
        if (mqtt.ws().proxyProtocol()) {
            proxied.add(Transport.WS);
        }
        if (mqtt.wss().proxyProtocol()) {
            proxied.add(Transport.WSS);
        }
        return new EngineSettings(
                mqtt.host(),
                mqtt.tcp().port(),
                mqtt.tls().port(),
                mqtt.ws().port(),
                mqtt.wss().port(),
                settings.tls().certificate(),
                settings.tls().privateKey(),
                settings.dataDir().resolve("tls"),
                host == null || host.isBlank() ? "localhost" : host,
                mqtt.guard().connectRate(),
                mqtt.guard().failedLogins(),
                0,
                proxied,
                NetworkIo.valueOf(mqtt.io().name()),
                mqtt.messageMemory() == null
                        ? EngineSettings.BY_HEAP
                        : mqtt.messageMemory().toBytes());
    }

    /** What each loaded tenant takes of this process's memory; nothing while there is no engine. */
    List<TenantMemory> memory() {
        var running = engine;
        return running == null ? List.of() : running.memory();
    }

    private EngineStatistics statistics() {
        var running = engine;
        return running == null ? NOTHING_YET : running.statistics();
    }

    private void register(MeterRegistry meters) {
        gauge(meters, "dunlin.connections", "Open MQTT connections", s -> s.connections());
        gauge(meters, "dunlin.tenants", "Tenants that are loaded", s -> s.tenants());
        gauge(
                meters,
                "dunlin.message.memory.most.bytes",
                "What messages that wait or are retained may take together",
                s -> s.messageMemoryMost());
        gauge(meters, "dunlin.sessions", "MQTT sessions that are kept", s -> s.sessions());
        counter(meters, "dunlin.messages.in", "PUBLISH packets accepted", s -> s.messagesIn());
        counter(meters, "dunlin.bytes.in", "Payload bytes accepted", s -> s.bytesIn());
        counter(meters, "dunlin.messages.out", "PUBLISH packets sent", s -> s.messagesOut());
        counter(meters, "dunlin.bytes.out", "Payload bytes sent", s -> s.bytesOut());
        counter(
                meters,
                "dunlin.messages.dropped",
                "Messages that did not reach a subscriber",
                s -> s.messagesDropped());
        for (var reason : Incident.Reason.values()) {
            FunctionCounter.builder(
                            "dunlin.incidents",
                            this,
                            engineProcess ->
                                    engineProcess.statistics().incidents().getOrDefault(reason, 0L))
                    .description("What was refused or broken off")
                    .tag("reason", reason.name().toLowerCase(Locale.ROOT))
                    .register(meters);
        }
    }

    private void gauge(MeterRegistry meters, String name, String what, ToDoubleFunction<EngineStatistics> value) {
        Gauge.builder(name, this, process -> value.applyAsDouble(process.statistics()))
                .description(what)
                .register(meters);
    }

    private void counter(MeterRegistry meters, String name, String what, ToDoubleFunction<EngineStatistics> value) {
        FunctionCounter.builder(name, this, process -> value.applyAsDouble(process.statistics()))
                .description(what)
                .register(meters);
    }
}
