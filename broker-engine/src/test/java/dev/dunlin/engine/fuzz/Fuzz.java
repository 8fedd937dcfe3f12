package dev.dunlin.engine.fuzz;

import dev.dunlin.engine.testkit.LogRecorder;
import dev.dunlin.engine.testkit.TestBroker;
import java.io.PrintStream;
import java.util.concurrent.ThreadLocalRandom;

/** One run of both kinds; how to start it stands in the package's description. */
record Fuzz(long seed, long packets, long sequences) {
    public static void main(String[] arguments) throws InterruptedException {
        long seed = ThreadLocalRandom.current().nextLong();
        long packets = 1_000_000;
        long sequences = 100_000;
        for (var argument : arguments) {
            var parts = argument.split("=", 2);
            switch (parts[0]) {
                case "seed" -> seed = Long.parseLong(parts[1]);
                case "packets" -> packets = Long.parseLong(parts[1]);
                case "sequences" -> sequences = Long.parseLong(parts[1]);
                default ->
                    throw new IllegalArgumentException(
                            "Unknown: " + argument + "; known are packets, sequences and seed");
            }
        }
        int exitCode = 1;
        try {
            new Fuzz(seed, packets, sequences).run(System.out);
            exitCode = 0;
        } catch (AssertionError fault) {
            System.out.println("FAULTY");
            fault.printStackTrace(System.out);
        }
        System.exit(exitCode);
    }

    /** Tells {@code out} what it did; fails at a fault. */
    void run(PrintStream out) throws InterruptedException {
        out.println("seed=" + seed);
        decode(out);
        connect(out);
    }

    void decode(PrintStream out) {
        long start = System.nanoTime();
        var decoder = new DecoderFuzz(seed);
        decoder.run(packets);
        out.printf(
                "decoder: %,d packets of %,d sequences, of which %,d ended malformed; whole and in pieces alike; %.1f s%n",
                decoder.packets(), decoder.sequences(), decoder.malformed(), (System.nanoTime() - start) / 1e9);
    }

    /** Against a broker of its own, which has to lose no buffer and to log nothing. */
    void connect(PrintStream out) throws InterruptedException {
        long start = System.nanoTime();
        try (var log = new LogRecorder()) {
            try (var broker = TestBroker.startForgetful();
                    var canary = new Canary(broker)) {
                var connections = new ConnectionFuzz(broker, seed);
                connections.run(sequences);
                out.printf(
                        "connections: %,d packets of %,d sequences, of which %,d left the connection open, and all others closed it; %.1f s%n",
                        connections.packets(), sequences, connections.answered(), (System.nanoTime() - start) / 1e9);
                out.printf(
                        "canary: %,d messages meanwhile, the slowest after %,d ms%n",
                        canary.exchanged(), canary.slowest().toMillis());
                out.println("incidents: " + broker.engine().statistics().incidents());
            }
            if (!log.lines().isEmpty()) {
                throw new AssertionError("With seed=" + seed + " was logged: " + String.join("\n", log.lines()));
            }
        }
    }
}
