package dev.dunlin.messagestore;

import dev.dunlin.engine.port.MessageStore.Listener;
import dev.dunlin.engine.port.MessageStore.Refusal;
import dev.dunlin.engine.port.StoreChange.Queued;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread with a connection of its own, which writes what its backlog holds: all that has arrived meanwhile in one
 * transaction. A batch is tried until its outcome is known, and always as it was first: what was folded may have been
 * committed though the answer was lost.
 */
final class Writer {
    private static final Logger log = LoggerFactory.getLogger(Writer.class);

    private static final long FIRST_PAUSE_MILLISECONDS = 50;
    private static final long MAX_PAUSE_MILLISECONDS = 1_000;
    /** A server that is merely held up answers in time; one that vanished without a word does not keep the writer. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Connections connections;
    private final Backlog backlog;
    private final StoreCounters counters;
    private final Thread thread;

    private volatile @Nullable Connection connection;
    private volatile boolean stopped;
    private volatile boolean away;

    // Below is touched by the thread alone

    /** The server process that served us last; 0 if there was none. */
    private int lastServerPid;

    private boolean full;
    private long pauseMilliseconds = FIRST_PAUSE_MILLISECONDS;

    Writer(int number, Connections connections, Backlog backlog, StoreCounters counters) {
        this.connections = connections;
        this.backlog = backlog;
        this.counters = counters;
        thread = new Thread(this::run, "message-store-" + number);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    boolean isAway() {
        return away;
    }

    /** Writes what is left, if that can be done in time. */
    void stop(Duration patience) throws InterruptedException {
        backlog.close();
        thread.join(Math.max(1, patience.toMillis()));
        stopped = true;
        thread.interrupt();
        disconnect();
    }

    private void run() {
        try {
            for (var batch = backlog.take(); !batch.isEmpty(); batch = backlog.take()) {
                write(batch);
                backlog.written(
                        batch.size(), batch.stream().mapToLong(Entry::bytes).sum());
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } finally {
            disconnect();
        }
    }

    private void write(List<Entry> batch) throws InterruptedException {
        var parts = new ArrayDeque<List<Entry>>();
        parts.add(batch);
        while (!parts.isEmpty()) {
            var part = parts.remove();
            try {
                commit(part);
                tellStored(part);
            } catch (SQLException e) {
                handle(e, part, parts);
            } catch (RuntimeException e) {
                split(e, part, parts);
            }
        }
    }

    private void commit(List<Entry> part) throws SQLException {
        var statement = new StoreStatement();
        Folded.of(part).tell(statement);
        if (!statement.isEmpty()) {
            statement.execute(connected());
            counters.committed(statement.messages());
            succeeded();
        }
    }

    private Connection connected() throws SQLException {
        var open = connection;
        if (open != null) {
            return open;
        }
        var fresh = connections.open("dunlin message store", PATIENCE);
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

    private void handle(SQLException fault, List<Entry> part, ArrayDeque<List<Entry>> parts)
            throws InterruptedException {
        if (stopped) {
            throw new InterruptedException();
        }
        switch (StoreFault.of(fault)) {
            case DATA -> split(fault, part, parts);
            case AGAIN -> {
                log.debug("A batch is made again", fault);
                parts.addFirst(part);
            }
            case AWAY -> {
                disconnect();
                if (!away) {
                    away = true;
                    log.warn("The message store is away, changes wait for it: {}", fault.getMessage());
                }
                parts.addFirst(part);
                pause();
            }
            case FULL -> {
                if (!full) {
                    full = true;
                    log.error("The database's disk is full, no message can be queued: {}", fault.getMessage());
                }
                refuseMessages(part, parts);
                pause();
            }
        }
    }

    private void refuseMessages(List<Entry> part, ArrayDeque<List<Entry>> parts) {
        var rest = part.stream()
                .filter(entry -> !(entry.change() instanceof Queued))
                .toList();
        if (!rest.isEmpty()) {
            parts.addFirst(rest);
        }
        part.stream()
                .filter(entry -> entry.change() instanceof Queued)
                .forEach(entry -> tellRefused(entry, Refusal.FULL));
    }

    /** Until the change at fault is alone. */
    private void split(Exception fault, List<Entry> part, ArrayDeque<List<Entry>> parts) {
        if (part.size() > 1) {
            parts.addFirst(part.subList(part.size() / 2, part.size()));
            parts.addFirst(part.subList(0, part.size() / 2));
            return;
        }
        var guilty = part.get(0);
        // The driver's message and PostgreSQL's first line: its detail would show what a device sent
        log.error(
                "A {} of tenant {} cannot be stored: {}",
                guilty.change() == null ? "mark" : guilty.change().getClass().getSimpleName(),
                guilty.tenant(),
                firstLine(fault));
        tellRefused(guilty, Refusal.FAULT);
    }

    private static String firstLine(Exception fault) {
        return String.valueOf(fault.getMessage()).lines().findFirst().orElse("");
    }

    private void succeeded() {
        pauseMilliseconds = FIRST_PAUSE_MILLISECONDS;
        if (away) {
            away = false;
            log.info("The message store is back");
        }
        if (full) {
            full = false;
            log.info("The database has room again");
        }
    }

    private void pause() throws InterruptedException {
        TimeUnit.MILLISECONDS.sleep(pauseMilliseconds);
        pauseMilliseconds = Math.min(2 * pauseMilliseconds, MAX_PAUSE_MILLISECONDS);
    }

    private void tellStored(List<Entry> part) {
        for (var entry : part) {
            if (entry.listener() != null) {
                tell(entry.listener(), null);
            }
        }
        counters.made(part.size());
    }

    private void tellRefused(Entry entry, Refusal why) {
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
