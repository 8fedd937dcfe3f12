package dev.dunlin.provisioning;

import dev.dunlin.credential.Certificates;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.engine.port.QueueLimits;
import dev.dunlin.engine.port.QueueLimits.WhenFull;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.permission.NewPermission;
import dev.dunlin.provisioning.ProvisioningFile.CredentialSpec;
import dev.dunlin.provisioning.ProvisioningFile.GroupSpec;
import dev.dunlin.provisioning.ProvisioningFile.OwnerSpec;
import dev.dunlin.provisioning.ProvisioningFile.PlanSpec;
import dev.dunlin.provisioning.ProvisioningFile.TenantSpec;
import dev.dunlin.provisioning.ProvisioningFile.TokenSpec;
import dev.dunlin.secret.DeviceSecrets;
import dev.dunlin.secret.ScramVerifier;
import dev.dunlin.secret.SecretHash;
import dev.dunlin.token.ApiTokens;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.stereotype.Service;
import org.springframework.transaction.support.TransactionTemplate;

/** Applies provisioning files. */
@Service
public class Provisioning {
    /** Of nodes that start at once, one applies the file and the others find it applied. */
    private static final long ONE_AT_A_TIME = 0x64756e6c696eL;

    private final JdbcClient jdbc;
    private final TransactionTemplate transaction;
    private final DeviceSecrets secrets;
    private final ApiTokens tokens;
    private final PasswordEncoder passwords;

    Provisioning(
            JdbcClient jdbc,
            TransactionTemplate transaction,
            DeviceSecrets secrets,
            ApiTokens tokens,
            PasswordEncoder passwords) {
        this.jdbc = jdbc;
        this.transaction = transaction;
        this.secrets = secrets;
        this.tokens = tokens;
        this.passwords = passwords;
    }

    /**
     * Makes what the file names and does not exist, and updates what differs; what it does not name stays. All or nothing.
     * A credential for which the file names neither permissions nor groups may do everything in its tenant when it is made.
     *
     * @throws ProvisioningException if the file cannot be read or is wrong; nothing is changed then
     */
    public Outcome apply(Path yaml) {
        var file = ProvisioningFile.read(yaml);
        secrets.load();
        tokens.load();
        return Objects.requireNonNull(transaction.execute(status -> {
            jdbc.sql("select pg_advisory_xact_lock(?)").param(ONE_AT_A_TIME).query(row -> {});
            var run = new Run();
            file.plans().forEach(run::plan);
            file.tenants().forEach(run::tenant);
            return new Outcome(run.created, run.updated, run.unchanged);
        }));
    }

    private enum Change {
        CREATED,
        UPDATED,
        NONE;

        Change or(boolean alsoUpdated) {
            return this == NONE && alsoUpdated ? UPDATED : this;
        }
    }

    private record StoredPermission(UUID id, int maxQos, boolean retainAllowed) {}

    /** What a rule is; the rest of it is how far it goes. */
    private record PermissionKey(UUID holder, Effect effect, Action action, String topicFilter) {
        static PermissionKey of(UUID holder, NewPermission permission) {
            return new PermissionKey(holder, permission.effect(), permission.action(), permission.topicFilter());
        }
    }

    /** @param limits by column; null is no limit */
    private record StoredPlan(Map<String, @Nullable Long> limits, String whenQueueFull) {}

    /** One application of a file, inside its transaction. */
    private final class Run {
        private int created;
        private int updated;
        private int unchanged;

        private void count(Change change) {
            switch (change) {
                case CREATED -> created++;
                case UPDATED -> updated++;
                case NONE -> unchanged++;
            }
        }

