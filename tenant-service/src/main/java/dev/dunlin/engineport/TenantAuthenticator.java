package dev.dunlin.engineport;

import dev.dunlin.database.DatabasePulse;
import dev.dunlin.engine.port.Access;
import dev.dunlin.engine.port.Admission;
import dev.dunlin.engine.port.Authenticator;
import dev.dunlin.engine.port.ClientCertificate;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.Login;
import dev.dunlin.engine.port.LoginAnswer;
import dev.dunlin.engine.port.LoginAnswer.Admitted;
import dev.dunlin.engine.port.LoginAnswer.Reason;
import dev.dunlin.engine.port.LoginAnswer.Refused;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.live.LiveTokens;
import dev.dunlin.secret.DeviceSecrets;
import dev.dunlin.secret.SecretHash;
import dev.dunlin.tenant.Role;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Decides who may connect, from what is in memory; only the first log-in to a tenant waits for the database. What does not
 * exist costs the same work as a wrong secret, and its refusal comes at the same time.
 */
@Component
class TenantAuthenticator implements Authenticator {
    static final Pattern SLUG = Pattern.compile("[a-z0-9-]{3,32}");
    /** Stands in for a credential that does not exist, so that hashing takes place all the same. */
    private static final CredentialId NOBODY = new CredentialId(new UUID(0, 0));

    private static final byte[] NO_PASSWORD = {};
    private static final String LIVE_RULE = "live";

    private final TenantAccess tenants;
    private final DeviceSecrets secrets;
    private final ChosenSecretChecks chosenSecrets;
    private final LiveTokens liveTokens;
    private final CertificateOwners certificateOwners;
    private final EvenRefusals refusals;
    private final DatabasePulse database;
    private final Clock clock;

    TenantAuthenticator(
            TenantAccess tenants,
            DeviceSecrets secrets,
            ChosenSecretChecks chosenSecrets,
            LiveTokens liveTokens,
            CertificateOwners certificateOwners,
            EvenRefusals refusals,
            DatabasePulse database,
            Clock clock) {
        this.tenants = tenants;
        this.secrets = secrets;
        this.chosenSecrets = chosenSecrets;
        this.liveTokens = liveTokens;
        this.certificateOwners = certificateOwners;
        this.refusals = refusals;
        this.database = database;
        this.clock = clock;
        secrets.load();
        liveTokens.load();
    }

    /**
     * What looks unknown is looked at once more, one step later: a credential that was made a moment ago works at once,
     * though the news of it may still be on its way. With the database away no such news comes, and nobody is judged by what is
     * in memory: a device that is told "bad user name or password" may never come again.
     */
    @Override
    public CompletionStage<LoginAnswer> authenticate(Login login) {
        long began = System.nanoTime();
        return decideOrUnavailable(login)
                .thenCompose(first -> looksUnknown(first)
                        ? refusals.atNextStep(began, login)
                                .thenCompose(this::decideOrUnavailable)
                                .thenCompose(second -> looksUnknown(second)
                                        ? refusals.atNextStep(began, second)
                                                .thenApply(last -> unlessAway(last, database))
                                        : CompletableFuture.completedFuture(second))
                        : CompletableFuture.completedFuture(first));
    }

    private CompletableFuture<LoginAnswer> decideOrUnavailable(Login login) {
        return decide(login).exceptionally(fault -> new Refused(Reason.UNAVAILABLE, null, null));
    }

    static boolean looksUnknown(LoginAnswer answer) {
        return answer instanceof Refused refused
                && (refused.reason() == Reason.BAD_USER_NAME_OR_PASSWORD
                        || refused.reason() == Reason.UNKNOWN_CREDENTIAL
                        || refused.reason() == Reason.UNKNOWN_CERTIFICATE
                        || refused.reason() == Reason.SECRET_WITHOUT_SCRAM);
    }

    /** What is told of {@code refused}, whom nobody knows as far as is in memory. */
    static LoginAnswer unlessAway(LoginAnswer refused, DatabasePulse database) {
        return !database.isAnswering() && refused instanceof Refused known
                ? new Refused(Reason.UNAVAILABLE, known.tenant(), known.credential())
                : refused;
    }

    private CompletableFuture<LoginAnswer> decide(Login login) {
        var userName = login.userName() == null ? "" : login.userName();
        var certificate = certificateOf(login);
        return userName.isEmpty() && certificate != null
                ? certificateOwners
                        .userNameOf(certificate.fingerprint())
                        .thenCompose(owner -> decide(owner.orElse(""), login))
                : decide(userName, login);
    }

    /** The certificate that is to be judged, if one is: where there is a password, the password decides. */
    private static @Nullable ClientCertificate certificateOf(Login login) {
        return login.password() == null ? login.certificate() : null;
    }

    private CompletableFuture<LoginAnswer> decide(String userName, Login login) {
        int dot = userName.indexOf('.');
        var slug = dot < 0 ? "" : userName.substring(0, dot);
        var name = dot < 0 ? null : userName.substring(dot + 1);
        var password = login.password() == null ? NO_PASSWORD : login.password();
        if (name == null || !SLUG.matcher(slug).matches()) {
            return nobody(password, name);
        }
        return tenants.find(slug)
                .thenCompose(tenant ->
                        tenant.isEmpty() ? nobody(password, name) : decide(tenant.get(), name, password, login));
    }

