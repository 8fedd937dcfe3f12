package dev.dunlin.engine.benchmark;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a broker costs together with all processes of its PostgreSQL, if it has one, and how much that writes. */
final class Meter implements AutoCloseable {
    private static final Duration STEP = Duration.ofMillis(20);
    /** Changes wait for others for a few milliseconds only. */
    private static final int QUIET_STEPS = 5;

    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    private final Broker broker;
    private final @Nullable Database database;

    Meter(Broker broker) {
        this.broker = broker;
        this.database = broker.openDatabase().orElse(null);
    }

    /** What was used, since the start or between two readings; {@code load} is this process's. */
    record Reading(long nanos, Duration broker, Duration ofDatabase, Duration load, Database.Written written) {
        Reading since(Reading earlier) {
            return new Reading(
                    nanos - earlier.nanos,
                    broker.minus(earlier.broker),
                    ofDatabase.minus(earlier.ofDatabase),
                    load.minus(earlier.load),
                    new Database.Written(
                            written.transactions() - earlier.written.transactions(),
                            written.logBytes() - earlier.written.logBytes()));
        }

        /** Of two stretches of time together. */
        Reading plus(Reading other) {
            return new Reading(
                    nanos + other.nanos,
                    broker.plus(other.broker),
                    ofDatabase.plus(other.ofDatabase),
                    load.plus(other.load),
                    new Database.Written(
                            written.transactions() + other.written.transactions(),
                            written.logBytes() + other.written.logBytes()));
        }

        /** Microseconds of broker and database. */
        double micros() {
            return (broker.toNanos() + ofDatabase.toNanos()) / 1e3;
        }

        double databaseMicros() {
            return ofDatabase.toNanos() / 1e3;
        }

        double loadMicros() {
            return load.toNanos() / 1e3;
        }

        double transactionsPerSecond() {
            return written.transactions() * 1e9 / nanos;
        }
    }

    Reading read() {
        return new Reading(
                System.nanoTime(),
                broker.cpu(),
                broker.databaseCpu(),
                Broker.ownCpu(),
                database == null ? Database.Written.NOTHING : database.written());
    }

    boolean hasDatabase() {
        return database != null;
    }

    /** Waits until no message is queued in the database, and nothing more is written. */
    void settle() throws InterruptedException {
        if (database == null) {
            return;
        }
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        var last = database.written();
        int quiet = 0;
        // to look into the tables is dear while their rows are being removed
        while (quiet < QUIET_STEPS || database.queued() > 0) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        "%d rows of queues are left in the database".formatted(database.queued()));
            }
            Traffic.pause(STEP);
            var now = database.written();
            quiet = now.equals(last) ? quiet + 1 : 0;
            last = now;
        }
    }

    /** Cleans at once what would have to be cleaned later, beside something else. */
    void vacuum() {
        if (database != null) {
            database.vacuum();
        }
    }

    @Override
    public void close() {
        if (database != null) {
            database.close();
        }
    }
}
