package dev.dunlin.engine.benchmark;

import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Set;

/**
 * Connections with one subscription each that do nothing: live heap and resident memory for each. What is counted is the
 * second half of them, and after a full collection, so that what a broker loads once, or grows by in steps, falls out.
 */
record IdleLoad(String name, Row heap, Row resident, Set<BrokerKind> brokers) implements Load {
    static final int CONNECTIONS = 8_000;

    IdleLoad {
        brokers = EnumSet.copyOf(brokers);
    }

    @Override
    public List<Row> rows() {
        return List.of(heap, resident);
    }

    @Override
    public boolean wantsNewBroker() {
        return true;
    }

    @Override
    public Sample run(EventLoopGroup loops, Broker broker, Duration time) throws InterruptedException {
        var clients = open(loops, broker, "first");
        var heapBefore = broker.liveHeapBytes();
        long residentBefore = broker.residentBytes();
        long start = System.nanoTime();
        var loadBefore = Broker.ownCpu();
        clients.addAll(open(loops, broker, "second"));
        long nanos = System.nanoTime() - start;
        var loadCpu = Broker.ownCpu().minus(loadBefore);
        var heapAfter = broker.liveHeapBytes();
        var values = new HashMap<Row, Double>();
        values.put(resident, (double) (broker.residentBytes() - residentBefore) / CONNECTIONS);
        if (heapBefore.isPresent() && heapAfter.isPresent()) {
            values.put(heap, (double) (heapAfter.getAsLong() - heapBefore.getAsLong()) / CONNECTIONS);
        }
        Connections.each(clients, Client::close);
        return new Sample(values, CONNECTIONS * 1e9 / nanos, loadCpu.toNanos() / 1e3 / CONNECTIONS, "");
    }

    private static List<Client> open(EventLoopGroup loops, Broker broker, String half) throws InterruptedException {
        var clients = new ArrayList<Client>();
        for (int i = 0; i < CONNECTIONS; i++) {
            clients.add(new Client(Accounts.MAIN, half + "-" + i, List.of("idle/" + half + "/" + i), 0));
        }
        Connections.each(clients, client -> client.open(loops.next(), broker.port()));
        return clients;
    }
}
