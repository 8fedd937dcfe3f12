package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.transport.EventLoops;
import io.netty.channel.EventLoopGroup;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Fills and empties the queues of offline sessions again and again: the tables and indexes of the product's message store may
 * not grow by it without end. How to run it stands in the package's description.
 *
 * @param time in all; what was written in the first quarter of it is what the rest is held against
 * @param messages that are queued at a time
 */
record Bloat(Duration time, Duration interval, int messages, List<String> jvmOptions) {
    private static final int LOAD_LOOPS = 2;
    private static final double GROWTH = 1.5;
    private static final double MIB = 1024 * 1024;
    /** Below that a table is small, however it grows. */
    private static final long SMALL = 1024 * 1024;

    public static void main(String[] arguments) throws Exception {
        var given = Arguments.of(arguments, "minutes=60", "interval=60", "messages=300000", "jvm=");
        var bloat = new Bloat(
                Duration.ofSeconds((long) (Double.parseDouble(given.get("minutes")) * 60)),
                Duration.ofSeconds(Integer.parseInt(given.get("interval"))),
                Integer.parseInt(given.get("messages")),
                given.list("jvm"));
        var loops = EventLoops.best().newGroup(LOAD_LOOPS, "load");
        boolean isFaulty = true;
        try {
            isFaulty = bloat.run(loops, System.out);
            System.out.println(isFaulty ? "FAULTY" : "does not bloat");
        } catch (CompletionException | IllegalStateException failure) {
            System.out.println("FAILED: " + failure.getMessage());
        } finally {
            loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        }
        System.exit(isFaulty ? 1 : 0);
    }

    /** @return whether something grew that may not, or a message was lost, doubled or disordered */
    boolean run(EventLoopGroup loops, PrintStream out) throws Exception {
        try (var broker = new Launcher(jvmOptions).start(BrokerKind.DUNLIN, 0);
                var database = broker.openDatabase().orElseThrow();
                var meter = new Meter(broker)) {
            var sessions = new OfflineSessions(loops, broker.port(), "bloat", messages / OfflineSessions.SESSIONS);
            sessions.begin();
            var sizes = new Run(sessions, database, meter, out).drive();
            sessions.end();
            var fault = sessions.count().fault();
            out.println(fault.isEmpty() ? "no message lost, doubled or out of order" : fault);
            return judge(sizes, out) || !fault.isEmpty();
        }
    }

    /** Sizes of tables and indexes. */
    private record Sizes(Map<String, Long> early, Map<String, Long> late) {}

    private final class Run {
        private final OfflineSessions sessions;
        private final Database database;
        private final Meter meter;
        private final PrintStream out;
        private final long startNanos = System.nanoTime();
        private long reportedNanos = startNanos;
        private long reported;
        private long queued;

        Run(OfflineSessions sessions, Database database, Meter meter, PrintStream out) {
            this.sessions = sessions;
            this.database = database;
            this.meter = meter;
            this.out = out;
        }

        Sizes drive() throws InterruptedException {
            var early = fillAndEmptyUntil(time.dividedBy(4));
            return new Sizes(early, fillAndEmptyUntil(time));
        }

        private Map<String, Long> fillAndEmptyUntil(Duration end) throws InterruptedException {
            while (System.nanoTime() - startNanos < end.toNanos()) {
                sessions.queue();
                sessions.drain();
                meter.settle(); // what is still to be removed counts against what may wait to be stored
                sessions.leave();
                queued += sessions.total();
                if (System.nanoTime() - reportedNanos >= interval.toNanos()) {
                    report();
                }
            }
            return database.sizes();
        }

        private void report() {
            long now = System.nanoTime();
            out.printf(
                    "%6.1f min  %,13d messages  %,8.0f/s  MiB: %s%n",
                    (now - startNanos) / 60e9,
                    queued,
                    (queued - reported) * 1e9 / (now - reportedNanos),
                    described(database.sizes()));
            reportedNanos = now;
            reported = queued;
        }
    }

    private static String described(Map<String, Long> sizes) {
        long all = sizes.values().stream().mapToLong(Long::longValue).sum();
        return sizes.entrySet().stream()
                        .filter(size -> size.getValue() >= SMALL)
                        .map(size -> "%s %.1f".formatted(size.getKey(), size.getValue() / MIB))
                        .collect(Collectors.joining(", "))
                + ", all %.1f".formatted(all / MIB);
    }

    private static boolean judge(Sizes sizes, PrintStream out) {
        boolean isBloated = false;
        out.printf("%n%-24s %12s %12s  [MiB]%n", "", "first quarter", "end");
        for (var size : sizes.late().entrySet()) {
            long early = sizes.early().getOrDefault(size.getKey(), 0L);
            boolean hasGrown = size.getValue() > GROWTH * Math.max(early, SMALL);
            isBloated |= hasGrown;
            out.printf(
                    "%-24s %12.2f %12.2f%s%n",
                    size.getKey(), early / MIB, size.getValue() / MIB, hasGrown ? "  GROWN" : "");
        }
        return isBloated;
    }
}
