package dev.dunlin.engine.benchmark;

import java.util.Arrays;

/** Times between sending and receiving in steps of a microsecond. One event loop alone touches it until it has ended. */
final class Latencies {
    private static final int MAX_MICROS = 1_000_000;

    private final int[] counts = new int[MAX_MICROS + 1];
    private boolean isOn;

    /** Forgets what it counted, and counts from now on. */
    void begin() {
        Arrays.fill(counts, 0);
        isOn = true;
    }

    void end() {
        isOn = false;
    }

    /** Counts the time since {@code sentNanos} of {@link System#nanoTime}, between begin and end. */
    void add(long sentNanos) {
        if (isOn) {
            long micros = (System.nanoTime() - sentNanos) / 1_000;
            counts[(int) Math.max(0, Math.min(MAX_MICROS, micros))]++;
        }
    }

    /** Adds all of {@code other}, which nobody changes any more. */
    void addAll(Latencies other) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += other.counts[i];
        }
    }

    /** Microseconds that the share {@code quantile} of all does not exceed. */
    double micros(double quantile) {
        long total = 0;
        for (int count : counts) {
            total += count;
        }
        long wanted = (long) Math.ceil(total * quantile);
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= wanted && seen > 0) {
                return i;
            }
        }
        return Double.NaN;
    }
}
