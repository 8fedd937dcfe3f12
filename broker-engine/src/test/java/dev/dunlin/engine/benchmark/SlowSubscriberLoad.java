package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.session.Session;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;

/**
 * Well-behaved pairs of one tenant beside a publisher at full rate and two subscribers that never read, of another: how long
 * the pairs' messages take alone, beside the same load at a second broker of the same kind, which tells what the machine
 * alone does to them, and beside it at their own broker. There memory has to stay within the bounds of the other tenant's
 * sessions, and what was dropped has to be counted by reason. That tenant's plan has a rate: the broker does not read more of
 * the publisher, however fast it sends.
 *
 * @param rows the median and the 99th percentile alone, beside another broker and beside the load, their ratio, and memory
 */
record SlowSubscriberLoad(String name, List<Row> rows, Set<BrokerKind> brokers) implements Load {
    private static final int PAIRS = 100;
    private static final int PER_SECOND = 5_000;
    private static final int WINDOW = 1_000;

    private static final Duration RAMP = Duration.ofMillis(500);
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration STEP = Duration.ofMillis(20);
    private static final Duration TIMEOUT = Duration.ofSeconds(20);

    private static final int SUBSCRIBERS = 2;
    private static final int WATER_MARK = 512 * 1024;
    /** What one read of the publisher may put on top of a water mark: each read is written as a whole. */
    private static final int READS = 4 * 64 * 1024;

    /** A packet of the publisher and the objects around it. */
    private static final int MESSAGE_BYTES = 256;

    /** What the sessions may keep: the queue, the window, and what the network has not taken. */
    private static final long BOUND =
            Accounts.BOUNDED_QUEUE_BYTES + Session.MAX_INFLIGHT * MESSAGE_BYTES + SUBSCRIBERS * (WATER_MARK + READS);

    private static final double MIB = 1024 * 1024;
    static final double BOUND_MIB = BOUND / MIB;
    private static final Row.Ceiling WITHIN_BOUND = Row.Ceiling.must(BOUND_MIB, Row.Against.UNIT);

    SlowSubscriberLoad(String name, String title, Row.Ceiling timesAlone, Set<BrokerKind> brokers) {
        this(
                name,
                List.of(
                        new Row(title + ": p50 alone", "us", List.of()),
                        new Row(title + ": p99 alone", "us", List.of()),
                        new Row(title + ": p50, the slow ones at another broker", "us", List.of()),
                        new Row(title + ": p99, the slow ones at another broker", "us", List.of()),
                        new Row(title + ": p50", "us", List.of()),
                        new Row(title + ": p99", "us", List.of()),
                        new Row(title + ": p99, times alone", "times", List.of(timesAlone)),
                        new Row(title + ": live heap added", "MiB", List.of(WITHIN_BOUND)),
                        new Row(title + ": resident memory added", "MiB", List.of(WITHIN_BOUND))),
                brokers);
    }

    SlowSubscriberLoad {
        rows = List.copyOf(rows);
        brokers = EnumSet.copyOf(brokers);
    }

    /** The row of what lives on the heap. */
    Row liveHeap() {
        return rows.get(rows.size() - 2);
    }

    @Override
    public boolean wantsNewBroker() {
        return true;
    }

    @Override
    public Sample run(EventLoopGroup loops, Broker broker, Duration time) throws InterruptedException {
        var pairs = new Traffic(
                loops, broker.port(), "well-behaved", Loads.pairs(PAIRS), new Group.Pace(0, WINDOW), PER_SECOND);
        pairs.connect();
        try {
            pairs.start();
            warmUp(broker, time);
            var alone = latencies(pairs, time);
            // a moment measures nothing, and another broker takes longer to start
            var machine = time.compareTo(SHORTEST) < 0 ? alone : besideAnotherBroker(broker.kind(), pairs, time);
            var found = beside(broker, pairs, time);
            var fault = pairs.finish().fault() + found.fault();
            return new Sample(values(alone, machine, found), PER_SECOND, found.loadMicros(), fault);
        } finally {
            pairs.disconnect();
        }
    }

    /** As much to do as later, so that compilers and heap have grown to it. */
    private static void warmUp(Broker broker, Duration time) throws InterruptedException {
        try (var flood = Flood.connect(broker)) {
            flood.setReading(false);
            flood.start();
            awaitDrops(broker, Map.of());
            flood.setReading(true);
            Traffic.pause(time);
            flood.finish();
        }
    }

