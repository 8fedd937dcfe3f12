package dev.dunlin.permission;

import dev.dunlin.engine.port.TenantId;
import java.util.List;
import java.util.UUID;
import org.springframework.stereotype.Service;

/** The rules of a credential. */
@Service
public class Permissions {
    /**
     * Its own rules, then those of its groups.
     *
     * @throws dev.dunlin.credential.CredentialNotFoundException if the tenant has none of this name
     */
    public List<PermissionView> list(TenantId tenant, String credentialName) {
        throw new UnsupportedOperationException();
    }

    /**
     * @throws dev.dunlin.credential.CredentialNotFoundException if the tenant has none of this name
     * @throws InvalidTopicFilterException if the filter is not one
     * @throws PermissionLimitException if the credential has as many as it may have
     */
    public PermissionView add(TenantId tenant, String credentialName, NewPermission newPermission) {
        throw new UnsupportedOperationException();
    }

    /**
     * Removes a rule of the credential's own.
     *
     * @throws dev.dunlin.credential.CredentialNotFoundException if the tenant has none of this name
     * @throws PermissionNotFoundException if the credential has no such rule of its own
     */
    public void remove(TenantId tenant, String credentialName, UUID id) {
        throw new UnsupportedOperationException();
    }
}
