package dev.dunlin.engine;

import dev.dunlin.engine.port.Incident;
import java.util.Map;

/**
 * The process's own counters, for its operator.
 *
 * @param connections open now
 * @param tenants whose space is loaded now
 * @param messagesIn PUBLISH packets accepted since the start; so the other counters
 * @param messageMemoryMost bytes that messages of all tenants may take which wait for clients or are retained
 * @param incidents refusals by reason
 */
public record EngineStatistics(
        long connections,
        long tenants,
        long sessions,
        long messagesIn,
        long bytesIn,
        long messagesOut,
        long bytesOut,
        long messagesDropped,
        long messageMemoryMost,
        Map<Incident.Reason, Long> incidents) {}
