package dev.dunlin.console.problem;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A refusal as people read it.
 *
 * @param known whether {@code credential} is a device of the tenant, which has a page
 */
public record ProblemView(
        String reason,
        String what,
        String why,
        String todo,
        @Nullable String decidedBy,
        @Nullable String topic,
        @Nullable String credential,
        boolean known,
        @Nullable String clientId,
        @Nullable String remoteAddress,
        long count,
        Instant firstAt,
        Instant lastAt) {}
