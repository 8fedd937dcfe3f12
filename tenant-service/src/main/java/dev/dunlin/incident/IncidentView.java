package dev.dunlin.incident;

import dev.dunlin.engine.port.Incident;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An incident as the tenant reads it, repetitions folded into one.
 *
 * @param remoteAddress of the latest
 * @param decidedBy the rule or the limit that decided the latest
 * @param count how often it happened between {@code firstAt} and {@code lastAt}
 */
public record IncidentView(
        long id,
        Incident.Kind kind,
        Incident.Reason reason,
        @Nullable String credential,
        @Nullable String clientId,
        @Nullable String remoteAddress,
        @Nullable String topic,
        @Nullable String decidedBy,
        long count,
        Instant firstAt,
        Instant lastAt) {}
