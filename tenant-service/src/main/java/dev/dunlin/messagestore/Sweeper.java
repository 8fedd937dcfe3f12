package dev.dunlin.messagestore;

import dev.dunlin.engine.port.StoredSession;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * Removes what no engine will: sessions, messages and retained messages that expired while their tenant was not loaded, and
 * what deleted tenants left. An hour behind, so that it never meets an engine that removes the same; in batches with pauses,
 * so that traffic is not held up.
 *
 * <p>At first it takes note that sessions have lost their clients which were connected when this process started. That is
 * right for one node; with more, those of nodes that live have to be left out, by the epoch of the node that wrote them.
 */
final class Sweeper {
    private static final Logger log = LoggerFactory.getLogger(Sweeper.class);

    private static final int CONNECT_SECONDS = 2;
    private static final int BATCH = 2_000;
    private static final Duration BEHIND = Duration.ofHours(1);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** After that nothing is under way any more for a tenant that was deleted. */
    private static final Duration MOURNING = Duration.ofMinutes(10);

    private static final long TURN_MILLISECONDS = TimeUnit.MINUTES.toMillis(10);
    private static final long TURN_AFTER_FAILURE_MILLISECONDS = TimeUnit.SECONDS.toMillis(30);
    private static final long PAUSE_MILLISECONDS = 20;

    private static final List<String> TABLES =
            List.of("mqtt_session", "mqtt_subscription", "mqtt_journal", "mqtt_received", "mqtt_retained");

    private static final String LAST_OF_BATCH = """
            select tenant_id, id from (
              select tenant_id, id from mqtt_session where (tenant_id, id) > (?, ?) order by tenant_id, id limit ?) as batch
            order by tenant_id desc, id desc limit 1
            """;
    private static final String MARK_LEFT = """
            update mqtt_session set connected = false, since = ?
            where (tenant_id, id) > (?, ?) and (tenant_id, id) <= (?, ?) and connected and since < ?
            """;
    /** Not those with a Will, which an engine publishes and then removes. */
    private static final String REMOVE_EXPIRED_SESSIONS = """
            with gone as (
              delete from mqtt_session
              where (tenant_id, id) > (?, ?) and (tenant_id, id) <= (?, ?) and not connected and will_topic is null
                and expiry_seconds <> ? and since + expiry_seconds * interval '1 second' < ?
              returning tenant_id, id),
            subscriptions as (
              delete from mqtt_subscription s using gone where s.tenant_id = gone.tenant_id and s.session_id = gone.id),
            received as (
              delete from mqtt_received r using gone where r.tenant_id = gone.tenant_id and r.session_id = gone.id)
            select distinct tenant_id from gone
            """;
    /**
     * Of a tenant without sessions, and only what was stored before this process. While a tenant has others, what an expired
     * session left in the journal goes when it is read.
     */
    private static final String REMOVE_NEEDLESS_SEGMENTS = """
            delete from mqtt_journal j where j.tenant_id = ? and j.id < ? and not exists (
              select from mqtt_session s where s.tenant_id = j.tenant_id)
            """;
    /** Rows in which nothing counts beyond that time. */
    private static final String REMOVE_EXPIRED_SEGMENTS = """
            delete from mqtt_journal where ctid = any (array(
              select ctid from mqtt_journal where expires_at < ? limit ?))
            """;

    private static final String REMOVE_EXPIRED_RETAINED = """
            delete from mqtt_retained where ctid = any (array(
              select ctid from mqtt_retained where expires_at < ? limit ?)) and expires_at < ?
            """;
    private static final String DELETED_TENANTS =
            "select tenant_id from mqtt_tenant_deleted where deleted_at <= now() - ? * interval '1 second'";

    /** A session's place in the order of the table. */
    private record Key(UUID tenant, long id) {
        static final Key FIRST = new Key(new UUID(0, 0), Long.MIN_VALUE);
    }

    private final Connections connections;
    private final Clock clock;
    private final Instant started;
    private final long firstId;
    private final Thread thread;
    private boolean marked;

