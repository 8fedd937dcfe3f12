package dev.dunlin.messagestore;

import dev.dunlin.engine.port.MessageStore.Listener;
import dev.dunlin.engine.port.MessageStore.Refusal;
import dev.dunlin.engine.port.StoreChange.Queued;
import dev.dunlin.engine.port.TenantId;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread with a connection of its own, which writes what its backlog holds: all that has arrived meanwhile in one
 * transaction. A batch is tried until its outcome is known: when the answer to a commit was lost, what is in the journals
 * tells whether it was made.
 */
final class Writer {
    private static final Logger log = LoggerFactory.getLogger(Writer.class);

    private static final int CONNECT_SECONDS = 2;
    private static final long FIRST_PAUSE_MILLISECONDS = 50;
    private static final long MAX_PAUSE_MILLISECONDS = 1_000;
    /** A server that is merely held up answers in time; one that vanished without a word does not keep the writer. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Connections connections;
    private final Backlog backlog;
    private final StoreCounters counters;
    private final LongSupplier ids;
    private final Thread thread;

    /** Of tenants of which something is stored. The thread's, but for a tenant that is being read. */
    private final ConcurrentMap<TenantId, Journal> journals = new ConcurrentHashMap<>();

    private volatile @Nullable Connection connection;
    private volatile boolean stopped;
    private volatile boolean away;

    // Below is touched by the thread alone

    /** The server process that served us last; 0 if there was none. */
    private int lastServerPid;

    private boolean full;
    private long pauseMilliseconds = FIRST_PAUSE_MILLISECONDS;

