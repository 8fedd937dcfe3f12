package dev.dunlin.engine.benchmark;

import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Phaser;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A storm of clients, a bounded number at a time, each of which connects, subscribes to a topic of its own and disconnects:
 * broker CPU for each.
 *
 * @param ofDatabase the row of what the processes beside the broker took for each
 */
record ConnectLoad(String name, Row row, Row ofDatabase, Set<BrokerKind> brokers) implements Load {
    private static final int AT_A_TIME = 50;
    private static final int WARM_UP = 5_000;
    private static final int MAX_CLIENTS = 20_000;

    ConnectLoad {
        brokers = EnumSet.copyOf(brokers);
    }

    @Override
    public List<Row> rows() {
        return List.of(row, ofDatabase);
    }

    @Override
    public Sample run(EventLoopGroup loops, Broker broker, Duration time) throws InterruptedException {
        storm(loops, broker, time, WARM_UP);
        var brokerBefore = broker.cpu();
        var databaseBefore = broker.databaseCpu();
        var loadBefore = Broker.ownCpu();
        long start = System.nanoTime();
        var storm = storm(loops, broker, time, MAX_CLIENTS);
        long nanos = System.nanoTime() - start;
        double count = storm.connected.get();
        double micros = broker.cpu().minus(brokerBefore).toNanos() / 1e3 / count;
        double databaseMicros = broker.databaseCpu().minus(databaseBefore).toNanos() / 1e3 / count;
        return new Sample(
                broker.hasDatabase() ? Map.of(row, micros, ofDatabase, databaseMicros) : Map.of(row, micros),
                count * 1e9 / nanos,
                Broker.ownCpu().minus(loadBefore).toNanos() / 1e3 / count,
                storm.failed.get() == 0 ? "" : storm.failed + " failed");
    }

    private static Storm storm(EventLoopGroup loops, Broker broker, Duration time, int maxClients)
            throws InterruptedException {
        var storm = new Storm();
        long start = System.nanoTime();
        for (int i = 0; i < maxClients && System.nanoTime() - start < time.toNanos(); i++) {
            storm.permits.acquire();
            storm.open.register();
            var clientId = "storm-" + i;
            var client = new Client(Accounts.MAIN, clientId, List.of("storm/" + clientId), 0);
            client.open(loops.next(), broker.port())
                    .thenCompose(Client::close)
                    .whenComplete((done, failure) -> storm.ended(failure == null));
        }
        storm.open.arriveAndAwaitAdvance();
        return storm;
    }

    private static final class Storm {
        private final Semaphore permits = new Semaphore(AT_A_TIME);
        /** The one party is who waits for the end. */
        private final Phaser open = new Phaser(1);

        private final AtomicInteger connected = new AtomicInteger();
        private final AtomicInteger failed = new AtomicInteger();

        void ended(boolean isSuccess) {
            (isSuccess ? connected : failed).incrementAndGet();
            permits.release();
            open.arriveAndDeregister();
        }
    }
}
