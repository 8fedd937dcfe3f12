package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.transport.EventLoops;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Puts our broker and its peers under the same loads, one broker after the other in every round, so that what else the
 * machine does falls on all, and prints a table of medians and ratios. How to run it stands in the package's description.
 */
public final class Benchmark {
    private static final int LOAD_LOOPS = 2;

    private final int rounds;
    private final Duration warmUp;
    private final Duration time;
    private final List<BrokerKind> kinds;
    private final Launcher launcher;
    private final Map<BrokerKind, Broker> brokers = new EnumMap<>(BrokerKind.class);
    private final Table table = new Table();
    private boolean isFaulty;

    private Benchmark(int rounds, Duration warmUp, Duration time, List<BrokerKind> kinds, Launcher launcher) {
        this.rounds = rounds;
        this.warmUp = warmUp;
        this.time = time;
        this.kinds = kinds;
        this.launcher = launcher;
    }

    public static void main(String[] arguments) throws Exception {
        var loads = new LinkedHashMap<String, Load>();
        Loads.all().forEach(load -> loads.put(load.name(), load));
        var byName = new LinkedHashMap<String, String>();
        byName.put("rounds", "3");
        byName.put("seconds", "3");
        byName.put("warmup", "6");
        byName.put("loads", String.join(",", loads.keySet()));
        byName.put(
                "brokers",
                Arrays.stream(BrokerKind.values()).map(BrokerKind::argument).collect(Collectors.joining(",")));
        byName.put("jvm", "");
        for (var argument : arguments) {
            var parts = argument.split("=", 2);
            if (parts.length < 2 || byName.replace(parts[0], parts[1]) == null) {
                throw new IllegalArgumentException("Unknown: " + argument + "; known are " + byName.keySet());
            }
        }
        var benchmark = new Benchmark(
                Integer.parseInt(byName.get("rounds")),
                seconds(byName.get("warmup")),
                seconds(byName.get("seconds")),
                list(byName.get("brokers")).stream().map(BrokerKind::of).toList(),
                new Launcher(list(byName.get("jvm"))));
        benchmark.run(list(byName.get("loads")).stream()
                .map(name -> {
                    if (!loads.containsKey(name)) {
                        throw new IllegalArgumentException("Unknown load: " + name + "; known are " + loads.keySet());
                    }
                    return loads.get(name);
                })
                .toList());
        System.exit(benchmark.isFaulty ? 1 : 0);
    }

    private static Duration seconds(String argument) {
        return Duration.ofMillis((long) (Double.parseDouble(argument) * 1_000));
    }

    private static List<String> list(String argument) {
        return argument.isBlank() ? List.of() : List.of(argument.split(","));
    }

    private void run(List<Load> loads) throws Exception {
        System.out.printf(
                "MQTT 3.1.1 over TCP on the loopback, %d-byte payloads, Java %s, %d cores; %d rounds of %.1f s after %.1f s to warm up%n",
                Packets.PAYLOAD_BYTES,
                Runtime.version(),
                Runtime.getRuntime().availableProcessors(),
                rounds,
                time.toMillis() / 1e3,
                warmUp.toMillis() / 1e3);
        var loops = EventLoops.newGroup(LOAD_LOOPS, "load");
        try {
            for (var load : loads) {
                for (int round = load.wantsNewBroker() ? 1 : 0; round <= rounds; round++) {
                    round(loops, load, round);
                }
            }
        } finally {
            for (var broker : brokers.values()) {
                broker.close();
            }
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
        System.out.printf("%nMedians of %d rounds (lowest to highest)%n", rounds);
        table.print(System.out);
        if (isFaulty) {
            System.out.println("FAULTY: messages were lost, doubled or out of order");
        }
    }

    private void round(EventLoopGroup loops, Load load, int round) throws Exception {
        for (var kind : kinds) {
            if (load.brokers().contains(kind)) {
                var sample = sample(loops, load, kind, round == 0 ? warmUp : time);
                System.out.printf(
                        "%-8s %-10s %-10s %s  %,9.0f/s  (load %.2f us)%s%n",
                        round == 0 ? "warm-up" : "round " + round,
                        load.name(),
                        kind.argument(),
                        values(load, sample),
                        sample.perSecond(),
                        sample.loadMicros(),
                        sample.isFaulty()
                                ? "  FAULTY: lost %d, wrong %d".formatted(sample.lost(), sample.wrong())
                                : "");
                if (round > 0) {
                    isFaulty |= sample.isFaulty();
                    table.add(load, kind, sample);
                }
            }
        }
    }

    private Load.Sample sample(EventLoopGroup loops, Load load, BrokerKind kind, Duration duration)
            throws IOException, InterruptedException {
        if (load.wantsNewBroker()) {
            try (var own = launcher.start(kind)) {
                return load.run(loops, own, duration);
            }
        }
        var broker = brokers.get(kind);
        if (broker == null) {
            broker = launcher.start(kind);
            brokers.put(kind, broker);
        }
        return load.run(loops, broker, duration);
    }

    private static String values(Load load, Load.Sample sample) {
        var texts = new ArrayList<String>();
        for (var row : load.rows()) {
            var value = sample.values().get(row);
            if (value != null) {
                texts.add("%,10.2f %s".formatted(value, row.unit()));
            }
        }
        return String.join(" ", texts);
    }
}