    /** The same work as for a wrong secret. */
    private CompletableFuture<LoginAnswer> nobody(byte[] password, @Nullable String name) {
        secrets.keyed(NOBODY, password);
        return answer(new Refused(Reason.BAD_USER_NAME_OR_PASSWORD, null, name));
    }

    private static CompletableFuture<LoginAnswer> answer(LoginAnswer answer) {
        return CompletableFuture.completedFuture(answer);
    }

    private CompletableFuture<LoginAnswer> decide(TenantSnapshot tenant, String name, byte[] password, Login login) {
        if (name.startsWith(LiveTokens.MARK)) {
            return answer(decideLive(tenant, name, password));
        }
        var credential = tenant.credential(name);
        var keyed = secrets.keyed(credential == null ? NOBODY : credential.id(), password);
        if (credential == null) {
            return answer(new Refused(Reason.UNKNOWN_CREDENTIAL, tenant.id(), name));
        }
        var certificate = certificateOf(login);
        if (certificate != null) {
            return answer(decide(tenant, credential, certificate, login));
        }
        for (var secret : credential.secrets()) {
            if (DeviceSecrets.isKeyed(secret.hash(), keyed)) {
                return answer(admit(tenant, credential, secret, login, clock.instant()));
            }
        }
        var answer = answer(new Refused(Reason.BAD_USER_NAME_OR_PASSWORD, tenant.id(), name));
        for (var secret : credential.secrets()) {
            if (secret.hash().method() == SecretHash.Method.ARGON2ID) {
                answer = answer.thenCompose(before -> before instanceof Refused refused
                                && refused.reason() == Reason.BAD_USER_NAME_OR_PASSWORD
                        ? chosenSecrets
                                .matches(secret.hash(), keyed, password)
                                .thenApply(right ->
                                        right ? admit(tenant, credential, secret, login, clock.instant()) : before)
                        : CompletableFuture.completedFuture(before));
            }
        }
        return answer;
    }

    /**
     * Looks for the certificate among those of the credential that was named, and nowhere else: see
     * {@link CertificateOwners}.
     */
    private LoginAnswer decide(
            TenantSnapshot tenant, CredentialSnapshot credential, ClientCertificate certificate, Login login) {
        @Nullable Reason against = null;
        if (!credential.certificates().contains(certificate.fingerprint())) {
            against = Reason.UNKNOWN_CERTIFICATE;
        } else if (clock.instant().isBefore(certificate.notBefore())) {
            against = Reason.CERTIFICATE_NOT_YET_VALID;
        } else if (clock.instant().isAfter(certificate.notAfter())) {
            against = Reason.CERTIFICATE_EXPIRED;
        }
        return against != null
                ? new Refused(against, tenant.id(), credential.name())
                : admit(tenant, credential, null, login, clock.instant());
    }

    /**
     * The secret or the certificate was right: now, and only now, whoever asks may learn more.
     *
     * @param secret absent if it was a certificate
     */
    static LoginAnswer admit(
            TenantSnapshot tenant,
            CredentialSnapshot credential,
            CredentialSnapshot.@Nullable Secret secret,
            Login login,
            Instant now) {
        @Nullable Reason against = null;
        if (tenant.suspended()) {
            against = Reason.TENANT_SUSPENDED;
        } else if (!credential.enabled()) {
            against = Reason.CREDENTIAL_DISABLED;
        } else if (credential.isExpired(now) || secret != null && secret.isExpired(now)) {
            against = Reason.CREDENTIAL_EXPIRED;
        } else if (credential.clientId() != null && !credential.clientId().equals(login.clientId())) {
            against = Reason.CLIENT_ID_NOT_ALLOWED;
        }
        if (against != null) {
            return new Refused(against, tenant.id(), credential.name());
        }
        return new Admitted(new Admission(
                tenant.id(),
                tenant.slug(),
                credential.id(),
                credential.name(),
                credential.access(),
                tenant.limits(),
                null));
    }

    private LoginAnswer decideLive(TenantSnapshot tenant, String name, byte[] password) {
        var grant =
                liveTokens.verify(name, password).filter(token -> token.tenant().equals(tenant.id()));
        if (grant.isEmpty()) {
            return new Refused(Reason.BAD_USER_NAME_OR_PASSWORD, tenant.id(), name);
        }
        if (tenant.suspended()) {
            return new Refused(Reason.TENANT_SUSPENDED, tenant.id(), name);
        }
        var rules = new ArrayList<PermissionRule>();
        rules.add(PermissionRule.of(LIVE_RULE, Effect.ALLOW, Action.SUBSCRIBE, "#"));
        rules.add(PermissionRule.of(LIVE_RULE, Effect.ALLOW, Action.SUBSCRIBE, "$SYS/#"));
        if (grant.get().role().atLeast(Role.OPERATOR)) {
            rules.add(PermissionRule.of(LIVE_RULE, Effect.ALLOW, Action.PUBLISH, "#"));
        }
        return new Admitted(new Admission(
                tenant.id(),
                tenant.slug(),
                new CredentialId(grant.get().account().value()),
                name,
                new Access(0, rules),
                tenant.limits(),
                grant.get().validUntil()));
    }
}
