package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.transport.EventLoops;
import io.netty.channel.EventLoopGroup;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * Sends a great many messages through one broker process at full rate: no message may be lost, resident memory has to be flat
 * after the warm-up, and Netty's leak detector silent. How to run it stands in the package's description.
 *
 * @param messages so many at least
 * @param leakDetection a level of Netty's
 */
record Endurance(BrokerKind kind, long messages, int qos, String leakDetection, List<String> jvmOptions) {
    private static final int LOAD_LOOPS = 2;
    private static final int WINDOW = 200;

    /** Shares of the messages after which the steady phase begins, and memory is looked at. */
    private static final double WARM = 0.1;

    private static final double[] MARKS = {0.2, 0.6, 1};
    private static final double FLATNESS = 0.05;
    /** A heap that shrinks with a collection and grows again would hide what grows beside it. */
    private static final String HEAP_OF_ONE_SIZE = "-Xms512m,-Xmx512m,-XX:+AlwaysPreTouch";

    private static final Duration STEP = Duration.ofMillis(100);
    private static final Duration REPORT = Duration.ofSeconds(10);
    /** In it the broker makes new buffers, which is when Netty tells of those that a collection found lost. */
    private static final Duration AFTERMATH = Duration.ofMillis(500);

    private static final double MIB = 1024 * 1024;

    /**
     * What was found.
     *
     * @param resident bytes after 20 %, 60 % and all of the messages
     * @param leaks what Netty said of each
     */
    record Outcome(
            Group.Count count,
            double perSecond,
            OptionalLong heapBefore,
            OptionalLong heapAfter,
            List<Long> resident,
            List<String> leaks) {
        boolean isFlat() {
            long first = resident.get(0);
            return resident.stream().allMatch(later -> later <= first * (1 + FLATNESS));
        }

        boolean isFaulty() {
            return !count.fault().isEmpty() || !leaks.isEmpty() || !isFlat();
        }

        void print(PrintStream out) {
            out.printf("%,d messages, %,.0f/s%n", count.delivered(), perSecond);
            out.printf("lost %d, doubled, disordered or changed %d%n", count.missing(), count.wrong());
            out.printf(
                    "live heap %s MiB at the start of the steady phase, %s at its end%n",
                    mib(heapBefore), mib(heapAfter));
            for (int i = 0; i < MARKS.length; i++) {
                out.printf("resident at %3.0f %%: %,.1f MiB%n", MARKS[i] * 100, resident.get(i) / MIB);
            }
            out.println(isFlat() ? "flat: never more than 5 % above the first" : "NOT FLAT");
            out.printf("leaks found: %d%n", leaks.size());
            leaks.forEach(out::println);
        }

        private static String mib(OptionalLong bytes) {
            return bytes.isPresent() ? "%,.1f".formatted(bytes.getAsLong() / MIB) : "unknown";
        }
    }

    public static void main(String[] arguments) throws Exception {
        var given = Arguments.of(
                arguments,
                "messages=100000000",
                "qos=1",
                "broker=engine",
                "leak-detection=simple",
                "jvm=" + HEAP_OF_ONE_SIZE);
        var endurance = new Endurance(
                BrokerKind.of(given.get("broker")),
                Long.parseLong(given.get("messages")),
                Integer.parseInt(given.get("qos")),
                given.get("leak-detection"),
                given.list("jvm"));
        var loops = EventLoops.best().newGroup(LOAD_LOOPS, "load");
        boolean isFaulty = true;
        try {
            var outcome = endurance.run(loops, System.out);
            outcome.print(System.out);
            isFaulty = outcome.isFaulty();
            System.out.println(isFaulty ? "FAULTY" : "endured");
        } catch (CompletionException | IllegalStateException failure) {
            System.out.println("FAILED: " + failure.getMessage());
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
        System.exit(isFaulty ? 1 : 0);
    }

    /** Tells {@code out} of its progress. */
    Outcome run(EventLoopGroup loops, PrintStream out) throws Exception {
        var options = new ArrayList<>(jvmOptions);
        options.add("-Dio.netty.leakDetection.level=" + leakDetection);
        out.printf(
                "%,d messages, 50 pairs, %d in flight each, QoS %d, to %s %s%n",
                messages, WINDOW, qos, kind.argument(), options);
        try (var broker = new Launcher(options).start(kind, 0)) {
            var traffic =
                    new Traffic(loops, broker.port(), "endurance", Loads.pairs(50), new Group.Pace(qos, WINDOW), 0);
            traffic.connect();
            try {
                return new Run(broker, traffic, out).drive();
            } finally {
                traffic.disconnect();
            }
        }
    }

    private final class Run {
        private final Broker broker;
        private final Traffic traffic;
        private final PrintStream out;
        private final long startNanos = System.nanoTime();
        private long reportedNanos = startNanos;
        private long reported;

        Run(Broker broker, Traffic traffic, PrintStream out) {
            this.broker = broker;
            this.traffic = traffic;
            this.out = out;
        }

        Outcome drive() throws InterruptedException {
            traffic.start();
            reach(WARM);
            var heapBefore = broker.liveHeapBytes();
            var resident = new ArrayList<Long>();
            for (double mark : MARKS) {
                reach(mark);
                resident.add(broker.residentBytes());
            }
            double perSecond = traffic.count().delivered() * 1e9 / (System.nanoTime() - startNanos);
            traffic.finish();
            // collects all, so that lost buffers are found
            var heapAfter = broker.liveHeapBytes();
            traffic.start();
            Traffic.pause(AFTERMATH);
            var count = traffic.finish();
            return new Outcome(count, perSecond, heapBefore, heapAfter, resident, broker.said("LEAK:"));
        }

        private void reach(double share) throws InterruptedException {
            while (true) {
                long before = reported;
                long delivered = traffic.count().delivered();
                long nanos = System.nanoTime() - reportedNanos;
                if (nanos >= REPORT.toNanos()) {
                    out.printf(
                            "%,15d messages  %,11.0f/s  resident %,8.1f MiB%n",
                            delivered, (delivered - before) * 1e9 / nanos, broker.residentBytes() / MIB);
                    if (delivered == before) {
                        throw new IllegalStateException(
                                "no message has arrived for " + REPORT.toSeconds() + " seconds");
                    }
                    reported = delivered;
                    reportedNanos += nanos;
                }
                if (delivered >= messages * share) {
                    return;
                }
                Traffic.pause(STEP);
            }
        }
    }
}
