package dev.dunlin.tenant;

import dev.dunlin.engine.port.TenantId;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;

@Entity
@SuppressWarnings("UnusedVariable") // columns that only queries read
@Table(name = "tenant")
class TenantEntity {
    @Id
    private UUID id;

    private String slug;
    private String name;
    private String planName;
    private boolean suspended;
    private Instant createdAt;

    @SuppressWarnings({"NullAway.Init", "UnusedMethod"}) // for JPA
    protected TenantEntity() {}

    TenantEntity(UUID id, String slug, String name, String planName, Instant createdAt) {
        this.id = id;
        this.slug = slug;
        this.name = name;
        this.planName = planName;
        this.createdAt = createdAt;
    }

    Tenant toTenant() {
        return new Tenant(new TenantId(id), slug, name, planName, suspended);
    }
}