        void plan(PlanSpec spec) {
            var free = Objects.requireNonNull(storedPlan("free"));
            var limits = new LinkedHashMap<String, @Nullable Long>(free.limits());
            limits.putAll(spec.limits());
            requireWorkable(spec, limits);
            var whenQueueFull = spec.whenQueueFull() == null ? free.whenQueueFull() : column(spec.whenQueueFull());
            var stored = storedPlan(spec.name());
            if (new StoredPlan(limits, whenQueueFull).equals(stored)) {
                count(Change.NONE);
                return;
            }
            var columns = List.copyOf(limits.keySet());
            var statement = jdbc.sql("insert into plan (name, when_queue_full, " + String.join(", ", columns)
                            + ") values (:name, :whenQueueFull, "
                            + columns.stream().map(column -> ":" + column).collect(Collectors.joining(", "))
                            + ") on conflict (name) do update set when_queue_full = excluded.when_queue_full, "
                            + columns.stream()
                                    .map(column -> column + " = excluded." + column)
                                    .collect(Collectors.joining(", ")))
                    .param("name", spec.name())
                    .param("whenQueueFull", whenQueueFull);
            for (var column : columns) {
                statement = statement.param(column, limits.get(column), java.sql.Types.BIGINT);
            }
            statement.update();
            count(stored == null ? Change.CREATED : Change.UPDATED);
        }

        private static String column(WhenFull whenQueueFull) {
            return whenQueueFull.name().toLowerCase(Locale.ROOT);
        }

        private @Nullable StoredPlan storedPlan(String plan) {
            return jdbc.sql("select * from plan where name = ?")
                    .param(plan)
                    .query((row, number) -> {
                        var limits = new LinkedHashMap<String, @Nullable Long>();
                        for (var column : ProvisioningFile.LIMIT_COLUMNS.values()) {
                            var limit = row.getLong(column);
                            limits.put(column, row.wasNull() ? null : limit);
                        }
                        return new StoredPlan(limits, row.getString("when_queue_full"));
                    })
                    .optional()
                    .orElse(null);
        }

        private void requireWorkable(PlanSpec spec, Map<String, @Nullable Long> limits) {
            var values = ProvisioningFile.LIMIT_COLUMNS.values().stream()
                    .mapToLong(column -> {
                        var limit = limits.get(column);
                        return limit == null ? TenantLimits.UNLIMITED : limit;
                    })
                    .toArray();
            try {
                var queues = new QueueLimits(values[5], values[6], values[7], WhenFull.DROP_NEWEST);
                new TenantLimits(values[0], values[1], values[2], values[3], values[4], queues, values[8], values[9]);
            } catch (IllegalArgumentException e) {
                throw spec.at().wrong(e.getMessage() + ".");
            }
        }

        void tenant(TenantSpec spec) {
            var id = tenantRow(spec);
            if (spec.owner() != null) {
                count(owner(id, spec.owner()));
            }
            tokens(id, spec.tokens());
            var groups = groups(id, spec.groups());
            credentials(id, spec.credentials(), groups);
        }

        private UUID tenantRow(TenantSpec spec) {
            record Stored(UUID id, String name, String plan) {}
            if (spec.plan() != null && storedPlan(spec.plan()) == null) {
                throw spec.at().wrong("There is no plan \"" + spec.plan() + "\".");
            }
            var stored = jdbc.sql("select id, name, plan_name from tenant where slug = ?")
                    .param(spec.slug())
                    .query((row, number) ->
                            new Stored(row.getObject(1, UUID.class), row.getString(2), row.getString(3)))
                    .optional();
            if (stored.isEmpty()) {
                var id = UUID.randomUUID();
                jdbc.sql("insert into tenant (id, slug, name, plan_name) values (?, ?, ?, ?)")
                        .params(
                                id,
                                spec.slug(),
                                Objects.requireNonNullElse(spec.name(), spec.slug()),
                                Objects.requireNonNullElse(spec.plan(), "free"))
                        .update();
                count(Change.CREATED);
                return id;
            }
            var id = stored.get().id();
            var name = Objects.requireNonNullElse(spec.name(), stored.get().name());
            var plan = Objects.requireNonNullElse(spec.plan(), stored.get().plan());
            if (name.equals(stored.get().name()) && plan.equals(stored.get().plan())) {
                count(Change.NONE);
            } else {
                jdbc.sql("update tenant set name = ?, plan_name = ? where id = ?")
                        .params(name, plan, id)
                        .update();
                count(Change.UPDATED);
            }
            return id;
        }

