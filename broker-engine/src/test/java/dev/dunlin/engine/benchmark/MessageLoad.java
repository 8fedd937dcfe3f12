package dev.dunlin.engine.benchmark;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Messages between {@link Group}s of publishers and subscribers, as many as the broker takes or so many a second: broker CPU
 * for each delivered message, or how long messages are on their way.
 *
 * @param plans who takes part
 * @param tenants that take part beside the first
 * @param perSecond messages that all publishers send together, 0 for as many as the broker takes
 * @param rows one row of CPU, or one of the median and one of the 99th percentile if there is a rate
 */
record MessageLoad(
        String name,
        List<Row> rows,
        Set<BrokerKind> brokers,
        Supplier<List<Group.Plan>> plans,
        Group.Pace pace,
        int tenants,
        int perSecond)
        implements Load {
    private static final Duration RAMP = Duration.ofMillis(500);
    private static final Duration DRAIN = Duration.ofSeconds(10);
    private static final double RATE_TOLERANCE = 0.05;
    private static final Duration TICK = Duration.ofMillis(1);

    @Override
    public Sample run(EventLoopGroup loops, Broker broker, Duration time) throws InterruptedException {
        var run = new Run(loops, broker.port());
        try {
            run.connect();
            return run.measure(broker, time);
        } finally {
            run.disconnect();
        }
    }

    private final class Run {
        private final List<Group> groups = new ArrayList<>();
        private final Map<EventLoop, Latencies> latencies = new HashMap<>();
        private final List<ScheduledFuture<?>> ticks = new ArrayList<>();
        private final int port;

        Run(EventLoopGroup loops, int port) {
            this.port = port;
            for (var plan : plans.get()) {
                var loop = loops.next();
                var latency = latencies.computeIfAbsent(loop, key -> new Latencies());
                groups.add(new Group(loop, name + "-" + groups.size(), plan, pace, latency));
            }
        }

        void connect() throws InterruptedException {
            var groupOf = new LinkedHashMap<Client, Group>();
            groups.forEach(group -> group.clients().forEach(client -> groupOf.put(client, group)));
            Connections.each(groupOf.entrySet(), entry -> entry.getValue().open(entry.getKey(), port));
        }

        void disconnect() throws InterruptedException {
            var clients =
                    groups.stream().flatMap(group -> group.clients().stream()).toList();
            Connections.each(clients, Client::close);
        }

        Sample measure(Broker broker, Duration time) throws InterruptedException {
            start();
            pause(RAMP);
            latencies.values().forEach(latency -> latency.turn(true));
            long deliveredBefore = count().delivered();
            var brokerBefore = broker.cpu();
            var loadBefore = Broker.ownCpu();
            long start = System.nanoTime();
            pause(time);
            long delivered = count().delivered() - deliveredBefore;
            var brokerCpu = broker.cpu().minus(brokerBefore);
            var loadCpu = Broker.ownCpu().minus(loadBefore);
            long nanos = System.nanoTime() - start;
            latencies.values().forEach(latency -> latency.turn(false));
            var total = finish();
            boolean isKept =
                    perSecond == 0 || Math.abs(delivered * 1e9 / nanos - perSecond) < RATE_TOLERANCE * perSecond;
            return new Sample(
                    values(brokerCpu, delivered),
                    delivered * 1e9 / nanos,
                    loadCpu.toNanos() / 1e3 / delivered,
                    isKept ? total.fault() : "behind its rate " + total.fault());
        }

        private void start() {
            if (perSecond == 0) {
                groups.forEach(group -> group.loop().execute(group::start));
                return;
            }
            long startNanos = System.nanoTime();
            latencies.keySet().forEach(loop -> {
                var own = groups.stream().filter(group -> group.loop() == loop).toList();
                ticks.add(loop.scheduleAtFixedRate(
                        () -> publishDue(own, System.nanoTime() - startNanos),
                        0,
                        TICK.toNanos(),
                        TimeUnit.NANOSECONDS));
            });
        }

        /** The groups take turns, so that a tick has work for a few of them. */
        private void publishDue(List<Group> own, long sinceStartNanos) {
            double ofEach = (double) perSecond / groups.size() * sinceStartNanos / 1e9;
            for (int i = 0; i < own.size(); i++) {
                own.get(i).publishUpTo((long) (ofEach + (double) i / own.size()));
            }
        }

        private Map<Row, Double> values(Duration brokerCpu, long delivered) {
            if (perSecond == 0) {
                return Map.of(rows.get(0), brokerCpu.toNanos() / 1e3 / delivered);
            }
            var all = new Latencies();
            latencies.values().forEach(all::addAll);
            return Map.of(rows.get(0), all.micros(0.5), rows.get(1), all.micros(0.99));
        }

        /** Waits until all that was sent has arrived, or will not. */
        private Group.Count finish() throws InterruptedException {
            ticks.forEach(tick -> tick.cancel(false));
            onLoops(group -> {
                group.stop();
                return true;
            });
            long deadline = System.nanoTime() + DRAIN.toNanos();
            while (onLoops(Group::isIdle).contains(false) && System.nanoTime() < deadline) {
                pause(Duration.ofMillis(5));
            }
            return count();
        }

        private Group.Count count() throws InterruptedException {
            return onLoops(Group::count).stream().reduce(Group.Count.NONE, Group.Count::plus);
        }

        /** Asks all groups, each loop once. */
        private <T> List<T> onLoops(Function<Group, T> question) throws InterruptedException {
            var answers = new ArrayList<T>();
            for (var loop : latencies.keySet()) {
                var asked = loop.submit(() -> groups.stream()
                        .filter(group -> group.loop() == loop)
                        .map(question)
                        .toList());
                answers.addAll(asked.sync().getNow());
            }
            return answers;
        }
    }

    private static void pause(Duration time) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(time.toNanos());
    }
}
