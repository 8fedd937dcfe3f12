package dev.dunlin.engine.fuzz;

import dev.dunlin.engine.testkit.Wire;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * What one connection sends: mostly CONNECT and then other packets of its version, some of them mutated, of another version
 * or out of order. The same seed and number give the same.
 */
final class Sequence {
    private static final long FACTOR = 0x9E37_79B9_7F4A_7C15L;
    private static final int MOST_PACKETS = 12;
    private static final int MOST_PIECES = 8;

    private final SplittableRandom random;
    private final byte[] bytes;
    private int packets;

    Sequence(long seed, long number) {
        random = new SplittableRandom(seed + number * FACTOR);
        bytes = draw();
    }

    private byte[] draw() {
        var source = new PacketSource(random);
        var mutations = new Mutations(random);
        var version = source.version();
        int mutatedOneIn = 4 + random.nextInt(30);
        packets = 1 + random.nextInt(MOST_PACKETS);
        var drawn = new byte[packets][];
        for (int i = 0; i < packets; i++) {
            boolean isConnect = i == 0 ? random.nextInt(64) != 0 : random.nextInt(64) == 0;
            var own = random.nextInt(40) == 0 ? source.version() : version;
            drawn[i] = isConnect ? source.connect(version) : source.packet(own);
            // most logins have to succeed, or nothing behind them is looked at
            if (random.nextInt(i == 0 ? 2 * mutatedOneIn : mutatedOneIn) == 0) {
                drawn[i] = mutations.mutate(drawn[i], source.packet(version));
            }
        }
        return Wire.concat(drawn);
    }

    byte[] bytes() {
        return bytes;
    }

    /** How many packets it was made of. */
    int packets() {
        return packets;
    }

    /** Of what comes next by chance, for this sequence. */
    SplittableRandom random() {
        return random;
    }

    /** All bytes in random pieces, another time in others. */
    List<byte[]> pieces() {
        var cuts = random.ints(random.nextInt(MOST_PIECES), 0, bytes.length + 1)
                .sorted()
                .toArray();
        var pieces = new ArrayList<byte[]>();
        int from = 0;
        for (int cut : cuts) {
            pieces.add(Arrays.copyOfRange(bytes, from, cut));
            from = cut;
        }
        pieces.add(Arrays.copyOfRange(bytes, from, bytes.length));
        return pieces;
    }

    /**
     * How many bytes the packet lacks with which they end, going by the lengths they announce; zeros for all of them
     * complete it.
     */
    int missingBytes() {
        long at = 0;
        while (at < bytes.length) {
            int length = 0;
            int header = 1;
            int b;
            do {
                boolean isThere = at + header < bytes.length;
                b = isThere ? bytes[(int) at + header] : 0;
                length |= (b & 0x7F) << 7 * (header - 1);
                header++;
            } while (b < 0 && header < 5);
            at += header + length;
        }
        return (int) (at - bytes.length);
    }
}
