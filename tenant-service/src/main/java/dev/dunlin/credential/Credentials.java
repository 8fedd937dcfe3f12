package dev.dunlin.credential;

import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.presence.LastSeen;
import dev.dunlin.presence.PresenceBoard;
import dev.dunlin.secret.DeviceSecrets;
import dev.dunlin.tenant.Tenant;
import dev.dunlin.tenant.Tenants;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/** What the devices of a tenant log in with. */
@Service
public class Credentials {
    /** Of one tenant, whatever its plan: a bound for the snapshot that log-ins are answered from. */
    public static final int MAX_PER_TENANT = 10_000;

    private static final Duration OLD_SECRET_LIFE = Duration.ofHours(24);
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");

    private final CredentialRepository credentials;
    private final SecretRepository secrets;
    private final DeviceSecrets deviceSecrets;
    private final FirstPermissions firstPermissions;
    private final Tenants tenants;
    private final PresenceBoard presence;
    private final LastSeen lastSeen;
    private final Clock clock;

    Credentials(
            CredentialRepository credentials,
            SecretRepository secrets,
            DeviceSecrets deviceSecrets,
            FirstPermissions firstPermissions,
            Tenants tenants,
            PresenceBoard presence,
            LastSeen lastSeen,
            Clock clock) {
        this.credentials = credentials;
        this.secrets = secrets;
        this.deviceSecrets = deviceSecrets;
        this.firstPermissions = firstPermissions;
        this.tenants = tenants;
        this.presence = presence;
        this.lastSeen = lastSeen;
        this.clock = clock;
    }

    /**
     * @throws InvalidCredentialNameException if the name is not one
     * @throws CredentialNameTakenException if the tenant has one of this name
     * @throws CredentialLimitException if the tenant has as many as it may have
     */
    @Transactional
    public IssuedCredential create(TenantId tenant, NewCredential newCredential) {
        var name = requireName(newCredential.name());
        if (credentials.named(tenant.value(), name).isPresent()) {
            throw new CredentialNameTakenException(name);
        }
        if (credentials.countOf(tenant.value()) >= MAX_PER_TENANT) {
            throw new CredentialLimitException(MAX_PER_TENANT);
        }
        var credential = insert(new CredentialEntity(
                tenant,
                new CredentialId(UUID.randomUUID()),
                name,
                blankToNull(newCredential.clientId()),
                newCredential.expiresAt() == null
                        ? null
                        : newCredential.expiresAt().truncatedTo(ChronoUnit.MICROS),
                now()));
        var secret = addSecret(credential);
        firstPermissions.grant(tenant, credential.id(), newCredential.template(), blankToNull(newCredential.topic()));
        return issued(credential, secret);
    }

    private CredentialEntity insert(CredentialEntity credential) {
        try {
            return credentials.saveAndFlush(credential);
        } catch (DataIntegrityViolationException e) {
            if (String.valueOf(e.getMessage()).contains("credential_name_key")) {
                throw new CredentialNameTakenException(credential.name());
            }
            throw e;
        }
    }

    /** @throws InvalidCredentialNameException with a sentence for the person who typed it */
    public static String requireName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new InvalidCredentialNameException(
                    "A device name has 1 to 64 characters: letters, digits, hyphen and underscore.");
        }
        return name;
    }

    /** All of the tenant, by name. */
    @Transactional(readOnly = true)
    public List<CredentialView> list(TenantId tenant) {
        var slug = slug(tenant);
        if (slug.isEmpty()) {
            return List.of();
        }
        var seen = lastSeen.of(tenant);
        var connections = presence.online(tenant).stream()
                .collect(Collectors.groupingBy(ConnectedClient::credential, Collectors.counting()));
        return credentials.ofTenant(tenant.value()).stream()
                .map(credential -> credential.toView(
                        slug.get(),
                        seen.get(credential.id()),
                        connections.getOrDefault(credential.id(), 0L).intValue()))
                .toList();
    }

    @Transactional(readOnly = true)
    public Optional<CredentialView> find(TenantId tenant, String name) {
        return credentials.named(tenant.value(), name).map(this::view);
    }

    /**
     * Gives the credential a new secret.
     *
     * @param keepOldSecret the secret in use works on for 24 hours beside the new one; otherwise it ends now, and whoever is
     *     connected is disconnected
     * @throws CredentialNotFoundException if the tenant has none of this name
     */
    @Transactional
    public IssuedCredential rotate(TenantId tenant, String name, boolean keepOldSecret) {
        var credential = require(tenant, name);
        var now = now();
        // Two live secrets at most: the newest may stay beside the one to come
        var keep = keepOldSecret;
        for (var old : secrets.of(tenant.value(), credential.id().value())) {
            if (keep && old.isLive(now)) {
                old.expireAt(now.plus(OLD_SECRET_LIFE));
                keep = false;
            } else {
                secrets.delete(old);
            }
        }
        if (!keepOldSecret) {
            credential.beginGeneration();
        }
        return issued(credential, addSecret(credential));
    }

    /** @throws CredentialNotFoundException if the tenant has none of this name */
    @Transactional
    public void setEnabled(TenantId tenant, String name, boolean enabled) {
        require(tenant, name).setEnabled(enabled);
    }

    /** @throws CredentialNotFoundException if the tenant has none of this name */
    @Transactional
    public void delete(TenantId tenant, String name) {
        credentials.delete(require(tenant, name));
    }

    private CredentialEntity require(TenantId tenant, String name) {
        return credentials.lockNamed(tenant.value(), name).orElseThrow(() -> new CredentialNotFoundException(name));
    }

    private String addSecret(CredentialEntity credential) {
        var secret = deviceSecrets.generate();
        secrets.save(new SecretEntity(
                credential,
                deviceSecrets.hash(credential.id(), secret),
                deviceSecrets.scramVerifier(credential.id(), secret),
                now()));
        return secret;
    }

    private IssuedCredential issued(CredentialEntity credential, String secret) {
        var view = view(credential);
        return new IssuedCredential(view, view.userName(), secret);
    }

    private CredentialView view(CredentialEntity credential) {
        var tenant = credential.tenant();
        return credential.toView(
                slug(tenant).orElseThrow(() -> new CredentialNotFoundException(credential.name())),
                lastSeen.of(tenant, credential.id()),
                presence.online(tenant, credential.id()).size());
    }

    private Optional<String> slug(TenantId tenant) {
        return tenants.find(tenant).map(Tenant::slug);
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS);
    }

    private static @Nullable String blankToNull(@Nullable String text) {
        return text == null || text.isBlank() ? null : text.strip();
    }
}
