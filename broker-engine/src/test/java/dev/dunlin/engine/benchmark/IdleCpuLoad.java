package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.testkit.Wire;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a broker costs that has nothing to do: CPU of its process without a connection, and with many that do no more than
 * ping to be kept alive, evenly spread.
 */
record IdleCpuLoad(String name, Row alone, Row connected, Set<BrokerKind> brokers) implements Load {
    static final int CONNECTIONS = 18_000;

    private static final int KEEP_ALIVE_SECONDS = 60;
    private static final Duration PING_INTERVAL = Duration.ofSeconds(40);
    /** A compiler that is still at work, and the end of a storm of log-ins, are not idle. */
    private static final Duration SETTLE = Duration.ofSeconds(5);

    private static final Duration TIME = Duration.ofSeconds(20);
    private static final Duration TICK = Duration.ofMillis(1);

    IdleCpuLoad {
        brokers = EnumSet.copyOf(brokers);
    }

    @Override
    public List<Row> rows() {
        return List.of(alone, connected);
    }

    @Override
    public boolean wantsNewBroker() {
        return true;
    }

    @Override
    public Sample run(EventLoopGroup loops, Broker broker, Duration time) throws InterruptedException {
        double percentAlone = percentOfCore(broker);
        var lost = new AtomicInteger();
        var clients = new LinkedHashMap<Idler, EventLoop>();
        for (int i = 0; i < CONNECTIONS; i++) {
            clients.put(new Idler("idle-" + i, lost), loops.next());
        }
        var pingers = new ArrayList<ScheduledFuture<?>>();
        try {
            Connections.each(clients.entrySet(), entry -> entry.getKey().open(entry.getValue(), broker.port()));
            for (var loop : Set.copyOf(clients.values())) {
                var own = clients.keySet().stream()
                        .filter(client -> clients.get(client) == loop)
                        .toList();
                pingers.add(loop.scheduleAtFixedRate(
                        new Pinger(own), TICK.toNanos(), TICK.toNanos(), TimeUnit.NANOSECONDS));
            }
            var loadBefore = Broker.ownCpu();
            double percentConnected = percentOfCore(broker);
            double pingsPerSecond = (double) CONNECTIONS / PING_INTERVAL.toSeconds();
            double pings = pingsPerSecond * (SETTLE.toSeconds() + TIME.toSeconds());
            return new Sample(
                    Map.of(alone, percentAlone, connected, percentConnected),
                    pingsPerSecond,
                    Broker.ownCpu().minus(loadBefore).toNanos() / 1e3 / pings,
                    lost.get() == 0 ? "" : lost + " connections broke");
        } finally {
            pingers.forEach(pinger -> pinger.cancel(false));
            Connections.each(clients.keySet(), Client::abort);
        }
    }

    private static double percentOfCore(Broker broker) throws InterruptedException {
        Traffic.pause(SETTLE);
        var before = broker.cpu();
        long start = System.nanoTime();
        Traffic.pause(TIME);
        return 100.0 * broker.cpu().minus(before).toNanos() / (System.nanoTime() - start);
    }

    private static final class Idler extends Client {
        private final AtomicInteger lost;

        Idler(String clientId, AtomicInteger lost) {
            super(Accounts.MAIN, clientId, List.of("idle/" + clientId), 0, KEEP_ALIVE_SECONDS);
            this.lost = lost;
        }

        @Override
        void onLost() {
            lost.incrementAndGet();
        }
    }

    /** Lets its clients ping in turn, each once an interval. */
    private static final class Pinger implements Runnable {
        private final List<Idler> clients;
        private final long startNanos = System.nanoTime();
        private long pings;

        Pinger(List<Idler> clients) {
            this.clients = clients;
        }

        @Override
        public void run() {
            double intervals = (double) (System.nanoTime() - startNanos) / PING_INTERVAL.toNanos();
            for (long due = (long) (intervals * clients.size()); pings < due; pings++) {
                var channel = clients.get((int) (pings % clients.size())).channel();
                channel.writeAndFlush(Unpooled.wrappedBuffer(Wire.pingreq()), channel.voidPromise());
            }
        }
    }
}