        private Change owner(UUID tenant, OwnerSpec spec) {
            record Stored(UUID id, String hash) {}
            var email = spec.email().strip().toLowerCase(Locale.ROOT);
            var stored = jdbc.sql("select id, password_hash from account where email = ?")
                    .param(email)
                    .query((row, number) -> new Stored(row.getObject(1, UUID.class), row.getString(2)))
                    .optional();
            var change = Change.NONE;
            UUID account;
            if (stored.isEmpty()) {
                account = UUID.randomUUID();
                jdbc.sql("insert into account (id, email, password_hash) values (?, ?, ?)")
                        .params(account, email, passwords.encode(spec.password()))
                        .update();
                change = Change.CREATED;
            } else {
                account = stored.get().id();
                if (!passwords.matches(spec.password(), stored.get().hash())) {
                    jdbc.sql("update account set password_hash = ? where id = ?")
                            .params(passwords.encode(spec.password()), account)
                            .update();
                    change = Change.UPDATED;
                }
            }
            var memberships = jdbc.sql("""
                    insert into membership (tenant_id, account_id, role) values (?, ?, 'OWNER')
                    on conflict (tenant_id, account_id) do update set role = 'OWNER' where membership.role <> 'OWNER'
                    """).params(tenant, account).update();
            return change.or(memberships > 0);
        }

        private void tokens(UUID tenant, List<TokenSpec> specs) {
            record Stored(String hash, String role) {}
            var stored = new HashMap<String, Stored>();
            jdbc.sql("select name, hash, role from api_token where tenant_id = ?")
                    .param(tenant)
                    .query(row -> {
                        stored.put(row.getString(1), new Stored(row.getString(2), row.getString(3)));
                    });
            for (var spec : specs) {
                var wanted = new Stored(tokens.hash(spec.token()), spec.role().name());
                var present = stored.get(spec.name());
                if (wanted.equals(present)) {
                    count(Change.NONE);
                    continue;
                }
                var other = jdbc.sql("select name from api_token where hash = ? and (tenant_id, name) <> (?, ?)")
                        .params(wanted.hash(), tenant, spec.name())
                        .query(String.class)
                        .optional();
                if (other.isPresent()) {
                    throw spec.at().wrong("Another API token has the same value, so nobody could tell them apart.");
                }
                jdbc.sql("""
                        insert into api_token (tenant_id, id, name, hash, role) values (?, ?, ?, ?, ?)
                        on conflict (tenant_id, name) do update set hash = excluded.hash, role = excluded.role
                        """)
                        .params(tenant, UUID.randomUUID(), spec.name(), wanted.hash(), wanted.role())
                        .update();
                count(present == null ? Change.CREATED : Change.UPDATED);
            }
        }

        /** @return all groups of the tenant by name */
        private Map<String, UUID> groups(UUID tenant, List<GroupSpec> specs) {
            var groups = idsByName("credential_group", tenant);
            var rules = storedPermissions(tenant, "group_id");
            for (var spec : specs) {
                var known = groups.get(spec.name());
                var id = known == null ? UUID.randomUUID() : known;
                if (known == null) {
                    jdbc.sql("insert into credential_group (tenant_id, id, name) values (?, ?, ?)")
                            .params(tenant, id, spec.name())
                            .update();
                    groups.put(spec.name(), id);
                }
                var changed = permissions(tenant, "group_id", Map.of(id, spec.permissions()), rules);
                count((known == null ? Change.CREATED : Change.NONE).or(!changed.isEmpty()));
            }
            return groups;
        }

