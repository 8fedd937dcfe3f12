package dev.dunlin.engine.benchmark;

import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Messages into the queues of {@link OfflineSessions}, and out of them again when the clients come back: CPU of the broker with
 * all processes of its database, and time, for each message. The messages are drained once every one has been acknowledged
 * and, with a database, nothing of them is left there. Cleaning the tables after it, which autovacuum would do some seconds
 * later, is done at once and belongs to draining.
 *
 * @param rows in this order: CPU and time of queueing, CPU and time of draining, and for queueing and for draining what of
 *     the CPU the database took, its commits, and bytes of its log for each message
 */
record OfflineLoad(String name, List<Row> rows, Set<BrokerKind> brokers) implements Load {
    /** The time that a round is given is taken for that of so many messages. */
    private static final int MESSAGES_PER_SECOND = 100_000;

    OfflineLoad(
            String name,
            String title,
            List<Row.Ceiling> queueing,
            List<Row.Ceiling> queueingTime,
            List<Row.Ceiling> draining,
            Set<BrokerKind> brokers) {
        this(
                name,
                List.of(
                        new Row(title + ": queueing", Row.CPU_MICROS, queueing),
                        new Row(title + ": queueing, time for each", "us", queueingTime),
                        new Row(title + ": draining", Row.CPU_MICROS, draining),
                        new Row(title + ": draining, time for each", "us", List.of()),
                        Row.cpu(title + ": queueing, its PostgreSQL"),
                        new Row(title + ": queueing, commits", "commits/s", List.of()),
                        new Row(title + ": queueing, write-ahead log", "bytes", List.of()),
                        Row.cpu(title + ": draining, its PostgreSQL"),
                        new Row(title + ": draining, commits", "commits/s", List.of()),
                        new Row(title + ": draining, write-ahead log", "bytes", List.of())),
                brokers);
    }

    OfflineLoad {
        rows = List.copyOf(rows);
        brokers = EnumSet.copyOf(brokers);
    }

    @Override
    public boolean suits(BrokerKind broker) {
        return brokers.contains(broker);
    }

    @Override
    public Sample run(EventLoopGroup loops, Broker broker, Duration time) throws InterruptedException {
        int messages = (int) (time.toMillis() * MESSAGES_PER_SECOND / 1_000 / OfflineSessions.SESSIONS);
        var sessions = new OfflineSessions(loops, broker.port(), name, messages);
        try (var meter = new Meter(broker)) {
            sessions.begin();
            meter.settle();
            var before = meter.read();
            sessions.queue();
            var queued = meter.read();
            sessions.drain();
            long drainedNanos = System.nanoTime();
            meter.settle();
            var emptied = meter.read();
            meter.vacuum();
            var after = meter.read();
            sessions.leave();
            sessions.comeBackForNothing();
            sessions.end();
            double count = sessions.total();
            return new Sample(
                    values(
                            count,
                            queued.since(before),
                            after.since(queued),
                            emptied.since(queued).transactionsPerSecond(),
                            drainedNanos - queued.nanos(),
                            meter.hasDatabase()),
                    count * 1e9 / (drainedNanos - before.nanos()),
                    after.since(before).loadMicros() / count,
                    sessions.count().fault());
        }
    }

    private Map<Row, Double> values(
            double count,
            Meter.Reading queueing,
            Meter.Reading draining,
            double drainingCommits,
            long drainingNanos,
            boolean hasDatabase) {
        var values = new HashMap<Row, Double>();
        values.put(rows.get(0), queueing.micros() / count);
        values.put(rows.get(1), queueing.nanos() / 1e3 / count);
        values.put(rows.get(2), draining.micros() / count);
        values.put(rows.get(3), drainingNanos / 1e3 / count);
        if (hasDatabase) {
            values.put(rows.get(4), queueing.databaseMicros() / count);
            values.put(rows.get(5), queueing.transactionsPerSecond());
            values.put(rows.get(6), queueing.written().logBytes() / count);
            values.put(rows.get(7), draining.databaseMicros() / count);
            values.put(rows.get(8), drainingCommits);
            values.put(rows.get(9), draining.written().logBytes() / count);
        }
        return values;
    }
}
