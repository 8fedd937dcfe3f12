package dev.dunlin.messagestore;

import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredRetained;
import dev.dunlin.engine.port.StoredSession;
import dev.dunlin.engine.port.StoredSession.StoredWill;
import dev.dunlin.engine.port.StoredSubscription;
import dev.dunlin.engine.port.StoredTenant;
import dev.dunlin.engine.port.StoredTenant.Kept;
import dev.dunlin.engine.port.TenantId;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads all that is kept of one tenant, in one transaction, and removes what dangles: what hangs on a session that is gone, and
 * rows of the journal of which nothing counts. A crash between two changes leaves such rows.
 */
final class TenantReader {
    private static final int ROWS_AT_A_TIME = 100;
    private static final byte[] NOTHING = {};

    private final Connection connection;
    private final TenantId tenant;
    private final Map<Long, Session> sessions = new HashMap<>();
    private final JournalReplay journal = new JournalReplay();
    private final List<StoredRetained> retained = new ArrayList<>();
    private boolean dangling;

    /** A session as it is being read. */
    private static final class Session {
        final StoredSession stored;
        final List<StoredSubscription> subscriptions = new ArrayList<>();
        final List<Integer> received = new ArrayList<>();

        Session(StoredSession stored) {
            this.stored = stored;
        }
    }

    private interface RowReader {
        void read(ResultSet row) throws SQLException;
    }

    private TenantReader(Connection connection, TenantId tenant) {
        this.connection = connection;
        this.tenant = tenant;
    }

    /** What is kept, and where its journal has it. */
    record Read(StoredTenant stored, Journal journal) {}

    /** @param connection not in autocommit mode: this ends its transaction */
    static Read read(Connection connection, TenantId tenant) throws SQLException {
        try {
            var stored = new TenantReader(connection, tenant).read();
            connection.commit();
            return stored;
        } catch (SQLException | RuntimeException e) {
            connection.rollback();
            throw e;
        }
    }

    private Read read() throws SQLException {
        readSessions();
        readSubscriptions();
        readJournal();
        readReceived();
        readRetained();
        if (dangling) {
            removeDangling();
        }
        var kept = new ArrayList<Kept>();
        sessions.forEach((id, session) -> kept.add(new Kept(
                session.stored,
                session.subscriptions,
                journal.queueOf(id),
                journal.nextPositionOf(id),
                session.received)));
        return new Read(new StoredTenant(kept, journal.messages(), retained), journal.journal());
    }

    /** Of two sessions of one client the older one has ended, though there was no time to say so. */
    private void readSessions() throws SQLException {
        var newest = new HashMap<String, Long>();
        each("""
                select id, client_id, credential_id, expiry_seconds, connected, since, will_topic, will_payload,
                  will_properties, will_qos, will_retain, will_expiry_seconds, will_delay_seconds
                from mqtt_session where tenant_id = ? order by id
                """, row -> {
            var session = session(row);
            var older = newest.put(session.clientId(), session.id());
            if (older != null) {
                sessions.remove(older);
                dangling = true;
            }
            sessions.put(session.id(), new Session(session));
        });
    }

    private static StoredSession session(ResultSet row) throws SQLException {
        return new StoredSession(
                row.getLong("id"),
                row.getString("client_id"),
                new CredentialId(row.getObject("credential_id", UUID.class)),
                row.getLong("expiry_seconds"),
                row.getBoolean("connected"),
                row.getObject("since", OffsetDateTime.class).toInstant(),
                will(row));
    }

    private static @Nullable StoredWill will(ResultSet row) throws SQLException {
        @Nullable String topic = row.getString("will_topic");
        if (topic == null) {
            return null;
        }
        var message = new StoredMessage(
                0,
                topic,
                row.getBytes("will_payload"),
                row.getBytes("will_properties"),
                row.getInt("will_qos"),
                row.getBoolean("will_retain"),
                row.getLong("will_expiry_seconds"),
                null);
        return new StoredWill(message, row.getLong("will_delay_seconds"));
    }

