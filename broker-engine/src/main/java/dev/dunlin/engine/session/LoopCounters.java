package dev.dunlin.engine.session;

import java.util.concurrent.atomic.AtomicLong;

/** What one event loop has counted since the start. Written by that loop alone, read by any thread. */
public final class LoopCounters {
    /** To bring so many bytes to the network costs about as much as everything else about a message. */
    private static final int PAYLOAD_BYTES_BITS = 8;

    private final AtomicLong messagesIn = new AtomicLong();
    private final AtomicLong bytesIn = new AtomicLong();
    private final AtomicLong messagesOut = new AtomicLong();
    private final AtomicLong bytesOut = new AtomicLong();
    private final AtomicLong messagesDropped = new AtomicLong();

    public void countIn(int payloadBytes) {
        add(messagesIn, 1);
        add(bytesIn, payloadBytes);
    }

    public void countOut(int payloadBytes) {
        add(messagesOut, 1);
        add(bytesOut, payloadBytes);
    }

    public void countDropped() {
        add(messagesDropped, 1);
    }

    public long messagesIn() {
        return messagesIn.get();
    }

    public long bytesIn() {
        return bytesIn.get();
    }

    public long messagesOut() {
        return messagesOut.get();
    }

    public long bytesOut() {
        return bytesOut.get();
    }

    /** What messages that went out to a subscriber, or were dropped on the way, have cost: see {@link #costOf}. */
    public long deliveryCost() {
        return messagesOut.get() + messagesDropped.get() + (bytesOut.get() >> PAYLOAD_BYTES_BITS);
    }

    /** About what it takes the loop to deliver so many bytes once, where a small message is 1. */
    static int costOf(int payloadBytes) {
        return 1 + (payloadBytes >> PAYLOAD_BYTES_BITS);
    }

    public long messagesDropped() {
        return messagesDropped.get();
    }

    /** One writer: no atomic addition is needed, only that readers see whole and later values. */
    private static void add(AtomicLong counter, long delta) {
        counter.setOpaque(counter.getPlain() + delta);
    }
}
