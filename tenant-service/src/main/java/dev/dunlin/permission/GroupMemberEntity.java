package dev.dunlin.permission;

import jakarta.persistence.Embeddable;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Entity;
import jakarta.persistence.Table;
import java.util.UUID;

/** That a credential is in a group. */
@Entity
@SuppressWarnings("UnusedVariable") // columns that only queries read
@Table(name = "credential_group_member")
class GroupMemberEntity {
    @Embeddable
    record Key(UUID tenantId, UUID credentialId, UUID groupId) {}

    @EmbeddedId
    private Key key;

    @SuppressWarnings({"NullAway.Init", "UnusedMethod"}) // for JPA
    protected GroupMemberEntity() {}
}