    private void readSubscriptions() throws SQLException {
        each("""
                select session_id, filter, qos, no_local, retain_as_published, subscription_id
                from mqtt_subscription where tenant_id = ?
                """, row -> {
            var session = sessionOf(row);
            if (session != null) {
                session.subscriptions.add(new StoredSubscription(
                        row.getString("filter"),
                        row.getInt("qos"),
                        row.getBoolean("no_local"),
                        row.getBoolean("retain_as_published"),
                        row.getInt("subscription_id")));
            }
        });
    }

    private void readJournal() throws SQLException {
        each("select id, entries from mqtt_journal where tenant_id = ? order by id", row -> {
            long id = row.getLong("id");
            try {
                journal.add(id, row.getBytes("entries"));
            } catch (SegmentBytes.DamagedException e) {
                throw new IllegalStateException(
                        "Row " + id + " of mqtt_journal of tenant " + tenant + " is damaged (" + e.getMessage()
                                + "). Restore the database from a backup, or delete the row, which gives up its messages.",
                        e);
            }
        });
        var gone = journal.finish(sessions.keySet());
        if (!gone.isEmpty()) {
            remove(gone);
        }
    }

    private void remove(List<Long> rows) throws SQLException {
        try (var statement =
                connection.prepareStatement("delete from mqtt_journal where tenant_id = ? and id = any (?)")) {
            statement.setObject(1, tenant.value());
            statement.setArray(2, connection.createArrayOf("int8", rows.toArray()));
            statement.executeUpdate();
        }
    }

    private static StoredMessage retained(ResultSet row) throws SQLException {
        var properties = row.getBytes("properties");
        var expirySeconds = row.getObject("expiry_seconds", Long.class);
        return new StoredMessage(
                0,
                row.getString("topic"),
                row.getBytes("payload"),
                properties == null ? NOTHING : properties,
                row.getInt("qos"),
                true,
                expirySeconds == null ? -1 : expirySeconds,
                instant(row, "expires_at"));
    }

    private static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
        @Nullable OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
        return time == null ? null : time.toInstant();
    }

    private void readReceived() throws SQLException {
        each("select session_id, packet_id from mqtt_received where tenant_id = ?", row -> {
            var session = sessionOf(row);
            if (session != null) {
                session.received.add(row.getInt("packet_id"));
            }
        });
    }

    private void readRetained() throws SQLException {
        each("""
                select topic, client_id, payload, properties, qos, expiry_seconds, expires_at
                from mqtt_retained where tenant_id = ?
                """, row -> retained.add(new StoredRetained(retained(row), row.getString("client_id"))));
    }

    private @Nullable Session sessionOf(ResultSet row) throws SQLException {
        var session = sessions.get(row.getLong("session_id"));
        if (session == null) {
            dangling = true;
        }
        return session;
    }

    private void each(String sql, RowReader reader) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            // Only then does the driver not hold all rows at once
            statement.setFetchSize(ROWS_AT_A_TIME);
            statement.setObject(1, tenant.value());
            try (var rows = statement.executeQuery()) {
                while (rows.next()) {
                    reader.read(rows);
                }
            }
        }
    }

    private void removeDangling() throws SQLException {
        for (var sql : List.of("""
                delete from mqtt_session older using mqtt_session newer
                where older.tenant_id = ? and newer.tenant_id = older.tenant_id
                  and newer.client_id = older.client_id and newer.id > older.id
                """, """
                delete from mqtt_subscription s where tenant_id = ? and not exists (
                  select from mqtt_session where tenant_id = s.tenant_id and id = s.session_id)
                """, """
                delete from mqtt_received r where tenant_id = ? and not exists (
                  select from mqtt_session where tenant_id = r.tenant_id and id = r.session_id)
                """)) {
            try (var statement = connection.prepareStatement(sql)) {
                statement.setObject(1, tenant.value());
                statement.executeUpdate();
            }
        }
    }
}
