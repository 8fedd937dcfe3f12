package dev.dunlin.permission;

import jakarta.persistence.Embeddable;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Entity;
import jakarta.persistence.Table;
import java.util.UUID;

/** Credentials that share rules. */
@Entity
@SuppressWarnings("UnusedVariable") // columns that only queries read
@Table(name = "credential_group")
class GroupEntity {
    @Embeddable
    record Key(UUID tenantId, UUID id) {}

    @EmbeddedId
    private Key key;

    private String name;

    @SuppressWarnings({"NullAway.Init", "UnusedMethod"}) // for JPA
    protected GroupEntity() {}
}
