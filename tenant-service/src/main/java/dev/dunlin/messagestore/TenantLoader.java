package dev.dunlin.messagestore;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads tenants on a few threads, each with a connection of its own, which it closes when there is nothing to read. */
final class TenantLoader {
    private static final Logger log = LoggerFactory.getLogger(TenantLoader.class);

    private static final int THREADS = 4;
    private static final int MAX_WAITING = 2_000;
    private static final int IDLE_SECONDS = 30;
    private static final long FAIL_FAST_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int FIRST_ANSWER_SECONDS = 1;

    /** Reads in a transaction that it ends. */
    interface Reading<T> {
        T read(Connection connection) throws SQLException;
    }

    private record Job<T>(Reading<T> reading, CompletableFuture<T> result) {
        void run(Connection connection) throws SQLException {
            result.complete(reading.read(connection));
        }
    }

    private final Connections connections;
    private final BlockingQueue<Job<?>> jobs = new LinkedBlockingQueue<>(MAX_WAITING);
    private final List<Thread> threads = new ArrayList<>();
    private volatile long failedNanos = System.nanoTime() - FAIL_FAST_NANOS;
    private volatile boolean failing;
    private volatile boolean stopped;

    TenantLoader(Connections connections) {
        this.connections = connections;
        for (int i = 0; i < THREADS; i++) {
            var thread = new Thread(this::run, "message-store-loader-" + i);
            thread.setDaemon(true);
            threads.add(thread);
        }
    }

    void start() {
        threads.forEach(Thread::start);
    }

    void stop() {
        stopped = true;
        threads.forEach(Thread::interrupt);
    }

    /** The result fails if the database is away or too many wait. */
    <T> void read(Reading<T> reading, CompletableFuture<T> result) {
        var job = new Job<>(reading, result);
        if (stopped || !jobs.offer(job)) {
            result.completeExceptionally(new RejectedExecutionException("Too much waits for the message store."));
        }
    }

    private void run() {
        @Nullable Connection connection = null;
        try {
            while (!stopped) {
                var job = jobs.poll(IDLE_SECONDS, TimeUnit.SECONDS);
                if (job == null) {
                    close(connection);
                    connection = null;
                } else if (!job.result().isDone()) {
                    connection = run(job, connection);
                }
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } finally {
            close(connection);
        }
    }

    /** @return the connection for the next job, if it is still good */
    private @Nullable Connection run(Job<?> job, @Nullable Connection held) {
        // With the database away each attempt takes long; those that wait behind it need not make it again
        if (System.nanoTime() - failedNanos < FAIL_FAST_NANOS) {
            job.result().completeExceptionally(new IllegalStateException("The database was away a moment ago."));
            return held;
        }
        @Nullable Connection connection = null;
        try {
            connection = answering(held);
            job.run(connection);
            succeeded();
            return connection;
        } catch (SQLException | RuntimeException e) {
            failedNanos = System.nanoTime();
            failed(e);
            job.result().completeExceptionally(e);
            close(connection);
            return null;
        }
    }

    /** One that has answered just now: what was held may have died since. */
    private Connection answering(@Nullable Connection held) throws SQLException {
        if (held != null) {
            if (held.isValid(FIRST_ANSWER_SECONDS)) {
                return held;
            }
            close(held);
        }
        var fresh = connections.open("dunlin message store loader", FIRST_ANSWER_SECONDS, PATIENCE);
        try (var statement = fresh.createStatement()) {
            // Tables that fill and empty mislead statistics
            statement.execute("set enable_seqscan = off");
        }
        fresh.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
        fresh.setAutoCommit(false);
        return fresh;
    }

    private void failed(Exception e) {
        if (!failing && !stopped) {
            failing = true;
            log.warn("Tenants cannot be read from the message store for now: {}", e.getMessage());
            log.debug("The cause", e);
        }
    }

    private void succeeded() {
        if (failing) {
            failing = false;
            log.info("Tenants are read from the message store again");
        }
    }

    private static void close(@Nullable Connection connection) {
        if (connection != null) {
            try {
                connection.close();
            } catch (SQLException e) {
                log.debug("A connection could not be closed", e);
            }
        }
    }
}
