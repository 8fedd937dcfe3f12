package dev.dunlin.engine.tenant;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A rate that is kept by slowing down, not by dropping: what came is counted, and whoever is ahead of the rate learns how
 * long to wait before reading on (the generic cell rate algorithm). One second's worth may come at once. Any thread.
 */
final class RateLimit {
    private static final long SECOND_NANOS = 1_000_000_000L;

    /** When everything counted so far would have come, had it come at the rate. */
    private final AtomicLong theoreticalArrivalNanos;

    RateLimit(long nowNanos) {
        theoreticalArrivalNanos = new AtomicLong(nowNanos);
    }

    /** Counts {@code events} and returns how many nanoseconds to wait now, 0 for none. */
    long count(long events, long perSecond, long nowNanos) {
        long cost = (long) ((double) events * SECOND_NANOS / perSecond);
        while (true) {
            long before = theoreticalArrivalNanos.get();
            long start = before - nowNanos > 0 ? before : nowNanos;
            long after = start + cost;
            if (theoreticalArrivalNanos.compareAndSet(before, after)) {
                return Math.max(0, after - nowNanos - SECOND_NANOS);
            }
        }
    }
}
