package dev.dunlin.messagestore;

import dev.dunlin.database.DataDirectoryException;
import dev.dunlin.database.EmbeddedPostgres;
import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.StoreChange;
import dev.dunlin.engine.port.StoredTenant;
import dev.dunlin.engine.port.TenantId;
import jakarta.annotation.PostConstruct;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.context.annotation.Lazy;
import org.springframework.stereotype.Component;

/**
 * The message store on PostgreSQL. A tenant's changes go to one of a few writers, so they keep their order; each writer puts
 * all that arrived while it wrote into its next transaction. Made only where an engine asks for it: a process that serves the
 * console alone neither writes nor tidies.
 */
@Component
@Lazy
@DependsOnDatabaseInitialization
class PostgresMessageStore implements MessageStore, DisposableBean {
    private static final Logger log = LoggerFactory.getLogger(PostgresMessageStore.class);

    private static final int MAX_WRITERS = 4;
    private static final int MAX_WAITING_CHANGES = 250_000;
    private static final long MAX_WAITING_BYTES = 256L << 20;
    private static final int COUNTER_BITS = 40;
    private static final int CONNECT_SECONDS = 5;
    private static final int LOAD_SECONDS = 2;
    private static final Duration STOP_TIME = Duration.ofSeconds(3);

    private final Instant started;
    private final Clock clock;
    private final Connections connections;
    private final StoreCounters counters = new StoreCounters();
    private final List<Backlog> backlogs = new ArrayList<>();
    private final List<Writer> writers = new ArrayList<>();
    private final TenantLoader loader;
    private final AtomicLong lastId;
    private final AtomicBoolean overflowing = new AtomicBoolean();
    private final DiskRoom room;
    private final ScheduledThreadPoolExecutor watch = new ScheduledThreadPoolExecutor(1, work -> {
        var thread = new Thread(work, "message-store-watch");
        thread.setDaemon(true);
        return thread;
    });
    final Sweeper sweeper;
    private volatile boolean stopped;

    @Autowired
    PostgresMessageStore(
            JdbcConnectionDetails database,
            Clock clock,
            ObjectProvider<EmbeddedPostgres> embedded,
            @Value("${dunlin.data-dir:./data}") Path dataDirectory,
            MessageStoreStatus status) {
        this(
                database,
                clock,
                embedded.getIfAvailable() == null ? DiskRoom.Probe.UNKNOWN : DiskRoom.Probe.of(dataDirectory),
                Math.min(MAX_WRITERS, Runtime.getRuntime().availableProcessors()),
                MAX_WAITING_CHANGES,
                Math.min(MAX_WAITING_BYTES, Runtime.getRuntime().maxMemory() / 8));
        status.of(this::statistics);
    }

    /** The bounds are for all writers together. */
    PostgresMessageStore(
            JdbcConnectionDetails database,
            Clock clock,
            DiskRoom.Probe disk,
            int writerCount,
            int maxWaiting,
            long maxWaitingBytes) {
        this.clock = clock;
        room = new DiskRoom(disk);
        started = clock.instant();
        connections = new Connections(database);
        long firstId = nextEpoch() << COUNTER_BITS;
        lastId = new AtomicLong(firstId);
        sweeper = new Sweeper(connections, clock, started, firstId);
        for (int i = 0; i < writerCount; i++) {
            var backlog = new Backlog(maxWaiting / writerCount, maxWaitingBytes / writerCount);
            backlogs.add(backlog);
            writers.add(new Writer(i, connections, backlog, counters, this::newId));
        }
        loader = new TenantLoader(connections);
        writers.forEach(Writer::start);
        loader.start();
        var unused = watch.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
    }

    private void look() {
        room.look();
        if (overflowing.get() && backlogs.stream().noneMatch(Backlog::isHalfFull)) {
            overflowing.set(false);
            log.info("The message store has caught up");
        }
    }

    /** Not in the constructor, for tests that sweep when they want to. */
    @PostConstruct
    void startSweeping() {
        sweeper.start();
    }

    /** Also finds out whether the server keeps what it confirms. */
    private long nextEpoch() {
        try (var connection = connections.open("dunlin message store", CONNECT_SECONDS, STOP_TIME)) {
            for (var setting : List.of("fsync", "full_page_writes")) {
                if (!"on".equals(answer(connection, "show " + setting))) {
                    throw new DataDirectoryException("The database runs without " + setting
                            + ", so messages that it confirms could be lost: switch it on.");
                }
            }
            if (answer(connection, "select to_regclass('mqtt_epoch')") == null) {
                throw new DataDirectoryException(
                        "The database has no tables for messages: let Dunlin prepare it (spring.flyway.enabled).");
            }
            return Long.parseLong(String.valueOf(answer(connection, "select nextval('mqtt_epoch')")));
        } catch (SQLException e) {
            throw new IllegalStateException("The message store cannot be opened", e);
        }
    }

