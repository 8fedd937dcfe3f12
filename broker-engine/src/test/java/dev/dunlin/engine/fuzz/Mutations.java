package dev.dunlin.engine.fuzz;

import dev.dunlin.engine.testkit.Wire;
import java.util.Arrays;
import java.util.SplittableRandom;

/** What line noise, a faulty client and an attacker do to a packet. */
final class Mutations {
    private static final int[] TELLING_BYTES = {0, 1, 0x7F, 0x80, 0xFF};
    private static final int[] TELLING_SHORTS = {0, 1, 0x7F, 0xFF, 0x7FFF, 0x8000, 0xFFFF};
    private static final int[] TELLING_LENGTHS = {0, 1, 2, 127, 128, 16_383, 16_384, 2_097_152, 268_435_455};

    private final SplittableRandom random;

    Mutations(SplittableRandom random) {
        this.random = random;
    }

    /** Changes {@code packet}, of which it may take parts to join with {@code other}. */
    byte[] mutate(byte[] packet, byte[] other) {
        if (random.nextInt(5) == 0) {
            return withLength(packet, lie(bodyOf(packet).length));
        }
        // behind a right length, a fault lies deeper
        boolean hasRightLength = random.nextBoolean();
        var bytes = hasRightLength ? bodyOf(packet) : packet;
        int rounds = 1 + random.nextInt(3);
        for (int i = 0; i < rounds; i++) {
            bytes = change(bytes, hasRightLength ? bodyOf(other) : other);
        }
        return hasRightLength ? Wire.packet(packet[0] & 0xFF, bytes) : bytes;
    }

    private byte[] change(byte[] bytes, byte[] other) {
        if (bytes.length == 0) {
            return noise(1 + random.nextInt(4));
        }
        int at = random.nextInt(bytes.length);
        return switch (random.nextInt(8)) {
            case 0 -> flipBits(bytes);
            case 1 -> set(bytes, at, Wire.bytes(TELLING_BYTES[random.nextInt(TELLING_BYTES.length)]));
            case 2 -> set(bytes, at, Wire.int16(TELLING_SHORTS[random.nextInt(TELLING_SHORTS.length)]));
            case 3 -> Arrays.copyOf(bytes, at);
            case 4 -> Wire.concat(bytes, noise(1 + random.nextInt(8)));
            case 5 -> cutOut(bytes, at);
            case 6 -> Wire.concat(Arrays.copyOf(bytes, at), Arrays.copyOfRange(bytes, at / 2, bytes.length));
            default -> {
                int from = random.nextInt(other.length + 1);
                yield Wire.concat(Arrays.copyOf(bytes, at), Arrays.copyOfRange(other, from, other.length));
            }
        };
    }

    private byte[] flipBits(byte[] bytes) {
        var changed = bytes.clone();
        int flips = 1 + random.nextInt(4);
        for (int i = 0; i < flips; i++) {
            changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return changed;
    }

    private static byte[] set(byte[] bytes, int at, byte[] value) {
        var changed = bytes.clone();
        System.arraycopy(value, 0, changed, at, Math.min(value.length, changed.length - at));
        return changed;
    }

    private byte[] cutOut(byte[] bytes, int from) {
        int to = Math.min(bytes.length, from + 1 + random.nextInt(8));
        return Wire.concat(Arrays.copyOf(bytes, from), Arrays.copyOfRange(bytes, to, bytes.length));
    }

    private int lie(int length) {
        return switch (random.nextInt(3)) {
            case 0 -> Math.max(0, length + random.nextInt(9) - 4);
            case 1 -> random.nextInt(2 * length + 1);
            default -> TELLING_LENGTHS[random.nextInt(TELLING_LENGTHS.length)];
        };
    }

    private byte[] withLength(byte[] packet, int length) {
        // sometimes longer than it has to be, and sometimes longer than it may be
        var bytes = switch (random.nextInt(8)) {
            case 0 -> Wire.bytes(0x80 | length & 0x7F, 0x80, 0x00);
            case 1 -> Wire.bytes(0xFF, 0xFF, 0xFF, 0xFF, 0x01);
            default -> Wire.varint(length);
        };
        return Wire.concat(Arrays.copyOf(packet, Math.min(1, packet.length)), bytes, bodyOf(packet));
    }

    private static byte[] bodyOf(byte[] packet) {
        int at = Math.min(1, packet.length);
        while (at < packet.length && at < 5 && packet[at] < 0) {
            at++;
        }
        return Arrays.copyOfRange(packet, Math.min(at + 1, packet.length), packet.length);
    }

    private byte[] noise(int count) {
        var bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }
}
