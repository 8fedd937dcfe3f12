package dev.dunlin.engineport;

import dev.dunlin.engine.port.Access;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.secret.ScramVerifier;
import dev.dunlin.secret.SecretHash;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A credential as it was when it was read.
 *
 * @param generation grows in the database when whoever is connected has to log in again
 * @param access its version is new whenever rules or generation are
 * @param certificates the fingerprints of those that it may log in with
 * @param generationBegan the version of {@code access} with which the generation began, or 0 if that was before this
 *     process read it: an admission with an earlier version has to log in again
 */
record CredentialSnapshot(
        CredentialId id,
        String name,
        boolean enabled,
        @Nullable String clientId,
        @Nullable Instant expiresAt,
        int generation,
        List<Secret> secrets,
        Set<String> certificates,
        Access access,
        long generationBegan) {

    private static final AtomicLong VERSIONS = new AtomicLong();

    /** @param scram absent if the secret is older than that */
    record Secret(
            SecretHash hash,
            @Nullable ScramVerifier scram,
            @Nullable Instant expiresAt) {
        boolean isExpired(Instant now) {
            return expiresAt != null && !now.isBefore(expiresAt);
        }
    }

    /** A credential's row and what hangs on it, as read from the database. */
    record Row(
            CredentialId id,
            String name,
            boolean enabled,
            @Nullable String clientId,
            @Nullable Instant expiresAt,
            int generation,
            List<Secret> secrets,
            Set<String> certificates,
            List<PermissionRule> rules) {}

    /** The snapshot after {@code old}, which is absent if the credential is new here. */
    static CredentialSnapshot of(Row row, @Nullable CredentialSnapshot old) {
        // Which connection came with which certificate is not known here, so all log in again when one ends
        var sameGeneration = old != null
                && old.generation == row.generation()
                && row.certificates().containsAll(old.certificates);
        var access = old != null && sameGeneration && old.access.rules().equals(row.rules())
                ? old.access
                : new Access(VERSIONS.incrementAndGet(), row.rules());
        long generationBegan = old == null ? 0 : sameGeneration ? old.generationBegan : access.version();
        return new CredentialSnapshot(
                row.id(),
                row.name(),
                row.enabled(),
                row.clientId(),
                row.expiresAt(),
                row.generation(),
                List.copyOf(row.secrets()),
                Set.copyOf(row.certificates()),
                access,
                generationBegan);
    }

    boolean isExpired(Instant now) {
        return expiresAt != null && !now.isBefore(expiresAt);
    }
}