    private static @Nullable String answer(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            return result.next() ? result.getString(1) : null;
        }
    }

    @Override
    public long newId() {
        return lastId.incrementAndGet();
    }

    @Override
    public CompletionStage<StoredTenant> load(TenantId tenant) {
        var result = new CompletableFuture<StoredTenant>();
        if (writerOf(tenant).isAway()) {
            result.completeExceptionally(new IllegalStateException("The message store is away."));
            return result;
        }
        var reached = new CompletableFuture<Boolean>();
        reached.orTimeout(LOAD_SECONDS, TimeUnit.SECONDS).whenComplete((ready, late) -> {
            if (late == null) {
                loader.read(connection -> read(connection, tenant), result);
            } else {
                result.completeExceptionally(late);
            }
        });
        backlogOf(tenant).offer(Entry.mark(tenant, new Listener() {
            @Override
            public void onStored() {
                reached.complete(true);
            }

            @Override
            public void onRefused(Refusal why) {
                reached.completeExceptionally(new IllegalStateException("The message store fails: " + why + "."));
            }
        }));
        return result;
    }

    private StoredTenant read(Connection connection, TenantId tenant) throws SQLException {
        var read = TenantReader.read(connection, tenant);
        writerOf(tenant).take(tenant, read.journal());
        return read.stored();
    }

    @Override
    public void unloaded(TenantId tenant) {
        var writer = writerOf(tenant);
        backlogOf(tenant).offer(Entry.mark(tenant, new Listener() {
            @Override
            public void onStored() {
                writer.forget(tenant);
            }

            @Override
            public void onRefused(Refusal why) {
                writer.forget(tenant);
            }
        }));
    }

    @Override
    public void change(TenantId tenant, StoreChange change, @Nullable Listener listener) {
        var entry = Entry.of(tenant, change, listener);
        if (room.isShort() && entry.takesRoom()) {
            refuse(listener);
            return;
        }
        var backlog = backlogOf(tenant);
        if (!backlog.offer(entry)) {
            if (!stopped && overflowing.compareAndSet(false, true)) {
                log.warn("More waits for the message store than it can hold: messages to be stored are refused");
            }
            refuse(listener);
        }
    }

    @Override
    public boolean isBehind(TenantId tenant) {
        return backlogOf(tenant).isHalfFull();
    }

    private void refuse(@Nullable Listener listener) {
        counters.refused();
        if (listener != null) {
            listener.onRefused(Refusal.FULL);
        }
    }

    @Override
    public CompletionStage<List<TenantId>> tenantsWithWills() {
        var result = new CompletableFuture<List<TenantId>>();
        loader.read(this::tenantsWithWills, result);
        return result;
    }

    /**
     * A session that was connected when this process started has lost its client since: there is one node so far. With more,
     * those of nodes that live are left out by the epoch of the node that wrote them.
     */
    private List<TenantId> tenantsWithWills(Connection connection) throws SQLException {
        try (var statement = connection.prepareStatement("""
                select distinct tenant_id from mqtt_session
                where will_topic is not null and case when connected then since < ?
                  else since + least(will_delay_seconds, expiry_seconds) * interval '1 second' <= ? end
                """)) {
            statement.setObject(1, started.atOffset(ZoneOffset.UTC));
            statement.setObject(2, clock.instant().atOffset(ZoneOffset.UTC));
            var tenants = new ArrayList<TenantId>();
            try (var rows = statement.executeQuery()) {
                while (rows.next()) {
                    tenants.add(new TenantId(rows.getObject(1, UUID.class)));
                }
            }
            connection.commit();
            return tenants;
        } catch (SQLException e) {
            connection.rollback();
            throw e;
        }
    }

    StoreStatistics statistics() {
        return new StoreStatistics(
                counters.commits(),
                counters.changes(),
                counters.messages(),
                counters.refusals(),
                backlogs.stream().mapToLong(Backlog::waiting).sum(),
                backlogs.stream().mapToLong(Backlog::waitingBytes).sum(),
                writers.stream().anyMatch(Writer::isAway));
    }

    private Backlog backlogOf(TenantId tenant) {
        return backlogs.get(shard(tenant));
    }

    private Writer writerOf(TenantId tenant) {
        return writers.get(shard(tenant));
    }

    private int shard(TenantId tenant) {
        return Math.floorMod(tenant.value().hashCode(), backlogs.size());
    }

    /** Writes what was handed in; the engine has stopped before. */
    @Override
    public void destroy() throws InterruptedException {
        stopped = true;
        sweeper.stop();
        watch.shutdownNow();
        loader.stop();
        var deadline = System.nanoTime() + STOP_TIME.toNanos();
        backlogs.forEach(Backlog::close);
        for (var writer : writers) {
            writer.stop(Duration.ofNanos(deadline - System.nanoTime()));
        }
    }
}
