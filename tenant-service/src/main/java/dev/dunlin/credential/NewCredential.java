package dev.dunlin.credential;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A credential to be made.
 *
 * @param name {@code [A-Za-z0-9_-]{1,64}}, unique in the tenant
 * @param topic for the templates that take one; absent or blank means all topics
 * @param clientId the only Client Identifier that may use the credential; absent or blank if any may
 * @param expiresAt when it stops working; absent if never
 */
public record NewCredential(
        String name,
        Template template,
        @Nullable String topic,
        @Nullable String clientId,
        @Nullable Instant expiresAt) {}
