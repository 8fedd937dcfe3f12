package dev.dunlin.credential;

import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.TenantId;
import jakarta.persistence.Embeddable;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Entity;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

@Entity
@SuppressWarnings("UnusedVariable") // columns that only queries read
@Table(name = "credential")
class CredentialEntity {
    @Embeddable
    record Key(UUID tenantId, UUID id) {}

    @EmbeddedId
    private Key key;

    private String name;
    private boolean enabled = true;
    private @Nullable String clientId;
    private @Nullable Instant expiresAt;
    private int generation = 1;
    private Instant createdAt;

    @SuppressWarnings({"NullAway.Init", "UnusedMethod"}) // for JPA
    protected CredentialEntity() {}

    CredentialEntity(
            TenantId tenant,
            CredentialId id,
            String name,
            @Nullable String clientId,
            @Nullable Instant expiresAt,
            Instant createdAt) {
        this.key = new Key(tenant.value(), id.value());
        this.name = name;
        this.clientId = clientId;
        this.expiresAt = expiresAt;
        this.createdAt = createdAt;
    }

    CredentialId id() {
        return new CredentialId(key.id());
    }

    TenantId tenant() {
        return new TenantId(key.tenantId());
    }

    String name() {
        return name;
    }

    void setEnabled(boolean enabled) {
        this.enabled = enabled;
    }

    /** Whoever is connected has to log in again. */
    void beginGeneration() {
        generation++;
    }

    CredentialView toView(String slug, @Nullable Instant lastSeenAt, int connections) {
        return new CredentialView(
                id(),
                name,
                slug + "." + name,
                enabled,
                clientId,
                expiresAt,
                createdAt,
                lastSeenAt,
                connections > 0,
                connections);
    }
}
