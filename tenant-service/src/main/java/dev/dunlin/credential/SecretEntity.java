package dev.dunlin.credential;

import dev.dunlin.secret.ScramVerifier;
import dev.dunlin.secret.SecretHash;
import jakarta.persistence.Embeddable;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Entity;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

@Entity
@SuppressWarnings("UnusedVariable") // columns that only queries read
@Table(name = "credential_secret")
class SecretEntity {
    @Embeddable
    record Key(UUID tenantId, UUID credentialId, UUID id) {}

    @EmbeddedId
    private Key key;

    private String method;
    private String hash;
    private byte @Nullable [] scramSalt;
    private @Nullable Integer scramIterations;
    private byte @Nullable [] scramStoredKey;
    private byte @Nullable [] scramServerKey;
    private @Nullable Instant expiresAt;
    private Instant createdAt;

    @SuppressWarnings({"NullAway.Init", "UnusedMethod"}) // for JPA
    protected SecretEntity() {}

    SecretEntity(CredentialEntity credential, SecretHash hash, @Nullable ScramVerifier scram, Instant createdAt) {
        this.key = new Key(credential.tenant().value(), credential.id().value(), UUID.randomUUID());
        this.method = hash.method().column();
        this.hash = hash.hash();
        if (scram != null) {
            this.scramSalt = scram.salt();
            this.scramIterations = scram.iterations();
            this.scramStoredKey = scram.storedKey();
            this.scramServerKey = scram.serverKey();
        }
        this.createdAt = createdAt;
    }

    boolean isLive(Instant now) {
        return expiresAt == null || expiresAt.isAfter(now);
    }

    void expireAt(Instant instant) {
        if (expiresAt == null || instant.isBefore(expiresAt)) {
            expiresAt = instant;
        }
    }
}
