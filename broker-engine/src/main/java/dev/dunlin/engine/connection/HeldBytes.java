package dev.dunlin.engine.connection;

import io.netty.util.internal.PlatformDependent;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What connections together hold for peers that are slow or mean, in bytes: of packets that are not complete, or of what the
 * network has not taken. It is bounded, however many announce large packets that never come, or never read. Small holdings
 * are free, so that nobody's ordinary packet fails because of others. Any thread.
 */
final class HeldBytes {
    /** A holding of up to this size is not counted. */
    static final int FREE = 4 * 1024;

    private static final long MOST_OF_STRANGERS = 64L * 1024 * 1024;
    private static final int STRANGERS_SHARE = 16;
    private static final int CLIENTS_SHARE = 4;
    private static final int UNSENT_SHARE = 4;

    private final long most;
    private final AtomicLong held = new AtomicLong();

    HeldBytes(long most) {
        this.most = most;
    }

    /** Of those who are not logged in: a sixteenth of the heap, and no more than 64 MiB. */
    static HeldBytes ofStrangers() {
        return new HeldBytes(Math.min(MOST_OF_STRANGERS, Runtime.getRuntime().maxMemory() / STRANGERS_SHARE));
    }

    /** Of those who are: a quarter of the heap. */
    static HeldBytes ofClients() {
        return new HeldBytes(Runtime.getRuntime().maxMemory() / CLIENTS_SHARE);
    }

    /** Of what networks have not taken: a quarter of the memory outside of the heap. */
    static HeldBytes ofUnsent() {
        return new HeldBytes(PlatformDependent.maxDirectMemory() / UNSENT_SHARE);
    }

    /**
     * Counts one holding that was {@code from} bytes and is {@code to}.
     *
     * @param tenants what those of the same tenant hold, in which it is counted too
     * @return false if that is too much, and has to go again
     */
    boolean resize(int from, int to, @Nullable AtomicLong tenants) {
        long more = counted(to) - counted(from);
        if (more == 0) {
            return true;
        }
        if (tenants != null) {
            tenants.addAndGet(more);
        }
        return held.addAndGet(more) <= most || more < 0;
    }

    private static long counted(int bytes) {
        return bytes <= FREE ? 0 : bytes;
    }

    boolean isExceeded() {
        return held.get() > most;
    }

    long bytes() {
        return held.get();
    }
}
