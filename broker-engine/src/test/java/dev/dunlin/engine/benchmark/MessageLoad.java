package dev.dunlin.engine.benchmark;

import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
    private static final double RATE_TOLERANCE = 0.05;

    @Override
    public Sample run(EventLoopGroup loops, Broker broker, Duration time) throws InterruptedException {
        var traffic = new Traffic(loops, broker.port(), name, plans.get(), pace, perSecond);
        try {
            traffic.connect();
            return measure(traffic, broker, time);
        } finally {
            traffic.disconnect();
        }
    }

    private Sample measure(Traffic traffic, Broker broker, Duration time) throws InterruptedException {
        traffic.start();
        Traffic.pause(RAMP);
        traffic.beginLatencies();
        long deliveredBefore = traffic.count().delivered();
        var brokerBefore = broker.cpu();
        var loadBefore = Broker.ownCpu();
        long start = System.nanoTime();
        Traffic.pause(time);
        long delivered = traffic.count().delivered() - deliveredBefore;
        var brokerCpu = broker.cpu().minus(brokerBefore);
        var loadCpu = Broker.ownCpu().minus(loadBefore);
        long nanos = System.nanoTime() - start;
        var latencies = traffic.endLatencies();
        var total = traffic.finish();
        boolean isKept = perSecond == 0 || Math.abs(delivered * 1e9 / nanos - perSecond) < RATE_TOLERANCE * perSecond;
        return new Sample(
                perSecond == 0
                        ? Map.of(rows.get(0), brokerCpu.toNanos() / 1e3 / delivered)
                        : Map.of(rows.get(0), latencies.micros(0.5), rows.get(1), latencies.micros(0.99)),
                delivered * 1e9 / nanos,
                loadCpu.toNanos() / 1e3 / delivered,
                isKept ? total.fault() : "behind its rate " + total.fault());
    }
}
