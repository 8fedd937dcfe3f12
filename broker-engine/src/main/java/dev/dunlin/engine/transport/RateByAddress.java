package dev.dunlin.engine.transport;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/**
 * A token bucket per remote address in a fixed amount of memory (1 MiB), for any thread. An IPv4 address counts by itself,
 * an IPv6 address with its /64, which one customer usually has for himself.
 *
 * <p>Addresses are kept in a table of small sets, as in a processor's cache. When a set is full, the address that has been
 * quiet the longest makes room: it has the most tokens, so forgetting it gives away the least.
 */
final class RateByAddress {
    private static final int WAYS = 4;
    private static final int SETS = 1 << 14;
    private static final long IPV4 = 0x0000_FFFF_0000_0000L;

    private final long nanosPerToken;
    private final long burstNanos;
    private final LongSupplier nanoTime;
    private final long start;
    private final long[] addresses = new long[SETS * WAYS];
    /** When the bucket of the address beside it will be full again, in nanoseconds since {@link #start}. */
    private final long[] fullAt = new long[SETS * WAYS];
    /** Drawn at random, so that nobody can choose addresses that fall into one set. */
    private final long seed = ThreadLocalRandom.current().nextLong() | 1;

    /**
     * @param perSecond tokens that flow in, at least 1
     * @param burst tokens that a bucket holds, at least 1
     */
    RateByAddress(int perSecond, int burst, LongSupplier nanoTime) {
        this.nanosPerToken = 1_000_000_000L / perSecond;
        this.burstNanos = nanosPerToken * burst;
        this.nanoTime = nanoTime;
        this.start = nanoTime.getAsLong();
    }

    /** Takes a token of {@code address}, if it has one. */
    synchronized boolean take(InetAddress address) {
        long key = keyOf(address);
        long now = nanoTime.getAsLong() - start;
        int slot = slotOf(key);
        long full = Math.max(addresses[slot] == key ? fullAt[slot] : 0, now) + nanosPerToken;
        if (full - now > burstNanos) {
            return false;
        }
        addresses[slot] = key;
        fullAt[slot] = full;
        return true;
    }

    private int slotOf(long key) {
        long mixed = (key ^ seed) * 0x9E37_79B9_7F4A_7C15L;
        mixed = (mixed ^ (mixed >>> 32)) * seed;
        int first = (int) (mixed >>> (Long.SIZE - 14)) * WAYS;
        int quietest = first;
        for (int slot = first; slot < first + WAYS; slot++) {
            if (addresses[slot] == key) {
                return slot;
            }
            if (fullAt[slot] < fullAt[quietest]) {
                quietest = slot;
            }
        }
        return quietest;
    }

    private static long keyOf(InetAddress address) {
        var bytes = address.getAddress();
        long key = address instanceof Inet4Address ? IPV4 >>> 32 : 0;
        for (int i = 0; i < Math.min(bytes.length, Long.BYTES); i++) {
            key = key << Byte.SIZE | (bytes[i] & 0xFF);
        }
        return key;
    }
}
