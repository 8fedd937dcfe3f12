package dev.dunlin.credential;

import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.TenantId;
import org.jspecify.annotations.Nullable;

/** Gives a new credential what its template says, in the transaction that makes it. Implemented by the permission package. */
public interface FirstPermissions {
    void grant(TenantId tenant, CredentialId credential, Template template, @Nullable String topic);
}
