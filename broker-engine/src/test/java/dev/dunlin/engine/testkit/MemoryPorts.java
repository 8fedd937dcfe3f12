package dev.dunlin.engine.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dunlin.engine.EnginePorts;
import dev.dunlin.engine.port.Access;
import dev.dunlin.engine.port.AccessChange;
import dev.dunlin.engine.port.AccessChange.CredentialRevoked.Why;
import dev.dunlin.engine.port.AccessChanges;
import dev.dunlin.engine.port.Admission;
import dev.dunlin.engine.port.Authenticator;
import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.EnhancedAuthentication;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Login;
import dev.dunlin.engine.port.LoginAnswer;
import dev.dunlin.engine.port.LoginAnswer.Refused;
import dev.dunlin.engine.port.MessageTap;
import dev.dunlin.engine.port.MessageTaps;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.engine.port.Presence;
import dev.dunlin.engine.port.TappedMessage;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.engine.port.Tenants;
import dev.dunlin.engine.port.UsageSample;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The engine's ports in memory: tenants and credentials that a test makes and changes, and lists of what the engine told.
 * Any thread may use it.
 */
public final class MemoryPorts {
    private final Map<String, Tenant> tenants = new ConcurrentHashMap<>();
    private final List<Consumer<AccessChange>> changeListeners = new CopyOnWriteArrayList<>();
    private final Map<TenantId, MessageTap> taps = new ConcurrentHashMap<>();
    private final List<MessageTaps.Listener> tapListeners = new CopyOnWriteArrayList<>();
    private final List<Incident> incidents = new CopyOnWriteArrayList<>();
    private final List<UsageSample> usage = new CopyOnWriteArrayList<>();
    private final List<ConnectedClient> connected = new CopyOnWriteArrayList<>();
    private final List<ConnectedClient> disconnected = new CopyOnWriteArrayList<>();
    private final AtomicLong accessVersions = new AtomicLong();
    private static final CompletableFuture<Void> AWAY =
            CompletableFuture.failedFuture(new IllegalStateException("nobody can say"));

    private final MemoryStore store = new MemoryStore();

    private volatile boolean available = true;
    private volatile @Nullable String failingClientId;
    /** Log-ins are answered when it is complete. */
    private volatile CompletableFuture<Void> gate = CompletableFuture.completedFuture(null);

    /** These ports as the engine wants them. */
    public EnginePorts asEnginePorts() {
        return new EnginePorts(
                new MemoryAuthenticator(),
                new MemoryEnhancedAuthentication(),
                new MemoryAccessChanges(),
                incidents::add,
                new MemoryPresence(),
                usage::addAll,
                new MemoryTaps(),
                store,
                new MemoryTenants());
    }

    /** What outlives the engine. */
    public MemoryStore store() {
        return store;
    }

    /** The same, but for what tests look up later: for runs in which the lists would be most of the memory. */
    public EnginePorts asForgetfulEnginePorts() {
        var all = asEnginePorts();
        return new EnginePorts(
                all.authenticator(),
                all.enhancedAuthentication(),
                all.accessChanges(),
                incident -> {},
                new NobodyListens(),
                used -> {},
                all.taps(),
                all.store(),
                all.tenants());
    }

    /** The tenant of this slug; made when it is first asked for. */
    public Tenant tenant(String slug) {
        return tenants.computeIfAbsent(slug, Tenant::new);
    }

    /** Whether log-ins can be decided; if not, the answer is {@link LoginAnswer.Reason#UNAVAILABLE}. */
    public void setAvailable(boolean available) {
        this.available = available;
    }

    /** The port that is told of presence fails when a client of this id connects. */
    public void failFor(String clientId) {
        failingClientId = clientId;
    }

    /** From now on no log-in is answered until {@link #answerLogins}. */
    public void holdLogins() {
        gate = new CompletableFuture<>();
    }

    public void answerLogins() {
        gate.complete(null);
    }

    /** What was reported, in its order. */
    public List<Incident> incidents() {
        return incidents;
    }

    public Stream<Incident.Reason> incidentReasons() {
        return incidents.stream().map(Incident::reason);
    }

    public List<UsageSample> usage() {
        return usage;
    }

    public List<ConnectedClient> connected() {
        return connected;
    }

    public List<ConnectedClient> disconnected() {
        return disconnected;
    }

    /** Who has connected and not disconnected. */
    public List<ConnectedClient> online() {
        var gone = disconnected.stream().map(ConnectedClient::connectionId).toList();
        return connected.stream()
                .filter(client -> !gone.contains(client.connectionId()))
                .toList();
    }

    private void emit(AccessChange change) {
        changeListeners.forEach(listener -> listener.accept(change));
    }

    /** A tenant; it begins without limits and without credentials. */
    public final class Tenant {
        private final String slug;
        private final TenantId id = new TenantId(UUID.randomUUID());
        private final Map<String, Credential> credentials = new ConcurrentHashMap<>();
        private final List<TappedMessage> tapped = new CopyOnWriteArrayList<>();
        private volatile TenantLimits limits = TenantLimits.NONE;
        private volatile boolean suspended;

