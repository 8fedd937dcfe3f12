package dev.dunlin.engineport;

import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.QueueLimits;
import dev.dunlin.engine.port.QueueLimits.WhenFull;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.secret.ScramVerifier;
import dev.dunlin.secret.SecretHash;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

/** Reads tenants whole, or some of their credentials, each time as of one moment. Waits for the database. */
@Component
class SnapshotReader {
    private static final String TENANT =
            "select t.id, t.slug, t.suspended, p.* from tenant t" + " join plan p on p.name = t.plan_name where ";

    private final JdbcClient jdbc;
    private final TransactionTemplate oneMoment;

    SnapshotReader(JdbcClient jdbc, DataSource dataSource) {
        this.jdbc = jdbc;
        // Without JPA, which has nothing to do here
        this.oneMoment = new TransactionTemplate(new JdbcTransactionManager(dataSource));
        oneMoment.setReadOnly(true);
        oneMoment.setIsolationLevel(TransactionDefinition.ISOLATION_REPEATABLE_READ);
    }

    Optional<TenantSnapshot> read(String slug) {
        return atOneMoment(() -> jdbc.sql(TENANT + "t.slug = ?")
                .param(slug)
                .query((row, number) -> tenant(row))
                .optional()
                .map(row -> TenantSnapshot.of(row, credentials(row.id(), null), null)));
    }

    Optional<String> slugOf(TenantId tenant) {
        return jdbc.sql("select slug from tenant where id = ?")
                .param(tenant.value())
                .query(String.class)
                .optional();
    }

    /** The user name of the one credential that has the certificate; empty if none has it, or more than one. */
    Optional<String> userNameOf(String fingerprint) {
        var names = jdbc.sql("select t.slug || '.' || c.name from credential_certificate f"
                        + " join credential c on c.tenant_id = f.tenant_id and c.id = f.credential_id"
                        + " join tenant t on t.id = f.tenant_id where f.fingerprint = ? limit 2")
                .param(fingerprint)
                .query(String.class)
                .list();
        return names.size() == 1 ? Optional.of(names.get(0)) : Optional.empty();
    }

    /** All of {@code old} anew; empty if the tenant is gone. */
    Optional<TenantSnapshot> reread(TenantSnapshot old) {
        return atOneMoment(() -> row(old.id()).map(row -> TenantSnapshot.of(row, credentials(row.id(), null), old)));
    }

    /** Some credentials of {@code old} anew; empty if the tenant is gone. */
    Optional<TenantSnapshot> reread(TenantSnapshot old, Set<CredentialId> touched) {
        return atOneMoment(() ->
                row(old.id()).map(row -> TenantSnapshot.of(row, touched, credentials(row.id(), touched), old)));
    }

    private <T> Optional<T> atOneMoment(Supplier<Optional<T>> reading) {
        var found = oneMoment.execute(status -> reading.get());
        return found == null ? Optional.empty() : found;
    }

    private Optional<TenantSnapshot.Row> row(TenantId id) {
        return jdbc.sql(TENANT + "t.id = ?")
                .param(id.value())
                .query((row, number) -> tenant(row))
                .optional();
    }

    private static TenantSnapshot.Row tenant(ResultSet row) throws SQLException {
        return new TenantSnapshot.Row(
                new TenantId(row.getObject("id", UUID.class)),
                row.getString("slug"),
                row.getBoolean("suspended"),
                new TenantLimits(
                        limit(row, "connections"),
                        limit(row, "sessions"),
                        limit(row, "publish_per_second"),
                        limit(row, "packet_bytes"),
                        limit(row, "subscriptions_per_session"),
                        new QueueLimits(
                                limit(row, "queued_messages_per_session"),
                                limit(row, "queued_bytes_per_session"),
                                limit(row, "queued_bytes"),
                                WhenFull.valueOf(
                                        row.getString("when_queue_full").toUpperCase(Locale.ROOT))),
                        limit(row, "retained_messages"),
                        limit(row, "retained_bytes")));
    }

    private static long limit(ResultSet row, String column) throws SQLException {
        var limit = row.getLong(column);
        return row.wasNull() ? TenantLimits.UNLIMITED : limit;
    }

