package dev.dunlin.engine.benchmark;

import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Set;

/**
 * Pairs whose subscribers have sessions that outlive their connections and acknowledge at once, before and after
 * them pairs with clean sessions at the same pace, for what else the machine does to fall on both: CPU of the broker with all processes of its database for each delivered message, and how much the
 * database writes.
 *
 * @param rows in this order: CPU with clean sessions, CPU with durable ones, bytes of the database's log for each message and
 *     its commits
 */
record OnlineDurableLoad(String name, List<Row> rows, Set<BrokerKind> brokers, Group.Pace pace) implements Load {
    private static final int PAIRS = 50;
    private static final Duration RAMP = Duration.ofMillis(500);

    /** @param durable how high the row of durable sessions may be */
    OnlineDurableLoad(String name, String title, double durable, Set<BrokerKind> brokers, Group.Pace pace) {
        this(name, rows(title, durable), brokers, pace);
    }

    private static List<Row> rows(String title, double durable) {
        var clean = Row.cpu(title + ", clean sessions, with the database");
        return List.of(
                clean,
                Row.cpu(
                        title + ", durable sessions, with the database",
                        Row.Ceiling.must(durable, Row.Against.ownRow("clean sessions", clean.title()))),
                new Row(title + ", durable sessions: write-ahead log", "bytes", List.of()),
                new Row(title + ", durable sessions: commits", "commits/s", List.of()));
    }

    OnlineDurableLoad {
        rows = List.copyOf(rows);
        brokers = EnumSet.copyOf(brokers);
    }

    @Override
    public boolean suits(BrokerKind broker) {
        return brokers.contains(broker);
    }

    /** What was used for each of the messages of {@code count}. */
    private record Found(Meter.Reading used, long delivered, Group.Count count) {
        Found plus(Found other) {
            return new Found(used.plus(other.used), delivered + other.delivered, count.plus(other.count));
        }

        double ofEach(double all) {
            return all / delivered;
        }
    }

    @Override
    public Sample run(EventLoopGroup loops, Broker broker, Duration time) throws InterruptedException {
        try (var meter = new Meter(broker)) {
            var before = measure(loops, broker, meter, true, time.dividedBy(2));
            var durable = measure(loops, broker, meter, false, time);
            var clean = before.plus(measure(loops, broker, meter, true, time.dividedBy(2)));
            var values = new HashMap<Row, Double>();
            values.put(rows.get(0), clean.ofEach(clean.used().micros()));
            values.put(rows.get(1), durable.ofEach(durable.used().micros()));
            if (meter.hasDatabase()) {
                values.put(rows.get(2), durable.ofEach(durable.used().written().logBytes()));
                values.put(rows.get(3), durable.used().transactionsPerSecond());
            }
            return new Sample(
                    values,
                    durable.delivered() * 1e9 / durable.used().nanos(),
                    durable.ofEach(durable.used().loadMicros()),
                    clean.count().plus(durable.count()).fault());
        }
    }

    private Found measure(EventLoopGroup loops, Broker broker, Meter meter, boolean isClean, Duration time)
            throws InterruptedException {
        var plans = Loads.pairs(PAIRS, isClean);
        var traffic = new Traffic(loops, broker.port(), name, plans, pace, 0);
        try {
            traffic.connect();
            traffic.start();
            Traffic.pause(RAMP);
            long deliveredBefore = traffic.count().delivered();
            var before = meter.read();
            Traffic.pause(time);
            long delivered = traffic.count().delivered() - deliveredBefore;
            var used = meter.read().since(before);
            return new Found(used, delivered, traffic.finish());
        } finally {
            traffic.disconnect();
        }
    }
}
