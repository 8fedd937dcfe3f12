package dev.dunlin.messagestore;

import static dev.dunlin.messagestore.Rows.Column.BYTES;
import static dev.dunlin.messagestore.Rows.Column.FLAG;
import static dev.dunlin.messagestore.Rows.Column.INT;
import static dev.dunlin.messagestore.Rows.Column.LONG;
import static dev.dunlin.messagestore.Rows.Column.SHORT;
import static dev.dunlin.messagestore.Rows.Column.TEXT;

import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredRetained;
import dev.dunlin.engine.port.StoredSession;
import dev.dunlin.engine.port.StoredSubscription;
import dev.dunlin.engine.port.TenantId;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All changes of a batch as one statement of several parts, which PostgreSQL gets in one go and commits with one write to its
 * disk. Without rows of journals it may be made twice with the same result, for a commit whose answer was lost.
 */
final class StoreStatement {
    private static final String REMOVE_SESSION = """
            delete from mqtt_session m
            using (select ?::uuid[] as ids) t, unnest(?::int[], ?::bigint[]) as s (tenant, id)
            where m.tenant_id = t.ids[s.tenant] and m.id = s.id
            """;
    private static final String REMOVE_SUBSCRIPTIONS = """
            delete from mqtt_subscription m
            using (select ?::uuid[] as ids) t, unnest(?::int[], ?::bigint[]) as s (tenant, session)
            where m.tenant_id = t.ids[s.tenant] and m.session_id = s.session
            """;
    /**
     * Here and below, rows of tables that fill and empty are found by the key, one after the other: {@code offset 0} keeps
     * PostgreSQL from turning that round. Once it takes a table for a small one, it would read all of it for each batch and
     * compare each row with each key; and it does when the table was vacuumed while it was empty. Only the writer changes such
     * rows, so that they stay where they were found.
     */
    private static final String REMOVE_ALL_RECEIVED = """
            delete from mqtt_received where ctid = any (array(
              select found.ctid
              from (select ?::uuid[] as ids) t,
                unnest(?::int[], ?::bigint[]) as s (tenant, session),
                lateral (
                  select m.ctid from mqtt_received m
                  where m.tenant_id = t.ids[s.tenant] and m.session_id = s.session
                  offset 0) as found))
            """;
    /** Of a tenant that was deleted nothing is stored any more. */
    private static final String PUT_SESSION = """
            insert into mqtt_session (tenant_id, id, client_id, credential_id, expiry_seconds, connected, since,
              will_topic, will_payload, will_properties, will_qos, will_retain, will_expiry_seconds, will_delay_seconds)
            select t.ids[s.tenant], s.id, s.client_id, s.credential::uuid, s.expiry, s.connected,
              to_timestamp(s.since / 1e6), s.will_topic, s.will_payload, s.will_properties, s.will_qos, s.will_retain,
              s.will_expiry, s.will_delay
            from (select ?::uuid[] as ids) t,
              unnest(?::int[], ?::bigint[], ?::text[], ?::text[], ?::bigint[], ?::boolean[], ?::bigint[], ?::text[],
                ?::bytea[], ?::bytea[], ?::smallint[], ?::boolean[], ?::bigint[], ?::bigint[])
              as s (tenant, id, client_id, credential, expiry, connected, since, will_topic, will_payload,
                will_properties, will_qos, will_retain, will_expiry, will_delay)
            where exists (select from tenant where tenant.id = t.ids[s.tenant])
            on conflict (tenant_id, id) do update set
              client_id = excluded.client_id,
              credential_id = excluded.credential_id,
              expiry_seconds = excluded.expiry_seconds,
              connected = excluded.connected,
              since = excluded.since,
              will_topic = excluded.will_topic,
              will_payload = excluded.will_payload,
              will_properties = excluded.will_properties,
              will_qos = excluded.will_qos,
              will_retain = excluded.will_retain,
              will_expiry_seconds = excluded.will_expiry_seconds,
              will_delay_seconds = excluded.will_delay_seconds
            """;