        private Map<String, UUID> idsByName(String table, UUID tenant) {
            var ids = new HashMap<String, UUID>();
            jdbc.sql("select name, id from " + table + " where tenant_id = ?")
                    .param(tenant)
                    .query(row -> {
                        ids.put(row.getString(1), row.getObject(2, UUID.class));
                    });
            return ids;
        }

        private void credentials(UUID tenant, List<CredentialSpec> specs, Map<String, UUID> groups) {
            var known = idsByName("credential", tenant);
            var ids = new LinkedHashMap<CredentialSpec, UUID>();
            for (var spec : specs) {
                if (spec.secret() == null && spec.certificates().isEmpty() && !known.containsKey(spec.name())) {
                    throw spec.at().wrong("A new device needs a \"secret\" or \"certificates\".");
                }
                ids.put(spec, known.getOrDefault(spec.name(), UUID.randomUUID()));
            }
            var fresh = specs.stream()
                    .filter(spec -> !known.containsKey(spec.name()))
                    .toList();
            jdbc.sql("insert into credential (tenant_id, id, name)"
                            + " select ?, id, name from unnest(?::uuid[], ?::text[]) as s (id, name)")
                    .params(
                            tenant,
                            fresh.stream().map(ids::get).toArray(UUID[]::new),
                            fresh.stream().map(CredentialSpec::name).toArray(String[]::new))
                    .update();
            var changed = new HashSet<UUID>();
            changed.addAll(secrets(tenant, ids));
            changed.addAll(certificates(tenant, ids));
            changed.addAll(memberships(tenant, ids, groups));
            var rules = new LinkedHashMap<UUID, List<NewPermission>>();
            ids.forEach((spec, id) -> {
                if (spec.permissions() != null) {
                    rules.put(id, spec.permissions());
                } else if (!known.containsKey(spec.name())) {
                    rules.put(id, List.of(new NewPermission(Effect.ALLOW, Action.ALL, "#", 2, true)));
                }
            });
            changed.addAll(permissions(tenant, "credential_id", rules, storedPermissions(tenant, "credential_id")));
            ids.forEach((spec, id) ->
                    count(known.containsKey(spec.name()) ? Change.NONE.or(changed.contains(id)) : Change.CREATED));
        }