        private Tenant(String slug) {
            this.slug = slug;
        }

        public TenantId id() {
            return id;
        }

        /** A new credential that may do everything, or what {@code rules} say if there are any. */
        public Credential addCredential(String name, String secret, PermissionRule... rules) {
            var credential = new Credential(this, name, secret, rules.length > 0 ? List.of(rules) : ALLOW_ALL);
            credentials.put(name, credential);
            return credential;
        }

        public Credential credential(String name) {
            var credential = credentials.get(name);
            if (credential == null) {
                throw new IllegalArgumentException(slug + " has no credential " + name);
            }
            return credential;
        }

        public void setLimits(TenantLimits limits) {
            this.limits = limits;
            emit(new AccessChange.LimitsReplaced(id, limits));
        }

        public void suspend() {
            suspended = true;
            emit(new AccessChange.TenantSuspended(id));
        }

        public void delete() {
            tenants.remove(slug);
            taps.remove(id);
            suspended = true;
            emit(new AccessChange.TenantDeleted(id));
        }

        /** Listens to what is published; see {@link #tapped}. */
        public void tap() {
            tap(tapped::add);
        }

        public void tap(MessageTap added) {
            taps.put(id, added);
            tapListeners.forEach(listener -> listener.tapChanged(id, added));
        }

        public void untap() {
            taps.remove(id);
            tapListeners.forEach(listener -> listener.tapChanged(id, null));
        }

        public List<TappedMessage> tapped() {
            return tapped;
        }
    }

    private static final List<PermissionRule> ALLOW_ALL =
            List.of(PermissionRule.of("allow-all", Effect.ALLOW, Action.ALL, "#"));

    /** A credential; it begins enabled. */
    public final class Credential {
        private final Tenant tenant;
        private final String name;
        private final CredentialId id = new CredentialId(UUID.randomUUID());
        private volatile String secret;
        private volatile Access access;
        private volatile @Nullable String clientId;
        private volatile @Nullable Instant validUntil;
        private volatile LoginAnswer.@Nullable Reason blocked;
        private volatile @Nullable Why revoked;
        private final Set<String> certificates = ConcurrentHashMap.newKeySet();

        private Credential(Tenant tenant, String name, String secret, List<PermissionRule> rules) {
            this.tenant = tenant;
            this.name = name;
            this.secret = secret;
            this.access = new Access(accessVersions.incrementAndGet(), rules);
        }

        public CredentialId id() {
            return id;
        }

        /** What a client logs in with. */
        public String userName() {
            return tenant.slug + "." + name;
        }

        public String secret() {
            return secret;
        }

        /** Replaces all permissions, also of those who are connected. */
        public void permit(PermissionRule... rules) {
            access = new Access(accessVersions.incrementAndGet(), List.of(rules));
            emit(new AccessChange.AccessReplaced(tenant.id, id, access));
        }

        /** From now on only with this client id. */
        public void bindTo(String onlyClientId) {
            clientId = onlyClientId;
        }

        /** Later connections end then. */
        public void admitUntil(Instant end) {
            validUntil = end;
        }

        public void disable() {
            revoke(LoginAnswer.Reason.CREDENTIAL_DISABLED, Why.DISABLED);
        }

        public void expire() {
            revoke(LoginAnswer.Reason.CREDENTIAL_EXPIRED, Why.EXPIRED);
        }

        public void delete() {
            tenant.credentials.remove(name);
            revoke(LoginAnswer.Reason.UNKNOWN_CREDENTIAL, Why.DELETED);
        }

        public void rotate(String newSecret) {
            secret = newSecret;
            emit(new AccessChange.CredentialRevoked(tenant.id, id, Why.ROTATED));
        }

        /** Admits whoever shows the certificate with this fingerprint and gives no password. */
        public void addCertificate(String fingerprint) {
            certificates.add(fingerprint);
        }

        private void revoke(LoginAnswer.Reason reason, Why why) {
            blocked = reason;
            revoked = why;
            emit(new AccessChange.CredentialRevoked(tenant.id, id, why));
        }

        private LoginAnswer answer(Login login) {
            var password = login.password();
            var certificate = login.certificate();
            if (password == null && certificate != null) {
                if (!certificates.contains(certificate.fingerprint())) {
                    return new Refused(LoginAnswer.Reason.UNKNOWN_CERTIFICATE, tenant.id, name);
                }
                if (Instant.now().isAfter(certificate.notAfter())) {
                    return new Refused(LoginAnswer.Reason.CERTIFICATE_EXPIRED, tenant.id, name);
                }
            } else if (password == null || !MessageDigest.isEqual(password, secret.getBytes(UTF_8))) {
                return new Refused(LoginAnswer.Reason.BAD_USER_NAME_OR_PASSWORD, tenant.id, name);
            }
            return admit(login);
        }

