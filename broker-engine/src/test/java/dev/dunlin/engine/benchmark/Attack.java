package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.transport.EventLoops;
import io.netty.channel.EventLoopGroup;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Attacks one broker process, in one way after the other and in all together, while a pair of well-behaved clients exchanges
 * messages: those must arrive, all and soon, and the broker's memory has to stay within its bound. How to run it stands in
 * the package's description.
 *
 * @param scale 1 for the attack in full: 1,000 subscribers that never read, 10,000 connections that drip, 1,000 that announce
 * @param time of each attack
 */
record Attack(double scale, Duration time, List<String> jvmOptions) {
    /** On the heap that the broker gets; the rest of the bounds follow from it. */
    static final int HEAP_MIB = 512;

    /** Of that heap may live at any time: what is queued, held of unfinished packets, and the connections themselves. */
    static final int LIVE_HEAP_BOUND_MIB = 384;

    /** More than before the attacks, with a heap that is resident from the start: buffers of what was not sent. */
    static final int RESIDENT_BOUND_MIB = 384;

    static final double P99_BOUND_MILLIS = 50;

    private static final int CANARIES_PER_SECOND = 500;
    private static final int WINDOW = 1_000;
    private static final int NOISE_PER_SECOND = 50;
    private static final int NOISE_BYTES = 8_000;
    private static final int GUESSERS = 100;
    private static final Duration GUESS_EVERY = Duration.ofMillis(50);
    private static final double MIB = 1024 * 1024;

    /** One way to attack: what it is called, and how it begins; closing ends it. */
    private record Way(String name, Function<Scene, List<AutoCloseable>> begin) {}

    private record Scene(EventLoopGroup loops, int port, double scale) {
        /** Who come again after a second where they were closed. */
        Attackers attackers(int full, Attackers.Kind kind) {
            return attackers(full, Duration.ofSeconds(1), kind);
        }

        Attackers attackers(int full, Duration reopen, Attackers.Kind kind) {
            return new Attackers(port, Math.max(1, (int) (full * scale)), reopen, kind);
        }
    }

    private static final Way SILENT = new Way(
            "subscribers that never read",
            scene -> List.of(
                    scene.attackers(1_000, Attackers.silentSubscriber()),
                    new Noise(scene.loops, scene.port, NOISE_PER_SECOND, NOISE_BYTES)));

    private static final Way HALF_OPEN = new Way(
            "connections that drip a CONNECT",
            scene -> List.of(
                    scene.attackers(10_000, Attackers.halfOpen()), scene.attackers(1_000, Attackers.halfSent())));

    private static final Way ANNOUNCED = new Way(
            "packets of 256 MB announced, before and after the log-in",
            scene -> List.of(
                    scene.attackers(200, Attackers.announcer()), scene.attackers(1_000, Attackers.announcingClient())));

    private static final Way GUESSES =
            new Way("secrets guessed", scene -> List.of(scene.attackers(GUESSERS, GUESS_EVERY, Attackers.guesser())));

    private static final Way ALL = new Way("all of that together", scene -> {
        var all = new ArrayList<AutoCloseable>();
        for (var way : List.of(SILENT, HALF_OPEN, ANNOUNCED, GUESSES)) {
            all.addAll(way.begin.apply(scene));
        }
        return all;
    });

    private static final List<Way> WAYS =
            List.of(new Way("nothing", scene -> List.of()), SILENT, HALF_OPEN, ANNOUNCED, GUESSES, ALL);

    /**
     * What an attack did.
     *
     * @param open hostile connections in the end
     * @param opened how many there were
     * @param liveHeapMib all that lived on the heap
     * @param residentMib resident memory, more than before the attacks
     */
    record Found(String name, int open, long opened, double p99Millis, double liveHeapMib, double residentMib) {
        boolean isWithinMemory() {
            return liveHeapMib <= LIVE_HEAP_BOUND_MIB && residentMib <= RESIDENT_BOUND_MIB;
        }

        boolean isInTime() {
            return p99Millis <= P99_BOUND_MILLIS;
        }

        @Override
        public String toString() {
            return "%-58s %,7d open %,9d opened   canary p99 %7.2f ms   live heap %6.1f MiB   resident +%6.1f MiB%s%s"
                    .formatted(
                            name,
                            open,
                            opened,
                            p99Millis,
                            liveHeapMib,
                            residentMib,
                            isWithinMemory() ? "" : "  TOO MUCH MEMORY",
                            isInTime() ? "" : "  TOO SLOW");
        }
    }