    /** @param only absent for all of the tenant */
    private Collection<CredentialSnapshot.Row> credentials(TenantId tenant, @Nullable Set<CredentialId> only) {
        var ids = only == null ? null : only.stream().map(CredentialId::value).toArray(UUID[]::new);
        var secrets = new HashMap<UUID, List<CredentialSnapshot.Secret>>();
        query(
                "select credential_id, method, hash, expires_at,"
                        + " scram_salt, scram_iterations, scram_stored_key, scram_server_key"
                        + " from credential_secret where tenant_id = ?%s"
                        + " order by created_at desc",
                "credential_id",
                tenant,
                ids,
                row -> secrets.computeIfAbsent(row.getObject(1, UUID.class), id -> new ArrayList<>())
                        .add(new CredentialSnapshot.Secret(
                                new SecretHash(SecretHash.Method.of(row.getString(2)), row.getString(3)),
                                scram(row),
                                instant(row, "expires_at"))));
        var certificates = new HashMap<UUID, Set<String>>();
        query(
                "select credential_id, fingerprint from credential_certificate where tenant_id = ?%s",
                "credential_id",
                tenant,
                ids,
                row -> certificates
                        .computeIfAbsent(row.getObject(1, UUID.class), id -> new HashSet<>())
                        .add(row.getString(2)));
        var rules = rules(tenant, ids);
        var credentials = new ArrayList<CredentialSnapshot.Row>();
        query(
                "select id, name, enabled, client_id, expires_at, generation from credential where tenant_id = ?%s",
                "id", tenant, ids, row -> {
                    var id = row.getObject("id", UUID.class);
                    credentials.add(new CredentialSnapshot.Row(
                            new CredentialId(id),
                            row.getString("name"),
                            row.getBoolean("enabled"),
                            row.getString("client_id"),
                            instant(row, "expires_at"),
                            row.getInt("generation"),
                            secrets.getOrDefault(id, List.of()),
                            certificates.getOrDefault(id, Set.of()),
                            rules.getOrDefault(id, List.of())));
                });
        return credentials;
    }

    /** By credential: its own, then those of its groups, which are read once and shared. */
    private Map<UUID, List<PermissionRule>> rules(TenantId tenant, UUID @Nullable [] ids) {
        var columns = "id, effect, action, topic_filter, max_qos, retain_allowed";
        var rules = new HashMap<UUID, List<PermissionRule>>();
        query(
                "select credential_id, " + columns + " from permission"
                        + " where tenant_id = ? and credential_id is not null%s order by created_at, id",
                "credential_id",
                tenant,
                ids,
                row -> rules.computeIfAbsent(row.getObject("credential_id", UUID.class), id -> new ArrayList<>())
                        .add(rule(row)));
        var ofGroups = new HashMap<UUID, List<PermissionRule>>();
        query(
                "select group_id, " + columns + " from permission"
                        + " where tenant_id = ? and group_id is not null%s order by created_at, id",
                "group_id",
                tenant,
                null,
                row -> ofGroups.computeIfAbsent(row.getObject("group_id", UUID.class), id -> new ArrayList<>())
                        .add(rule(row)));
        query(
                "select credential_id, group_id from credential_group_member where tenant_id = ?%s order by group_id",
                "credential_id",
                tenant,
                ids,
                row -> rules.computeIfAbsent(row.getObject(1, UUID.class), id -> new ArrayList<>())
                        .addAll(ofGroups.getOrDefault(row.getObject(2, UUID.class), List.of())));
        return rules;
    }

    private interface RowReader {
        void read(ResultSet row) throws SQLException;
    }

    /** Runs {@code sql}, in which %s is where the choice of rows by {@code column} stands. */
    private void query(String sql, String column, TenantId tenant, UUID @Nullable [] ids, RowReader reader) {
        var statement = jdbc.sql(sql.formatted(ids == null ? "" : " and " + column + " = any(?)"))
                .param(tenant.value());
        (ids == null ? statement : statement.param(ids)).query(reader::read);
    }

    private static PermissionRule rule(ResultSet row) throws SQLException {
        return new PermissionRule(
                row.getString("id"),
                PermissionRule.Effect.valueOf(row.getString("effect")),
                PermissionRule.Action.valueOf(row.getString("action")),
                row.getString("topic_filter"),
                row.getInt("max_qos"),
                row.getBoolean("retain_allowed"));
    }

    private static @Nullable ScramVerifier scram(ResultSet row) throws SQLException {
        byte @Nullable [] salt = row.getBytes("scram_salt");
        return salt == null
                ? null
                : new ScramVerifier(
                        salt,
                        row.getInt("scram_iterations"),
                        row.getBytes("scram_stored_key"),
                        row.getBytes("scram_server_key"));
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        var time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }
}