        /** Replaces the secrets of those credentials whose secret in the file is not a live one of theirs. */
        private Set<UUID> secrets(UUID tenant, Map<CredentialSpec, UUID> ids) {
            record Fresh(
                    UUID credential,
                    SecretHash hash,
                    @Nullable ScramVerifier scram) {
                byte @Nullable [] ofScram(Function<ScramVerifier, byte[]> part) {
                    return scram == null ? null : part.apply(scram);
                }
            }
            var stored = new HashMap<UUID, List<SecretHash>>();
            jdbc.sql("select credential_id, method, hash from credential_secret"
                            + " where tenant_id = ? and (expires_at is null or expires_at > now())")
                    .param(tenant)
                    .query(row -> {
                        stored.computeIfAbsent(row.getObject(1, UUID.class), id -> new ArrayList<>())
                                .add(new SecretHash(SecretHash.Method.of(row.getString(2)), row.getString(3)));
                    });
            // Hashing is slow on purpose, so on all processors
            var fresh = ids.entrySet().parallelStream()
                    .flatMap(entry -> {
                        var secret = entry.getKey().secret();
                        var credential = new CredentialId(entry.getValue());
                        var live = stored.getOrDefault(entry.getValue(), List.of());
                        return secret == null
                                        || live.stream().anyMatch(hash -> secrets.matches(credential, secret, hash))
                                ? null
                                : java.util.stream.Stream.of(new Fresh(
                                        entry.getValue(),
                                        secrets.hash(credential, secret),
                                        secrets.scramVerifier(credential, secret)));
                    })
                    .toList();
            var credentials = fresh.stream().map(Fresh::credential).toArray(UUID[]::new);
            if (credentials.length == 0) {
                return Set.of();
            }
            jdbc.sql("update credential set generation = generation + 1 where tenant_id = ? and id = any(?)"
                            + " and exists (select from credential_secret s"
                            + " where s.tenant_id = credential.tenant_id and s.credential_id = credential.id)")
                    .params(tenant, credentials)
                    .update();
            jdbc.sql("delete from credential_secret where tenant_id = ? and credential_id = any(?)")
                    .params(tenant, credentials)
                    .update();
            jdbc.sql("insert into credential_secret (tenant_id, credential_id, id, method, hash,"
                            + " scram_salt, scram_iterations, scram_stored_key, scram_server_key)"
                            + " select ?, credential, gen_random_uuid(), method, hash, salt, case when salt is not null then ? end,"
                            + " stored_key, server_key"
                            + " from unnest(?::uuid[], ?::text[], ?::text[], ?::bytea[], ?::bytea[], ?::bytea[])"
                            + " as s (credential, method, hash, salt, stored_key, server_key)")
                    .params(
                            tenant,
                            ScramVerifier.ITERATIONS,
                            credentials,
                            fresh.stream()
                                    .map(one -> one.hash().method().column())
                                    .toArray(String[]::new),
                            fresh.stream().map(one -> one.hash().hash()).toArray(String[]::new),
                            fresh.stream()
                                    .map(one -> one.ofScram(ScramVerifier::salt))
                                    .toArray(byte[][]::new),
                            fresh.stream()
                                    .map(one -> one.ofScram(ScramVerifier::storedKey))
                                    .toArray(byte[][]::new),
                            fresh.stream()
                                    .map(one -> one.ofScram(ScramVerifier::serverKey))
                                    .toArray(byte[][]::new))
                    .update();
            return Set.of(credentials);
        }

        /** Adds those that are not there; at any time, a certificate that has expired included, as the file may be old. */
        private Set<UUID> certificates(UUID tenant, Map<CredentialSpec, UUID> ids) {
            var stored = new HashMap<String, UUID>();
            jdbc.sql("select fingerprint, credential_id from credential_certificate where tenant_id = ?")
                    .param(tenant)
                    .query(row -> {
                        stored.put(row.getString(1), row.getObject(2, UUID.class));
                    });
            var changed = new HashSet<UUID>();
            ids.forEach((spec, id) -> {
                for (var certificate : spec.certificates()) {
                    var owner = stored.putIfAbsent(certificate.fingerprint(), id);
                    if (owner != null && !owner.equals(id)) {
                        throw spec.at().wrong("Another device of this tenant has one of these certificates already.");
                    }
                    if (owner == null) {
                        jdbc.sql("insert into credential_certificate"
                                        + " (tenant_id, fingerprint, credential_id, subject, not_before, not_after)"
                                        + " values (?, ?, ?, ?, ?, ?)")
                                .params(
                                        tenant,
                                        certificate.fingerprint(),
                                        id,
                                        certificate.subject(),
                                        certificate.notBefore().atOffset(ZoneOffset.UTC),
                                        certificate.notAfter().atOffset(ZoneOffset.UTC))
                                .update();
                        changed.add(id);
                    }
                }
                if (spec.certificates().size() > Certificates.MAX_PER_CREDENTIAL) {
                    throw spec.at().wrong("A device has at most " + Certificates.MAX_PER_CREDENTIAL + " certificates.");
                }
            });
            return changed;
        }