    private static final String PUT_SUBSCRIPTION = """
            insert into mqtt_subscription (tenant_id, session_id, filter_key, filter, qos, no_local, retain_as_published,
              subscription_id)
            select t.ids[s.tenant], s.session, sha256(convert_to(s.filter, 'UTF8')), s.filter, s.qos, s.no_local,
              s.retain_as_published, s.subscription_id
            from (select ?::uuid[] as ids) t,
              unnest(?::int[], ?::bigint[], ?::text[], ?::smallint[], ?::boolean[], ?::boolean[], ?::int[])
              as s (tenant, session, filter, qos, no_local, retain_as_published, subscription_id)
            on conflict (tenant_id, session_id, filter_key) do update set
              qos = excluded.qos,
              no_local = excluded.no_local,
              retain_as_published = excluded.retain_as_published,
              subscription_id = excluded.subscription_id
            """;
    private static final String REMOVE_SUBSCRIPTION = """
            delete from mqtt_subscription m
            using (select ?::uuid[] as ids) t, unnest(?::int[], ?::bigint[], ?::text[]) as s (tenant, session, filter)
            where m.tenant_id = t.ids[s.tenant] and m.session_id = s.session
              and m.filter_key = sha256(convert_to(s.filter, 'UTF8'))
            """;
    private static final String PUT_SEGMENT = """
            insert into mqtt_journal (tenant_id, id, expires_at, entries)
            select t.ids[s.tenant], s.id, to_timestamp(s.expires_at / 1e6), s.entries
            from (select ?::uuid[] as ids) t, unnest(?::int[], ?::bigint[], ?::bigint[], ?::bytea[])
              as s (tenant, id, expires_at, entries)
            """;
    private static final String REMOVE_SEGMENT = """
            delete from mqtt_journal where ctid = any (array(
              select found.ctid
              from (select ?::uuid[] as ids) t, unnest(?::int[], ?::bigint[]) as s (tenant, id),
                lateral (
                  select m.ctid from mqtt_journal m where m.tenant_id = t.ids[s.tenant] and m.id = s.id
                  offset 0) as found))
            """;
    private static final String PUT_RECEIVED = """
            insert into mqtt_received (tenant_id, session_id, packet_id)
            select t.ids[s.tenant], s.session, s.packet_id
            from (select ?::uuid[] as ids) t, unnest(?::int[], ?::bigint[], ?::int[]) as s (tenant, session, packet_id)
            on conflict do nothing
            """;
    private static final String REMOVE_RECEIVED = """
            delete from mqtt_received where ctid = any (array(
              select found.ctid
              from (select ?::uuid[] as ids) t,
                unnest(?::int[], ?::bigint[], ?::int[]) as s (tenant, session, packet_id),
                lateral (
                  select m.ctid from mqtt_received m
                  where m.tenant_id = t.ids[s.tenant] and m.session_id = s.session
                    and m.packet_id = s.packet_id
                  offset 0) as found))
            """;
    /** Of a tenant that was deleted nothing is stored any more. */
    private static final String PUT_RETAINED = """
            insert into mqtt_retained (tenant_id, topic_key, topic, client_id, payload, properties, qos, expiry_seconds,
              expires_at)
            select t.ids[s.tenant], sha256(convert_to(s.topic, 'UTF8')), s.topic, s.client_id, s.payload, s.properties,
              s.qos, s.expiry, to_timestamp(s.expires_at / 1e6)
            from (select ?::uuid[] as ids) t,
              unnest(?::int[], ?::text[], ?::text[], ?::bytea[], ?::bytea[], ?::smallint[], ?::bigint[], ?::bigint[])
              as s (tenant, topic, client_id, payload, properties, qos, expiry, expires_at)
            where exists (select from tenant where tenant.id = t.ids[s.tenant])
            on conflict (tenant_id, topic_key) do update set
              client_id = excluded.client_id,
              payload = excluded.payload,
              properties = excluded.properties,
              qos = excluded.qos,
              expiry_seconds = excluded.expiry_seconds,
              expires_at = excluded.expires_at
            """;

    private static final String REMOVE_RETAINED = """
            delete from mqtt_retained m
            using (select ?::uuid[] as ids) t, unnest(?::int[], ?::text[]) as s (tenant, topic)
            where m.tenant_id = t.ids[s.tenant] and m.topic_key = sha256(convert_to(s.topic, 'UTF8'))
            """;

    private final Rows sessionsRemoved = new Rows(LONG);
    private final Rows sessions =
            new Rows(LONG, TEXT, TEXT, LONG, FLAG, LONG, TEXT, BYTES, BYTES, SHORT, FLAG, LONG, LONG);
    private final Rows subscriptions = new Rows(LONG, TEXT, SHORT, FLAG, FLAG, INT);
    private final Rows subscriptionsRemoved = new Rows(LONG, TEXT);

    private record SegmentKey(TenantId tenant, long id) {}

    private @Nullable SegmentKey firstSegment;
    private final Rows segments = new Rows(LONG, LONG, BYTES);
    private final Rows segmentsRemoved = new Rows(LONG);
    private final Rows received = new Rows(LONG, INT);
    private final Rows receivedRemoved = new Rows(LONG, INT);
    private final Rows retained = new Rows(TEXT, TEXT, BYTES, BYTES, SHORT, LONG, LONG);
    private final Rows retainedRemoved = new Rows(TEXT);