    private static Latencies latencies(Traffic pairs, Duration time) throws InterruptedException {
        Traffic.pause(RAMP);
        pairs.beginLatencies();
        Traffic.pause(time);
        return pairs.endLatencies();
    }

    private static Latencies besideAnotherBroker(BrokerKind kind, Traffic pairs, Duration time)
            throws InterruptedException {
        try (var other = new Launcher(List.of()).start(kind, 0);
                var flood = Flood.connect(other)) {
            flood.setReading(false);
            flood.start();
            awaitDrops(other, Map.of());
            var latencies = latencies(pairs, time);
            flood.finish();
            return latencies;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /**
     * What the load did.
     *
     * @param heap bytes that live on the heap more than before
     * @param resident bytes of resident memory more than before
     * @param loadMicros CPU of this process for each message of the pairs
     */
    private record Found(Latencies latencies, OptionalLong heap, long resident, double loadMicros, String fault) {}

    private static Found beside(Broker broker, Traffic pairs, Duration time) throws InterruptedException {
        try (var flood = Flood.connect(broker)) {
            flood.setReading(false);
            var dropsBefore = broker.drops();
            long residentBefore = broker.residentBytes();
            var heapBefore = broker.liveHeapBytes();
            var cpuBefore = Broker.ownCpu();
            flood.start();
            awaitDrops(broker, dropsBefore);
            var latencies = latencies(pairs, time);
            var loadCpu = Broker.ownCpu().minus(cpuBefore);
            long sent = flood.finish();
            long resident = broker.residentBytes() - residentBefore;
            var heapAfter = broker.liveHeapBytes();
            var drops = since(dropsBefore, broker.drops());
            System.out.printf("  %,d messages to each of two that do not read; dropped: %s%n", sent, drops);
            flood.setReading(true);
            return new Found(
                    latencies,
                    heapBefore.isPresent() && heapAfter.isPresent()
                            ? OptionalLong.of(heapAfter.getAsLong() - heapBefore.getAsLong())
                            : OptionalLong.empty(),
                    resident,
                    loadCpu.toNanos() / 1e3 / (PER_SECOND * time.toNanos() / 1e9),
                    faultOf(flood, sent, drops));
        }
    }

    /** Every message either reaches its subscriber in the end or is counted as dropped, for a reason that is named. */
    private static String faultOf(Flood flood, long sent, Map<String, Long> drops) throws InterruptedException {
        long all = drops.getOrDefault(Broker.ALL_DROPS, 0L);
        long withReason = sumOfReasons(drops);
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (flood.received() + all < SUBSCRIBERS * sent && System.nanoTime() < deadline) {
            Traffic.pause(STEP);
        }
        long unaccounted = SUBSCRIBERS * sent - all - flood.received();
        return (unaccounted == 0 ? "" : " %d neither arrived nor counted as dropped".formatted(unaccounted))
                + (all == withReason ? "" : " %d dropped without a reason".formatted(all - withReason));
    }

    /** Waits until both subscribers are so far behind that messages are dropped. */
    private static void awaitDrops(Broker broker, Map<String, Long> before) throws InterruptedException {
        long deadline = System.nanoTime() + TIMEOUT.toNanos();
        while (!since(before, broker.drops()).keySet().containsAll(List.of("queue_full", "slow_consumer"))) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("nothing was dropped, or not counted by reason: " + broker.drops());
            }
            Traffic.pause(STEP);
        }
    }

    private static Map<String, Long> since(Map<String, Long> before, Map<String, Long> now) {
        var difference = new TreeMap<String, Long>(now);
        before.forEach((reason, count) -> difference.merge(reason, -count, Long::sum));
        difference.values().removeIf(count -> count == 0);
        return difference;
    }

    private static long sumOfReasons(Map<String, Long> drops) {
        return drops.entrySet().stream()
                .filter(entry -> !entry.getKey().equals(Broker.ALL_DROPS))
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    private Map<Row, Double> values(Latencies alone, Latencies machine, Found found) {
        var values = new HashMap<Row, Double>();
        int row = 0;
        for (var latencies : List.of(alone, machine, found.latencies())) {
            values.put(rows.get(row++), latencies.micros(0.5));
            values.put(rows.get(row++), latencies.micros(0.99));
        }
        values.put(rows.get(row++), found.latencies().micros(0.99) / alone.micros(0.99));
        if (found.heap().isPresent()) {
            values.put(rows.get(row), found.heap().getAsLong() / MIB);
        }
        row++;
        values.put(rows.get(row), found.resident() / MIB);
        return values;
    }
}