    /** @param ids gives rows of journals their numbers, which grow */
    Writer(int number, Connections connections, Backlog backlog, StoreCounters counters, LongSupplier ids) {
        this.connections = connections;
        this.backlog = backlog;
        this.counters = counters;
        this.ids = ids;
        thread = new Thread(this::run, "message-store-" + number);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    boolean isAway() {
        return away;
    }

    /** Writes what is left, if that can be done in time; of what waits for a database that is away, nobody was told anything. */
    void stop(Duration patience) throws InterruptedException {
        backlog.close();
        thread.join(Math.max(1, away ? 0 : patience.toMillis()));
        stopped = true;
        thread.interrupt();
        disconnect();
    }

    private void run() {
        try {
            for (var batch = backlog.take(); !batch.isEmpty(); batch = backlog.take()) {
                write(batch);
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } finally {
            disconnect();
        }
    }

    /** A tenant was read, and nothing of it is handed in until this returns. */
    void take(TenantId tenant, Journal journal) {
        if (journal.isEmpty()) {
            journals.remove(tenant);
        } else {
            journals.put(tenant, journal);
        }
    }

    /** A tenant is read anew before anything of it is handed in. On the thread. */
    void forget(TenantId tenant) {
        journals.remove(tenant);
    }

    /** What changes come to. */
    private record Prepared(Folded folded, StoreStatement statement) {}

    /** Changes that are made together, or were to be before one of them turned out to be at fault. */
    private static final class Part {
        final List<Entry> entries;

        @Nullable
        Prepared prepared;

        /** Whether it may have been committed. */
        boolean isUncertain;

        Part(List<Entry> entries) {
            this.entries = entries;
        }
    }

    private void write(List<Entry> batch) throws InterruptedException {
        var parts = new ArrayDeque<Part>();
        parts.add(new Part(batch));
        while (!parts.isEmpty()) {
            var part = parts.remove();
            try {
                commit(part);
                tellStored(part.entries);
            } catch (SQLException e) {
                handle(e, part, parts);
            } catch (RuntimeException | OutOfMemoryError e) {
                split(e, part, parts);
            }
        }
    }

    private void commit(Part part) throws SQLException {
        var prepared = part.prepared;
        if (prepared == null) {
            prepared = prepare(part.entries);
            part.prepared = prepared;
        }
        var statement = prepared.statement();
        var folded = prepared.folded();
        if (!statement.isEmpty()) {
            var open = connected();
            if (!part.isUncertain || !statement.wasCommitted(open)) {
                part.isUncertain = true;
                statement.execute(open);
            }
            counters.committed(folded.messages());
            succeeded();
        }
        folded.written();
        folded.tenants()
                .forEach(tenant -> journals.computeIfPresent(tenant, (id, kept) -> kept.isEmpty() ? null : kept));
    }

    private Prepared prepare(List<Entry> entries) throws SQLException {
        try {
            return prepare(entries, full ? null : this::rows);
        } catch (SegmentBytes.DamagedException e) {
            log.error("A row of a journal is damaged, so that none is written anew: {}", e.getMessage());
            return prepare(entries, null);
        }
    }

    private Prepared prepare(List<Entry> entries, @Nullable JournalRows source) throws SQLException {
        var folded = Folded.of(entries, tenant -> journals.computeIfAbsent(tenant, first -> new Journal()));
        var statement = new StoreStatement();
        folded.tell(statement, ids, source);
        return new Prepared(folded, statement);
    }

    /** The bytes of rows of a tenant's journal that are there. */
    private Map<Long, byte[]> rows(TenantId tenant, List<Long> ids) throws SQLException {
        return JournalRows.read(connected(), tenant, ids);
    }

    private Connection connected() throws SQLException {
        var open = connection;
        if (open != null) {
            return open;
        }
        var fresh = connections.open("dunlin message store", CONNECT_SECONDS, PATIENCE);
        try (var statement = fresh.createStatement()) {
            // Tables that fill and empty mislead statistics; by the key is always right here
            statement.execute("""
                    set plan_cache_mode = force_generic_plan;
                    set enable_seqscan = off; set enable_bitmapscan = off;
                    set enable_hashjoin = off; set enable_mergejoin = off
                    """);
            endLastServer(fresh);
            try (var result = statement.executeQuery("select pg_backend_pid()")) {
                result.next();
                lastServerPid = result.getInt(1);
            }
        } catch (SQLException e) {
            fresh.close();
            throw e;
        }
        connection = fresh;
        return fresh;
    }

    /** It may still have in hand what we sent, and must not do it after what we send now. */
    private void endLastServer(Connection fresh) throws SQLException {
        try (var statement = fresh.prepareStatement("""
                select pg_terminate_backend(pid, 5000) from pg_stat_activity
                where pid = ? and application_name = current_setting('application_name') and usename = current_user
                """)) {
            statement.setInt(1, lastServerPid);
            try (var result = statement.executeQuery()) {
                if (result.next() && !result.getBoolean(1)) {
                    throw new SQLException("the server process of the connection before does not end", "57000");
                }
            }
        }
    }

    private void disconnect() {
        var open = connection;
        connection = null;
        if (open != null) {
            try {
                open.abort(Runnable::run);
            } catch (SQLException e) {
                log.debug("A connection could not be closed", e);
            }
        }
    }

    private void handle(SQLException fault, Part part, ArrayDeque<Part> parts) throws InterruptedException {
        if (stopped) {
            throw new InterruptedException();
        }
        var kind = StoreFault.of(fault);
        if (kind != StoreFault.AWAY) {
            answered();
        }
        if (kind != StoreFault.AWAY) {
            part.isUncertain = false;
        }
        switch (kind) {
            case DATA -> split(fault, part, parts);
            case AGAIN -> {
                log.debug("A batch is made again", fault);
                parts.addFirst(part);
            }
            case AWAY -> {
                disconnect();
                if (!away) {
                    away = true;
                    log.warn("The message store is away, changes wait for it: {}", firstLine(fault));
                }
                parts.addFirst(part);
                pause();
            }
            case FULL -> {
                if (!full) {
                    full = true;
                    log.error("The database's disk is full, no message can be queued: {}", firstLine(fault));
                }
                refuseMessages(part, parts);
                pause();
            }
        }
    }

    private void refuseMessages(Part part, ArrayDeque<Part> parts) {
        var rest = part.entries.stream()
                .filter(entry -> !(entry.change() instanceof Queued))
                .toList();
        if (!rest.isEmpty()) {
            parts.addFirst(new Part(rest));
        }
        part.entries.stream()
                .filter(entry -> entry.change() instanceof Queued)
                .forEach(entry -> tellRefused(entry, Refusal.FULL));
    }

    /** Until the change at fault is alone. */
    private void split(Throwable fault, Part part, ArrayDeque<Part> parts) {
        var entries = part.entries;
        int half = entries.size() / 2;
        if (half > 0) {
            parts.addFirst(new Part(entries.subList(half, entries.size())));
            parts.addFirst(new Part(entries.subList(0, half)));
            return;
        }
        var guilty = entries.get(0);
        // The driver's message and PostgreSQL's first line: its detail would show what a device sent
        log.error(
                "A {} of tenant {} cannot be stored: {}",
                guilty.change() == null ? "mark" : guilty.change().getClass().getSimpleName(),
                guilty.tenant(),
                firstLine(fault));
        tellRefused(guilty, Refusal.FAULT);
    }

    private static String firstLine(Throwable fault) {
        return String.valueOf(fault.getMessage()).lines().findFirst().orElse("");
    }

    private void succeeded() {
        answered();
        pauseMilliseconds = FIRST_PAUSE_MILLISECONDS;
        if (full) {
            full = false;
            log.info("The database has room again");
        }
    }

    private void answered() {
        if (away) {
            away = false;
            log.info("The message store is back");
        }
    }

    private void pause() throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(pauseMilliseconds);
        pauseMilliseconds = Math.min(2 * pauseMilliseconds, MAX_PAUSE_MILLISECONDS);
    }

    private void tellStored(List<Entry> part) {
        backlog.written(part);
        for (var entry : part) {
            if (entry.listener() != null) {
                tell(entry.listener(), null);
            }
        }
        counters.made(part.size());
    }

    private void tellRefused(Entry entry, Refusal why) {
        backlog.written(List.of(entry));
        counters.refused();
        if (entry.listener() != null) {
            tell(entry.listener(), why);
        }
    }

    private static void tell(Listener listener, @Nullable Refusal refusal) {
        try {
            if (refusal == null) {
                listener.onStored();
            } else {
                listener.onRefused(refusal);
            }
        } catch (RuntimeException e) {
            log.error("What became of a change could not be told", e);
        }
    }
}
