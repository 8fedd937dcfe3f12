package dev.dunlin.tenant;

import jakarta.persistence.Embeddable;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.FetchType;
import jakarta.persistence.JoinColumn;
import jakarta.persistence.ManyToOne;
import jakarta.persistence.MapsId;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;

@Entity
@SuppressWarnings("UnusedVariable") // columns that only queries read
@Table(name = "membership")
class MembershipEntity {
    @Embeddable
    record Key(UUID tenantId, UUID accountId) {}

    @EmbeddedId
    private Key key;

    @MapsId("tenantId")
    @ManyToOne(fetch = FetchType.LAZY, optional = false)
    @JoinColumn(name = "tenant_id")
    private TenantEntity tenant;

    @Enumerated(EnumType.STRING)
    private Role role;

    private Instant createdAt;

    @SuppressWarnings({"NullAway.Init", "UnusedMethod"}) // for JPA
    protected MembershipEntity() {}

    MembershipEntity(Tenant tenant, TenantEntity entity, AccountId account, Role role, Instant createdAt) {
        this.key = new Key(tenant.id().value(), account.value());
        this.tenant = entity;
        this.role = role;
        this.createdAt = createdAt;
    }

    Membership toMembership() {
        return new Membership(tenant.toTenant(), new AccountId(key.accountId()), role);
    }
}
