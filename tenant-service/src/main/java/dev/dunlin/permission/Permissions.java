package dev.dunlin.permission;

import dev.dunlin.credential.CredentialNotFoundException;
import dev.dunlin.credential.Credentials;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.TenantId;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** The rules of a credential. */
@Service
public class Permissions {
    /** Own ones of a credential, or of a group. */
    public static final int MAX_PER_HOLDER = 100;

    /** Far below what MQTT allows, since every rule is held in memory for as long as its tenant is active. */
    private static final int MAX_FILTER_CHARACTERS = 1_000;

    private final PermissionRepository permissions;
    private final Credentials credentials;
    private final Clock clock;

    Permissions(PermissionRepository permissions, Credentials credentials, Clock clock) {
        this.permissions = permissions;
        this.credentials = credentials;
        this.clock = clock;
    }

    /**
     * Its own rules, then those of its groups.
     *
     * @throws CredentialNotFoundException if the tenant has none of this name
     */
    @Transactional(readOnly = true)
    public List<PermissionView> list(TenantId tenant, String credentialName) {
        var credential = require(tenant, credentialName);
        var views = new ArrayList<PermissionView>();
        permissions.own(tenant.value(), credential.value()).forEach(permission -> views.add(permission.toView(null)));
        permissions
                .ofGroups(tenant.value(), credential.value())
                .forEach(shared -> views.add(shared.permission().toView(shared.group())));
        return views;
    }

    /**
     * @throws CredentialNotFoundException if the tenant has none of this name
     * @throws InvalidTopicFilterException if the filter is not one
     * @throws PermissionLimitException if the credential has as many as it may have
     */
    @Transactional
    public PermissionView add(TenantId tenant, String credentialName, NewPermission newPermission) {
        requireFilter(newPermission.topicFilter());
        var credential = require(tenant, credentialName);
        if (permissions.countOwn(tenant.value(), credential.value()) >= MAX_PER_HOLDER) {
            throw new PermissionLimitException(MAX_PER_HOLDER);
        }
        return permissions
                .save(new PermissionEntity(
                        tenant, credential, newPermission, clock.instant().truncatedTo(ChronoUnit.MICROS)))
                .toView(null);
    }

    /**
     * Removes a rule of the credential's own.
     *
     * @throws CredentialNotFoundException if the tenant has none of this name
     * @throws PermissionNotFoundException if the credential has no such rule of its own
     */
    @Transactional
    public void remove(TenantId tenant, String credentialName, UUID id) {
        var credential = require(tenant, credentialName);
        permissions.delete(
                permissions.own(tenant.value(), credential.value(), id).orElseThrow(PermissionNotFoundException::new));
    }

    /** @throws InvalidTopicFilterException with a sentence for the person who typed it */
    public static String requireFilter(String topicFilter) {
        if (topicFilter.length() > MAX_FILTER_CHARACTERS) {
            throw new InvalidTopicFilterException("A topic filter in a permission has at most 1,000 characters.");
        }
        try {
            PermissionRule.requireFilter(topicFilter);
        } catch (IllegalArgumentException e) {
            throw new InvalidTopicFilterException(String.valueOf(e.getMessage()));
        }
        return topicFilter;
    }

    private CredentialId require(TenantId tenant, String credentialName) {
        return credentials
                .find(tenant, credentialName)
                .orElseThrow(() -> new CredentialNotFoundException(credentialName))
                .id();
    }
}