    /** @param firstId which this process gives out */
    Sweeper(Connections connections, Clock clock, Instant started, long firstId) {
        this.connections = connections;
        this.clock = clock;
        this.started = started;
        this.firstId = firstId;
        thread = new Thread(this::run, "message-store-sweeper");
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    void stop() {
        thread.interrupt();
    }

    private void run() {
        try {
            while (true) {
                TimeUnit.MILLISECONDS.sleep(turn() ? TURN_MILLISECONDS : TURN_AFTER_FAILURE_MILLISECONDS);
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean turn() throws InterruptedException {
        try {
            sweep(MOURNING);
            return true;
        } catch (SQLException | DataAccessException e) {
            log.debug("The message store cannot be tidied for now", e);
            return false;
        }
    }

    /** @param mourning how long ago a tenant was deleted at least: what is under way for it has been written by then */
    synchronized void sweep(Duration mourning) throws SQLException, InterruptedException {
        try (var connection = connections.open("dunlin message store sweeper", CONNECT_SECONDS, PATIENCE)) {
            var jdbc = JdbcClient.create(new SingleConnectionDataSource(connection, true));
            jdbc.sql("set enable_seqscan = off").update();
            if (!marked) {
                eachBatchOfSessions(jdbc, (from, to) -> markLeft(jdbc, from, to));
                marked = true;
            }
            var longAgo = clock.instant().minus(BEHIND).atOffset(ZoneOffset.UTC);
            var touched = new HashSet<UUID>();
            eachBatchOfSessions(jdbc, (from, to) -> touched.addAll(removeExpired(jdbc, from, to, longAgo)));
            for (var tenant : touched) {
                jdbc.sql(REMOVE_NEEDLESS_SEGMENTS).params(tenant, firstId).update();
                rest();
            }
            repeat(() ->
                    jdbc.sql(REMOVE_EXPIRED_SEGMENTS).params(longAgo, BATCH).update());
            repeat(() -> jdbc.sql(REMOVE_EXPIRED_RETAINED)
                    .params(longAgo, BATCH, longAgo)
                    .update());
            removeDeletedTenants(jdbc, mourning);
        }
    }

    private void eachBatchOfSessions(JdbcClient jdbc, BiConsumer<Key, Key> work) throws InterruptedException {
        Optional<Key> last = Optional.of(Key.FIRST);
        while (last.isPresent()) {
            var from = last.get();
            last = jdbc.sql(LAST_OF_BATCH)
                    .params(from.tenant(), from.id(), BATCH)
                    .query((row, number) -> new Key(row.getObject("tenant_id", UUID.class), row.getLong("id")))
                    .optional();
            if (last.isPresent()) {
                work.accept(from, last.get());
                rest();
            }
        }
    }

    private void markLeft(JdbcClient jdbc, Key from, Key to) {
        var since = started.atOffset(ZoneOffset.UTC);
        jdbc.sql(MARK_LEFT)
                .params(since, from.tenant(), from.id(), to.tenant(), to.id(), since)
                .update();
    }

    /** @return whose they were */
    private static List<UUID> removeExpired(JdbcClient jdbc, Key from, Key to, OffsetDateTime before) {
        return jdbc.sql(REMOVE_EXPIRED_SESSIONS)
                .params(from.tenant(), from.id(), to.tenant(), to.id(), StoredSession.NEVER_EXPIRES, before)
                .query(UUID.class)
                .list();
    }

    private static void repeat(IntSupplier batch) throws InterruptedException {
        while (batch.getAsInt() > 0) {
            rest();
        }
    }

    private static void removeDeletedTenants(JdbcClient jdbc, Duration mourning) throws InterruptedException {
        for (var tenant : jdbc.sql(DELETED_TENANTS)
                .param(mourning.toSeconds())
                .query(UUID.class)
                .list()) {
            for (var table : TABLES) {
                repeat(() -> jdbc.sql("delete from " + table + " where ctid = any (array(select ctid from " + table
                                + " where tenant_id = ? limit ?)) and tenant_id = ?")
                        .params(tenant, BATCH, tenant)
                        .update());
            }
            jdbc.sql("delete from mqtt_tenant_deleted where tenant_id = ?")
                    .param(tenant)
                    .update();
        }
    }

    private static void rest() throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLISECONDS);
    }
}