        private LoginAnswer admit(Login login) {
            var reason = blocked;
            if (tenant.suspended) {
                reason = LoginAnswer.Reason.TENANT_SUSPENDED;
            } else if (reason == null && clientId != null && !login.clientId().equals(clientId)) {
                reason = LoginAnswer.Reason.CLIENT_ID_NOT_ALLOWED;
            }
            return reason != null
                    ? new Refused(reason, tenant.id, name)
                    : new LoginAnswer.Admitted(
                            new Admission(tenant.id, tenant.slug, id, name, access, tenant.limits, validUntil));
        }
    }

    private final class MemoryAuthenticator implements Authenticator {
        @Override
        public CompletionStage<LoginAnswer> authenticate(Login login) {
            return gate.thenApply(open -> answer(login));
        }

        private LoginAnswer answer(Login login) {
            if (!available) {
                return new Refused(LoginAnswer.Reason.UNAVAILABLE, null, null);
            }
            var parts = (login.userName() == null ? "" : login.userName()).split("\\.", 2);
            var tenant = tenants.get(parts[0]);
            if (tenant == null || parts.length < 2) {
                return new Refused(LoginAnswer.Reason.BAD_USER_NAME_OR_PASSWORD, null, null);
            }
            var credential = tenant.credentials.get(parts[1]);
            return credential != null
                    ? credential.answer(login)
                    : new Refused(LoginAnswer.Reason.UNKNOWN_CREDENTIAL, tenant.id, parts[1]);
        }
    }

    /** {@link Scram#METHOD} alone. */
    private final class MemoryEnhancedAuthentication implements EnhancedAuthentication {
        @Override
        public @Nullable Exchange begin(String method, Login login) {
            return method.equals(Scram.METHOD)
                    ? new MemoryScram(new ScramUsers(login), () -> available ? gate : AWAY)
                    : null;
        }
    }

    private final class ScramUsers implements MemoryScram.Users {
        private final Login login;

        ScramUsers(Login login) {
            this.login = login;
        }

        private @Nullable Credential find(String userName) {
            var parts = userName.split("\\.", 2);
            var tenant = tenants.get(parts[0]);
            return tenant == null || parts.length < 2 ? null : tenant.credentials.get(parts[1]);
        }

        @Override
        public @Nullable String secretOf(String userName) {
            var credential = find(userName);
            return credential == null ? null : credential.secret;
        }

        @Override
        public LoginAnswer judge(String userName, boolean isProven) {
            var credential = find(userName);
            return credential != null && isProven
                    ? credential.admit(login)
                    : new Refused(LoginAnswer.Reason.BAD_USER_NAME_OR_PASSWORD, null, null);
        }
    }

    private final class MemoryAccessChanges implements AccessChanges {
        @Override
        public void listen(Consumer<AccessChange> listener) {
            changeListeners.add(listener);
        }

        @Override
        public @Nullable AccessChange missedSince(Admission admission) {
            var tenant = tenants.get(admission.tenantSlug());
            if (tenant == null) {
                return new AccessChange.TenantDeleted(admission.tenant());
            }
            if (tenant.suspended) {
                return new AccessChange.TenantSuspended(tenant.id);
            }
            var credential = tenant.credentials.get(admission.credentialName());
            if (credential == null || !credential.id.equals(admission.credential())) {
                return new AccessChange.CredentialRevoked(tenant.id, admission.credential(), Why.DELETED);
            }
            var why = credential.revoked;
            if (why != null) {
                return new AccessChange.CredentialRevoked(tenant.id, credential.id, why);
            }
            return credential.access.version() > admission.access().version()
                    ? new AccessChange.AccessReplaced(tenant.id, credential.id, credential.access)
                    : null;
        }
    }

    private final class MemoryTenants implements Tenants {
        @Override
        public CompletionStage<Optional<Known>> find(TenantId id) {
            return CompletableFuture.completedFuture(tenants.values().stream()
                    .filter(tenant -> tenant.id.equals(id))
                    .findAny()
                    .map(tenant -> new Known() {
                        @Override
                        public String slug() {
                            return tenant.slug;
                        }

                        @Override
                        public TenantLimits limits() {
                            return tenant.limits;
                        }

                        @Override
                        public @Nullable Holder holder(CredentialId wanted) {
                            return tenant.credentials.values().stream()
                                    .filter(credential -> credential.id.equals(wanted))
                                    .findAny()
                                    .map(credential -> new Holder(credential.name, credential.access))
                                    .orElse(null);
                        }
                    }));
        }
    }

    private final class MemoryPresence implements Presence {
        @Override
        public void connected(ConnectedClient client) {
            connected.add(client);
            if (client.clientId().equals(failingClientId)) {
                throw new IllegalStateException("a fault that the test asked for");
            }
        }

        @Override
        public void disconnected(ConnectedClient client) {
            disconnected.add(client);
        }
    }

    private static final class NobodyListens implements Presence {
        @Override
        public void connected(ConnectedClient client) {}

        @Override
        public void disconnected(ConnectedClient client) {}
    }

    private final class MemoryTaps implements MessageTaps {
        @Override
        public @Nullable MessageTap tapOf(TenantId tenant) {
            return taps.get(tenant);
        }

        @Override
        public void listen(Listener listener) {
            tapListeners.add(listener);
        }
    }
}
