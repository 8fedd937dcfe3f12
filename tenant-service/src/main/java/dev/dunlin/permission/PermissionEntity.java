package dev.dunlin.permission;

import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.TenantId;
import jakarta.persistence.Embeddable;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A rule; it hangs on a credential or on a group. */
@Entity
@SuppressWarnings("UnusedVariable") // columns that only queries read
@Table(name = "permission")
class PermissionEntity {
    @Embeddable
    record Key(UUID tenantId, UUID id) {}

    @EmbeddedId
    private Key key;

    private @Nullable UUID credentialId;
    private @Nullable UUID groupId;

    @Enumerated(EnumType.STRING)
    private PermissionRule.Effect effect;

    @Enumerated(EnumType.STRING)
    private PermissionRule.Action action;

    private String topicFilter;
    private short maxQos;
    private boolean retainAllowed;
    private Instant createdAt;

    @SuppressWarnings({"NullAway.Init", "UnusedMethod"}) // for JPA
    protected PermissionEntity() {}

    PermissionEntity(TenantId tenant, CredentialId credential, NewPermission permission, Instant createdAt) {
        this.key = new Key(tenant.value(), UUID.randomUUID());
        this.credentialId = credential.value();
        this.effect = permission.effect();
        this.action = permission.action();
        this.topicFilter = permission.topicFilter();
        this.maxQos = (short) permission.maxQos();
        this.retainAllowed = permission.retainAllowed();
        this.createdAt = createdAt;
    }

    PermissionView toView(@Nullable String group) {
        return new PermissionView(key.id(), effect, action, topicFilter, maxQos, retainAllowed, group);
    }
}