    /** @param fault of the canary's messages; empty if all arrived once and in order */
    record Outcome(List<Found> found, String fault, List<String> said) {
        boolean isFaulty() {
            return !fault.isEmpty()
                    || !said.isEmpty()
                    || !found.stream().allMatch(one -> one.isWithinMemory() && one.isInTime());
        }
    }

    public static void main(String[] arguments) throws Exception {
        var given = Arguments.of(arguments, "scale=1", "seconds=15", "jvm=");
        var attack = new Attack(
                Double.parseDouble(given.get("scale")),
                Duration.ofSeconds(Long.parseLong(given.get("seconds"))),
                given.list("jvm"));
        System.out.printf(
                "bounds: %d MiB live of a heap of %d MiB, %d MiB resident beside it, canary p99 %.0f ms%n",
                LIVE_HEAP_BOUND_MIB, HEAP_MIB, RESIDENT_BOUND_MIB, P99_BOUND_MILLIS);
        boolean isFaulty = true;
        try {
            var outcome = attack.run(System.out);
            System.out.println(outcome.fault.isEmpty() ? "canary: nothing lost" : "canary: " + outcome.fault);
            outcome.said.forEach(System.out::println);
            isFaulty = outcome.isFaulty();
        } catch (CompletionException | IllegalStateException failure) {
            System.out.println("FAILED: " + failure.getMessage());
        }
        System.out.println(isFaulty ? "FAULTY" : "withstood");
        System.exit(isFaulty ? 1 : 0);
    }

    /** Tells {@code out} of each attack. */
    Outcome run(PrintStream out) throws IOException, InterruptedException {
        var options = new ArrayList<>(List.of(
                "-Xms" + HEAP_MIB + "m",
                "-Xmx" + HEAP_MIB + "m",
                "-XX:+AlwaysPreTouch",
                "-Ddunlin.mqtt.guard.failed-logins=10"));
        options.addAll(jvmOptions);
        var loops = EventLoops.best().newGroup(1, "canary");
        try (var broker = new Launcher(options).start(BrokerKind.ENGINE, 0)) {
            var canaries = new Traffic(
                    loops, broker.port(), "canary", Loads.pairs(1), new Group.Pace(1, WINDOW), CANARIES_PER_SECOND);
            canaries.connect();
            canaries.start();
            double before = broker.residentBytes() / MIB;
            // all that comes later, so that it is compiled: two cores that compile would be what is measured
            attack(ALL, new Scene(loops, broker.port(), scale), broker, canaries, before);
            var found = new ArrayList<Found>();
            for (var way : WAYS) {
                var one = attack(way, new Scene(loops, broker.port(), scale), broker, canaries, before);
                out.println(one);
                found.add(one);
            }
            var fault = canaries.finish().fault();
            canaries.disconnect();
            var said = new ArrayList<>(broker.said("ERROR"));
            said.addAll(broker.said("WARN"));
            return new Outcome(List.copyOf(found), fault, List.copyOf(said));
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
    }

    private Found attack(Way way, Scene scene, Broker broker, Traffic canaries, double residentBefore)
            throws InterruptedException {
        var begun = way.begin.apply(scene);
        var attackers = begun.stream()
                .filter(Attackers.class::isInstance)
                .map(Attackers.class::cast)
                .toList();
        try {
            canaries.beginLatencies();
            Traffic.pause(time);
            var latencies = canaries.endLatencies();
            double resident = broker.residentBytes() / MIB - residentBefore;
            double heap = broker.liveHeapBytes().orElse(0) / MIB;
            return new Found(
                    way.name,
                    attackers.stream().mapToInt(Attackers::open).sum(),
                    attackers.stream().mapToLong(Attackers::opened).sum(),
                    latencies.micros(0.99) / 1_000,
                    heap,
                    resident);
        } finally {
            for (var one : begun) {
                close(one);
            }
        }
    }

    private static void close(AutoCloseable begun) throws InterruptedException {
        try {
            begun.close();
        } catch (InterruptedException interrupted) {
            throw interrupted;
        } catch (Exception failed) {
            throw new IllegalStateException(failed);
        }
    }
}
