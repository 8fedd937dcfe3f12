package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.transport.EventLoops;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Puts our broker and its peers under the same loads, one broker after the other in every round, so that what else the
 * machine does falls on all, and prints a table of medians and ratios. How to run it stands in the package's description.
 */
public final class Benchmark {
    private static final int LOAD_LOOPS = 2;

    private static final List<BrokerKind> DEFAULT_BROKERS =
            List.of(BrokerKind.DUNLIN, BrokerKind.MOSQUITTO, BrokerKind.HIVEMQ, BrokerKind.MOQUETTE, BrokerKind.FLOOR);

    private final int rounds;
    private final Duration warmUp;
    private final Duration time;
    /** Whether the brokers were named, so that they take part in all loads that they can do. */
    private final boolean isNamed;

    private final List<BrokerKind> kinds;
    private final Launcher launcher;
    private final Map<BrokerKind, Broker> brokers = new EnumMap<>(BrokerKind.class);
    private final Table table = new Table();
    private int tenants;
    private boolean isFaulty;

    private Benchmark(int rounds, Duration warmUp, Duration time, List<BrokerKind> named, Launcher launcher) {
        this.rounds = rounds;
        this.warmUp = warmUp;
        this.time = time;
        this.isNamed = !named.isEmpty();
        this.kinds = isNamed ? named : DEFAULT_BROKERS;
        this.launcher = launcher;
    }

    public static void main(String[] arguments) throws Exception {
        var given = Arguments.of(arguments, "rounds=3", "seconds=3", "warmup=6", "loads=", "brokers=", "jvm=");
        boolean isFaulty;
        try {
            var named = given.list("brokers").stream().map(BrokerKind::of).toList();
            var benchmark = new Benchmark(
                    Integer.parseInt(given.get("rounds")),
                    seconds(given.get("warmup")),
                    seconds(given.get("seconds")),
                    named,
                    new Launcher(given.list("jvm")));
            isFaulty = benchmark.run(loads(given.list("loads")));
        } catch (IllegalArgumentException | IllegalStateException wrong) {
            System.err.println(wrong.getMessage());
            isFaulty = true;
        }
        System.exit(isFaulty ? 1 : 0);
    }

    /** Those of these names, or all that the table is about. */
    private static List<Load> loads(List<String> names) {
        return names.isEmpty()
                ? Loads.all()
                : names.stream().flatMap(name -> known(name).stream()).toList();
    }

    /** One load, or the series whose loads begin with {@code name}. */
    private static List<Load> known(String name) {
        var all = Stream.concat(Loads.all().stream(), Loads.further().stream()).toList();
        var exact = all.stream().filter(load -> load.name().equals(name)).toList();
        if (!exact.isEmpty()) {
            return exact;
        }
        var series =
                all.stream().filter(load -> load.name().startsWith(name + "-")).toList();
        if (series.isEmpty()) {
            throw new IllegalArgumentException("Unknown load: " + name + "; known are "
                    + all.stream().map(Load::name).toList());
        }
        return series;
    }

    private static Duration seconds(String argument) {
        return Duration.ofMillis((long) (Double.parseDouble(argument) * 1_000));
    }

    /** Whether something went wrong. */
    private boolean run(List<Load> loads) throws IOException, InterruptedException {
        if (kinds.contains(BrokerKind.DUNLIN)) {
            Product.jar();
        }
        System.out.printf(
                "MQTT 3.1.1 over TCP on the loopback, %d-byte payloads, Java %s, %d cores; %d rounds of %.1f s after %.1f s to warm up%n",
                Packets.PAYLOAD_BYTES,
                Runtime.version(),
                Runtime.getRuntime().availableProcessors(),
                rounds,
                time.toMillis() / 1e3,
                warmUp.toMillis() / 1e3);
        tenants = loads.stream()
                .filter(load -> !load.wantsNewBroker())
                .mapToInt(Load::tenants)
                .max()
                .orElse(0);
        kinds.forEach(kind -> System.out.printf("%-10s %s%n", kind.argument(), kind.setting()));
        var loops = EventLoops.best().newGroup(LOAD_LOOPS, "load");
        try {
            for (var load : loads) {
                for (int round = load.wantsNewBroker() ? 1 : 0; round <= rounds; round++) {
                    round(loops, load, round);
                }
            }
        } finally {
            for (var kind : kinds) {
                stop(kind);
            }
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
        System.out.printf("%nMedians of %d rounds (lowest to highest)%n", rounds);
        table.print(System.out);
        if (isFaulty) {
            System.out.println("FAULTY: a broker failed, fell behind, or lost, doubled or disordered messages");
        }
        return isFaulty;
    }

    private void round(EventLoopGroup loops, Load load, int round) throws IOException, InterruptedException {
        for (var kind : kinds) {
            if (isNamed ? !load.suits(kind) : !load.brokers().contains(kind)) {
                continue;
            }
            var name = "%-8s %-10s %-10s"
                    .formatted(round == 0 ? "warm-up" : "round " + round, load.name(), kind.argument());
            try {
                var sample = sample(loops, load, kind, round == 0 ? warmUp : time);
                System.out.println(name + described(load, sample));
                if (round > 0) {
                    isFaulty |= sample.isFaulty();
                    table.add(load, kind, sample);
                }
            } catch (CompletionException | IllegalStateException failure) {
                // told in the table, so that the others' rounds were not in vain
                System.out.println(name + " FAILED: " + failure.getMessage());
                isFaulty = true;
                table.addFailure(load, kind);
                stop(kind);
            }
        }
    }

    private Load.Sample sample(EventLoopGroup loops, Load load, BrokerKind kind, Duration duration)
            throws IOException, InterruptedException {
        if (load.wantsNewBroker()) {
            try (var own = launcher.start(kind, load.tenants())) {
                return load.run(loops, own, duration);
            }
        }
        var broker = brokers.get(kind);
        if (broker == null) {
            broker = launcher.start(kind, tenants);
            brokers.put(kind, broker);
        }
        return load.run(loops, broker, duration);
    }

    private void stop(BrokerKind kind) {
        var broker = brokers.remove(kind);
        if (broker != null) {
            broker.close();
        }
    }

    private static String described(Load load, Load.Sample sample) {
        var text = new StringBuilder();
        for (var row : load.rows()) {
            var value = sample.values().get(row);
            if (value != null) {
                text.append(" %,10.2f %s".formatted(value, row.unit()));
            }
        }
        text.append("  %,9.0f/s  (load %.2f us)".formatted(sample.perSecond(), sample.loadMicros()));
        if (sample.isFaulty()) {
            text.append("  FAULTY: ").append(sample.fault());
        }
        return text.toString();
    }
}
