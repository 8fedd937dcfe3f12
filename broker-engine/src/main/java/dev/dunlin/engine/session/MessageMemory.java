package dev.dunlin.engine.session;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What the messages take that one tenant has here: those that wait for its clients or are on their way to them, and its retained
 * ones. In bytes, as {@link dev.dunlin.engine.packet.Publish#queuedBytes} counts them: a message once for each session, though
 * they share its payload, so never too little. Any thread.
 *
 * <p>All tenants of a process share a {@link Pool}, and each may have as much of it as is still free. So the heaviest is the
 * first that gets no more: one alone is stopped at a half, two at a third each, and there is always something left for the next.
 */
public final class MessageMemory {
    /** What the tenants of one process share. */
    public static final class Pool {
        /** Of the heap; the rest is for connections, and for what lives for a moment. */
        private static final double SHARE_OF_HEAP = 0.5;

        private final long most;
        private final AtomicLong held = new AtomicLong();

        /** @param most bytes of all together */
        public Pool(long most) {
            this.most = most;
        }

        /** As much as this process can well hold. */
        public static Pool byHeap() {
            return new Pool((long) (Runtime.getRuntime().maxMemory() * SHARE_OF_HEAP));
        }

        /** Bytes that all may have together. */
        public long most() {
            return most;
        }

        private long free() {
            return most - held.get();
        }
    }

    private final Pool pool;
    private final AtomicLong queued = new AtomicLong();
    private final AtomicLong retained = new AtomicLong();

    public MessageMemory(Pool pool) {
        this.pool = pool;
    }

    /** Whether {@code bytes} more are no more than the tenant may have of the pool. */
    public boolean hasRoomFor(long bytes) {
        return queued.get() + retained.get() + bytes <= pool.free();
    }

    /** Of queues and in-flight windows. */
    public long queuedBytes() {
        return queued.get();
    }

    /** Of retained messages. */
    public long retainedBytes() {
        return retained.get();
    }

    /** @param bytes more, or less if negative */
    void addQueued(long bytes) {
        queued.addAndGet(bytes);
        pool.held.addAndGet(bytes);
    }

    /** @param bytes more, or less if negative */
    public void addRetained(long bytes) {
        retained.addAndGet(bytes);
        pool.held.addAndGet(bytes);
    }

    /** The retained messages are let go of together, with all that refers to them. */
    public void forgetRetained() {
        pool.held.addAndGet(-retained.getAndSet(0));
    }
}
