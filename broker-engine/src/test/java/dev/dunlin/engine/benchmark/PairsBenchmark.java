package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.transport.EventLoops;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * Messages per second and broker CPU per delivered message for pairs of a publisher and a subscriber: our engine, mosquitto
 * and the floor of bare Netty, one after the other in every round, so that what else the machine does falls on all.
 *
 * <pre>mvn -q -pl broker-engine test-compile exec:exec@pairs [-Dbenchmark="rounds=5 seconds=4 qos=0,1,2"]</pre>
 *
 * Further arguments: {@code pairs=50 payload=100 window=200 warmup=3 brokers=dunlin,mosquitto,floor},
 * {@code rate=}, messages a second that are sent in all instead of as many as the broker takes, and {@code jvm=}, options for
 * our process, with commas for blanks. The Java is the one that runs Maven.
 */
public final class PairsBenchmark {
    private static final int LOAD_LOOPS = 2;

    private final Map<String, String> arguments;
    private final List<BrokerProcess> brokers = new ArrayList<>();
    private final Map<Integer, Map<BrokerProcess, List<Load.Result>>> results = new TreeMap<>();
    private boolean faulty;

    private PairsBenchmark(Map<String, String> arguments) {
        this.arguments = arguments;
    }

    public static void main(String[] arguments) throws Exception {
        var byName = new LinkedHashMap<>(Map.of(
                "rounds", "5",
                "seconds", "4",
                "warmup", "3",
                "qos", "0,1,2",
                "pairs", "50",
                "payload", "100",
                "window", "200",
                "rate", "0",
                "brokers", "dunlin,mosquitto,floor"));
        byName.put("jvm", "");
        for (var argument : arguments) {
            var parts = argument.split("=", 2);
            if (parts.length < 2 || byName.replace(parts[0], parts[1]) == null) {
                throw new IllegalArgumentException("Unknown: " + argument + "; known are " + byName.keySet());
            }
        }
        var benchmark = new PairsBenchmark(byName);
        try {
            benchmark.run();
        } finally {
            for (var broker : benchmark.brokers) {
                broker.close();
            }
        }
        System.exit(benchmark.faulty ? 1 : 0);
    }

    private int number(String name) {
        return Integer.parseInt(arguments.getOrDefault(name, ""));
    }

    private List<String> list(String name) {
        return List.of(arguments.getOrDefault(name, "").split(","));
    }

    private void run() throws Exception {
        var jvmOptions = arguments.getOrDefault("jvm", "").replace(',', ' ');
        for (var name : list("brokers")) {
            brokers.add(
                    switch (name) {
                        case "dunlin" -> BrokerProcess.dunlin(jvmOptions);
                        case "mosquitto" -> BrokerProcess.mosquitto();
                        case "floor" -> BrokerProcess.floor(jvmOptions);
                        default -> throw new IllegalArgumentException("Unknown broker: " + name);
                    });
        }
        System.out.printf(
                "%d pairs, %d-byte payloads, %d in flight a pair, MQTT 3.1.1 over TCP on the loopback, Java %s, %d cores%n",
                number("pairs"),
                number("payload"),
                number("window"),
                Runtime.version(),
                Runtime.getRuntime().availableProcessors());
        System.out.println("Dunlin: log-in, permissions, limits and counters on, ports in memory. "
                + "mosquitto: password file and access list on, persistence off, no queue limits. "
                + "Bare Netty: forwards packets and does nothing else (QoS 0 only).");
        var loops = EventLoops.newGroup(LOAD_LOOPS, "load");
        try {
            for (int round = 0; round <= number("rounds"); round++) {
                // the first lets the compilers do their work
                round(loops, round);
            }
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
        print();
    }

    private void round(EventLoopGroup loops, int round) throws InterruptedException {
        var time = Duration.ofSeconds(number(round == 0 ? "warmup" : "seconds"));
        for (var qosText : list("qos")) {
            int qos = Integer.parseInt(qosText);
            for (var broker : brokers) {
                if (!broker.speaks(qos)) {
                    continue;
                }
                try (var load = Load.connect(
                        loops,
                        broker.port(),
                        number("pairs"),
                        qos,
                        number("payload"),
                        number("window"),
                        number("rate"))) {
                    var result = load.run(time, broker);
                    System.out.printf(
                            "%-8s QoS %d  %-10s %,9.0f messages/s  %6.2f us CPU/message  (load %.2f us)  lost %d, disordered %d%n",
                            round == 0 ? "warm-up" : "round " + round,
                            qos,
                            broker.name(),
                            result.perSecond(),
                            result.brokerMicros(),
                            result.loadMicros(),
                            result.lost(),
                            result.disordered());
                    faulty |= result.lost() + result.disordered() > 0;
                    if (round > 0) {
                        results.computeIfAbsent(qos, key -> new LinkedHashMap<>())
                                .computeIfAbsent(broker, key -> new ArrayList<>())
                                .add(result);
                    }
                }
            }
        }
    }

    private void print() {
        System.out.printf("%nMedians of %d rounds of %d s (lowest to highest)%n", number("rounds"), number("seconds"));
        results.forEach((qos, byBroker) -> {
            var reference = byBroker.entrySet().stream()
                    .filter(entry -> entry.getKey().name().equals("mosquitto"))
                    .findAny();
            byBroker.forEach((broker, rounds) -> {
                double rate = median(rounds, Load.Result::perSecond);
                double micros = median(rounds, Load.Result::brokerMicros);
                System.out.printf(
                        "QoS %d  %-10s %,9.0f messages/s  %6.2f us CPU/message (%.2f to %.2f)%s%n",
                        qos,
                        broker.name(),
                        rate,
                        micros,
                        rounds.stream()
                                .mapToDouble(Load.Result::brokerMicros)
                                .min()
                                .orElse(0),
                        rounds.stream()
                                .mapToDouble(Load.Result::brokerMicros)
                                .max()
                                .orElse(0),
                        reference
                                .map(Map.Entry::getValue)
                                .filter(own -> own != rounds)
                                .map(other -> "  beside mosquitto: %.2f x the rate, %.2f x the CPU"
                                        .formatted(
                                                rate / median(other, Load.Result::perSecond),
                                                micros / median(other, Load.Result::brokerMicros)))
                                .orElse(""));
            });
        });
        if (faulty) {
            System.out.println("FAULTY: messages were lost, doubled or out of order");
        }
    }

    private static double median(List<Load.Result> rounds, ToDoubleFunction<Load.Result> of) {
        var sorted = rounds.stream().mapToDouble(of).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