        private Set<UUID> memberships(UUID tenant, Map<CredentialSpec, UUID> ids, Map<String, UUID> groups) {
            record Member(UUID credential, UUID group) {}
            var stored = new HashSet<Member>();
            jdbc.sql("select credential_id, group_id from credential_group_member where tenant_id = ?")
                    .param(tenant)
                    .query(row -> {
                        stored.add(new Member(row.getObject(1, UUID.class), row.getObject(2, UUID.class)));
                    });
            var fresh = new ArrayList<Member>();
            ids.forEach((spec, id) -> {
                for (var name : new HashSet<>(spec.groups())) {
                    var group = groups.get(name);
                    if (group == null) {
                        throw spec.at().wrong("There is no group \"" + name + "\".");
                    }
                    if (!stored.contains(new Member(id, group))) {
                        fresh.add(new Member(id, group));
                    }
                }
            });
            if (!fresh.isEmpty()) {
                jdbc.sql("insert into credential_group_member (tenant_id, credential_id, group_id)"
                                + " select ?, c, g from unnest(?::uuid[], ?::uuid[]) as s (c, g)")
                        .params(
                                tenant,
                                fresh.stream().map(Member::credential).toArray(UUID[]::new),
                                fresh.stream().map(Member::group).toArray(UUID[]::new))
                        .update();
            }
            return fresh.stream().map(Member::credential).collect(Collectors.toSet());
        }

        private Map<PermissionKey, StoredPermission> storedPermissions(UUID tenant, String holder) {
            var stored = new HashMap<PermissionKey, StoredPermission>();
            jdbc.sql("select " + holder + ", effect, action, topic_filter, id, max_qos, retain_allowed from permission"
                            + " where tenant_id = ? and " + holder + " is not null")
                    .param(tenant)
                    .query(row -> {
                        stored.put(
                                new PermissionKey(
                                        row.getObject(1, UUID.class),
                                        Effect.valueOf(row.getString(2)),
                                        Action.valueOf(row.getString(3)),
                                        row.getString(4)),
                                new StoredPermission(row.getObject(5, UUID.class), row.getInt(6), row.getBoolean(7)));
                    });
            return stored;
        }

        /** @return the holders for which something was added or changed */
        private Set<UUID> permissions(
                UUID tenant,
                String column,
                Map<UUID, List<NewPermission>> wanted,
                Map<PermissionKey, StoredPermission> stored) {
            var changed = new HashSet<UUID>();
            var fresh = new LinkedHashMap<PermissionKey, NewPermission>();
            wanted.forEach((holder, permissions) -> {
                for (var permission : permissions) {
                    var key = PermissionKey.of(holder, permission);
                    var present = stored.get(key);
                    if (present == null) {
                        fresh.put(key, permission);
                        changed.add(holder);
                    } else if (present.maxQos() != permission.maxQos()
                            || present.retainAllowed() != permission.retainAllowed()) {
                        jdbc.sql("update permission set max_qos = ?, retain_allowed = ? where tenant_id = ? and id = ?")
                                .params(permission.maxQos(), permission.retainAllowed(), tenant, present.id())
                                .update();
                        changed.add(holder);
                    }
                }
            });
            if (!fresh.isEmpty()) {
                var keys = List.copyOf(fresh.keySet());
                jdbc.sql("insert into permission (tenant_id, id, " + column
                                + ", effect, action, topic_filter, max_qos, retain_allowed)"
                                + " select ?, gen_random_uuid(), s.* from unnest(?::uuid[], ?::text[], ?::text[],"
                                + " ?::text[], ?::smallint[], ?::boolean[]) as s")
                        .params(
                                tenant,
                                keys.stream().map(PermissionKey::holder).toArray(UUID[]::new),
                                texts(keys, key -> key.effect().name()),
                                texts(keys, key -> key.action().name()),
                                texts(keys, PermissionKey::topicFilter),
                                fresh.values().stream()
                                        .map(p -> (short) p.maxQos())
                                        .toArray(Short[]::new),
                                fresh.values().stream()
                                        .map(NewPermission::retainAllowed)
                                        .toArray(Boolean[]::new))
                        .update();
            }
            return changed;
        }

        private <T> String[] texts(List<T> items, Function<T, String> text) {
            return items.stream().map(text).toArray(String[]::new);
        }
    }
}