    void putSession(TenantId tenant, StoredSession session) {
        var will = session.will();
        var message = will == null ? null : will.message();
        sessions.add(
                tenant,
                session.id(),
                session.clientId(),
                session.credential().toString(),
                session.expirySeconds(),
                session.connected(),
                micros(session.since()),
                message == null ? null : message.topic(),
                message == null ? null : message.payload(),
                message == null ? null : message.properties(),
                message == null ? null : (short) message.qos(),
                message == null ? null : message.retain(),
                message == null ? null : message.expirySeconds(),
                will == null ? null : will.delaySeconds());
    }

    /** And all that hangs on it; before anything is put. */
    void removeSession(TenantId tenant, long session) {
        sessionsRemoved.add(tenant, session);
    }

    void putSubscription(TenantId tenant, long session, StoredSubscription subscription) {
        subscriptions.add(
                tenant,
                session,
                subscription.filter(),
                (short) subscription.qos(),
                subscription.noLocal(),
                subscription.retainAsPublished(),
                subscription.subscriptionId());
    }

    void removeSubscription(TenantId tenant, long session, String filter) {
        subscriptionsRemoved.add(tenant, session, filter);
    }

    void putSegment(TenantId tenant, JournalBatch.Row row) {
        if (firstSegment == null) {
            firstSegment = new SegmentKey(tenant, row.segment().id);
        }
        segments.add(tenant, row.segment().id, row.expiresAtMicros(), row.entries());
    }

    /**
     * Whether it was made, though the answer was lost; nobody is making it now.
     *
     * @return false if it does no harm to make it again
     */
    boolean wasCommitted(Connection connection) throws SQLException {
        return firstSegment != null
                && !JournalRows.read(connection, firstSegment.tenant, List.of(firstSegment.id))
                        .isEmpty();
    }

    void removeSegment(TenantId tenant, long id) {
        segmentsRemoved.add(tenant, id);
    }

    void putReceived(TenantId tenant, long session, int packetId) {
        received.add(tenant, session, packetId);
    }

    void removeReceived(TenantId tenant, long session, int packetId) {
        receivedRemoved.add(tenant, session, packetId);
    }

    void putRetained(TenantId tenant, String topic, StoredRetained now) {
        var message = now.message();
        retained.add(
                tenant,
                topic,
                now.clientId(),
                message.payload(),
                propertiesOf(message),
                (short) message.qos(),
                expirySecondsOf(message),
                micros(message.expiresAt()));
    }

    void removeRetained(TenantId tenant, String topic) {
        retainedRemoved.add(tenant, topic);
    }

    private static byte @Nullable [] propertiesOf(StoredMessage message) {
        return message.properties().length == 0 ? null : message.properties();
    }

    private static @Nullable Long expirySecondsOf(StoredMessage message) {
        return message.expirySeconds() < 0 ? null : message.expirySeconds();
    }

    private static @Nullable Long micros(@Nullable Instant instant) {
        return instant == null ? null : ChronoUnit.MICROS.between(Instant.EPOCH, instant);
    }

    boolean isEmpty() {
        return parts().isEmpty();
    }

    /**
     * Makes the changes, all or none; they are on disk when this returns.
     *
     * @param connection in autocommit mode: then what is sent in one go is one transaction
     */
    void execute(Connection connection) throws SQLException {
        Map<String, Rows> parts = parts();
        if (parts.isEmpty()) {
            return;
        }
        try (var statement = connection.prepareStatement(String.join(";", parts.keySet()))) {
            int next = 1;
            for (var rows : parts.values()) {
                next = rows.bind(connection, statement, next);
            }
            statement.execute();
        }
    }

    /** Sessions go first: what is put for one afterwards belongs to it anew. */
    private Map<String, Rows> parts() {
        var parts = new LinkedHashMap<String, Rows>();
        parts.put(REMOVE_SESSION, sessionsRemoved);
        parts.put(REMOVE_SUBSCRIPTIONS, sessionsRemoved);
        parts.put(REMOVE_ALL_RECEIVED, sessionsRemoved);
        parts.put(PUT_SESSION, sessions);
        parts.put(PUT_SUBSCRIPTION, subscriptions);
        parts.put(REMOVE_SUBSCRIPTION, subscriptionsRemoved);
        parts.put(PUT_SEGMENT, segments);
        parts.put(REMOVE_SEGMENT, segmentsRemoved);
        parts.put(PUT_RECEIVED, received);
        parts.put(REMOVE_RECEIVED, receivedRemoved);
        parts.put(PUT_RETAINED, retained);
        parts.put(REMOVE_RETAINED, retainedRemoved);
        parts.values().removeIf(Rows::isEmpty);
        return parts;
    }
}
