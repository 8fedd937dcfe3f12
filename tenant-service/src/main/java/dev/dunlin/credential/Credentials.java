package dev.dunlin.credential;

import dev.dunlin.engine.port.TenantId;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Service;

/** What the devices of a tenant log in with. */
@Service
public class Credentials {
    /**
     * @throws InvalidCredentialNameException if the name is not one
     * @throws CredentialNameTakenException if the tenant has one of this name
     * @throws CredentialLimitException if the tenant has as many as it may have
     */
    public IssuedCredential create(TenantId tenant, NewCredential newCredential) {
        throw new UnsupportedOperationException();
    }

    /** All of the tenant, by name. */
    public List<CredentialView> list(TenantId tenant) {
        throw new UnsupportedOperationException();
    }

    public Optional<CredentialView> find(TenantId tenant, String name) {
        throw new UnsupportedOperationException();
    }

    /**
     * Gives the credential a new secret.
     *
     * @param keepOldSecret the secret in use works on for 24 hours beside the new one; otherwise it ends now, and whoever is
     *     connected is disconnected
     * @throws CredentialNotFoundException if the tenant has none of this name
     */
    public IssuedCredential rotate(TenantId tenant, String name, boolean keepOldSecret) {
        throw new UnsupportedOperationException();
    }

    /** @throws CredentialNotFoundException if the tenant has none of this name */
    public void setEnabled(TenantId tenant, String name, boolean enabled) {
        throw new UnsupportedOperationException();
    }

    /** @throws CredentialNotFoundException if the tenant has none of this name */
    public void delete(TenantId tenant, String name) {
        throw new UnsupportedOperationException();
    }
}
