package dev.dunlin.engine.transport;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/**
 * A token bucket per key, a remote address or a user name, in a fixed amount of memory (1 MiB), for any thread.
 *
 * <p>Keys are kept in a table of small sets, as in a processor's cache. When a set is full, the key that has been quiet the
 * longest makes room: it has the most tokens, so forgetting it gives away the least.
 */
final class RateByKey {
    private static final int WAYS = 4;
    private static final int SETS = 1 << 14;
    private static final long IPV4 = 0x0000_FFFF_0000_0000L;
    private static final long FNV_BASIS = 0xCBF2_9CE4_8422_2325L;
    private static final long FNV_PRIME = 0x0000_0100_0000_01B3L;

    private final long nanosPerToken;
    private final long burstNanos;
    private final LongSupplier nanoTime;
    private final long start;
    private final long[] keys = new long[SETS * WAYS];
    /** When the bucket of the key beside it will be full again, in nanoseconds since {@link #start}. */
    private final long[] fullAt = new long[SETS * WAYS];
    /** Drawn at random, so that nobody can choose keys that fall into one set. */
    private final long seed = ThreadLocalRandom.current().nextLong() | 1;

    /**
     * @param perSecond tokens that flow in, at least 1
     * @param burst tokens that a bucket holds, at least 1
     */
    RateByKey(int perSecond, int burst, LongSupplier nanoTime) {
        this.nanosPerToken = 1_000_000_000L / perSecond;
        this.burstNanos = nanosPerToken * burst;
        this.nanoTime = nanoTime;
        this.start = nanoTime.getAsLong();
    }

    /** Takes a token of {@code key}, if it has one. */
    synchronized boolean take(long key) {
        long now = nanoTime.getAsLong() - start;
        int slot = slotOf(key);
        long full = Math.max(keys[slot] == key ? fullAt[slot] : 0, now) + nanosPerToken;
        if (full - now > burstNanos) {
            return false;
        }
        keys[slot] = key;
        fullAt[slot] = full;
        return true;
    }

    private int slotOf(long key) {
        long mixed = (key ^ seed) * 0x9E37_79B9_7F4A_7C15L;
        mixed = (mixed ^ (mixed >>> 32)) * seed;
        int first = (int) (mixed >>> (Long.SIZE - 14)) * WAYS;
        int quietest = first;
        for (int slot = first; slot < first + WAYS; slot++) {
            if (keys[slot] == key) {
                return slot;
            }
            if (fullAt[slot] < fullAt[quietest]) {
                quietest = slot;
            }
        }
        return quietest;
    }

    /** An IPv4 address counts by itself, an IPv6 address with its /64, which one customer usually has for himself. */
    static long keyOf(InetAddress address) {
        var bytes = address.getAddress();
        long key = address instanceof Inet4Address ? IPV4 >>> 32 : 0;
        for (int i = 0; i < Math.min(bytes.length, Long.BYTES); i++) {
            key = key << Byte.SIZE | (bytes[i] & 0xFF);
        }
        return key;
    }

    /** Two names that share a key share its tokens, which nobody gains by. */
    static long keyOf(String name) {
        long key = FNV_BASIS;
        for (int i = 0; i < name.length(); i++) {
            key = (key ^ name.charAt(i)) * FNV_PRIME;
        }
        return key;
    }
}
