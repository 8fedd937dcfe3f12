package dev.dunlin.credential;

import dev.dunlin.engine.port.CredentialId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A credential as its owner sees it.
 *
 * @param userName what a device sends in CONNECT: slug, dot, name
 * @param clientId the only Client Identifier that may use it; absent if any may
 * @param lastSeenAt when a client of it last connected or disconnected; absent if never
 * @param connections how many are open now
 */
public record CredentialView(
        CredentialId id,
        String name,
        String userName,
        boolean enabled,
        @Nullable String clientId,
        @Nullable Instant expiresAt,
        Instant createdAt,
        @Nullable Instant lastSeenAt,
        boolean online,
        int connections) {}
