package dev.dunlin.engine.session;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/**
 * Messages of one loop that were sent to sessions which outlive their connections, and that the client may yet acknowledge
 * before they have to be stored: a fast consumer's never touch the disk. On that loop only.
 */
final class SafeWait {
    /** How long a publisher waits for the subscriber rather than for the store. */
    private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private record Waiting(Session session, Outgoing outgoing, long sinceNanos) {}

    private final SessionLoop loop;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private boolean isScheduled;

    SafeWait(SessionLoop loop) {
        this.loop = loop;
    }

    void add(Session session, Outgoing outgoing) {
        long now = System.nanoTime();
        waiting.add(new Waiting(session, outgoing, now));
        if (!isScheduled) {
            schedule(PATIENCE_NANOS);
        }
    }

    private void schedule(long nanos) {
        isScheduled = true;
        loop.eventLoop().schedule(this::look, nanos, TimeUnit.NANOSECONDS);
    }

    private void look() {
        isScheduled = false;
        long now = System.nanoTime();
        var oldest = waiting.peek();
        while (oldest != null && now - oldest.sinceNanos >= PATIENCE_NANOS) {
            waiting.remove();
            oldest.session.handIn(oldest.outgoing);
            oldest = waiting.peek();
        }
        if (oldest != null) {
            schedule(PATIENCE_NANOS - (now - oldest.sinceNanos));
        }
    }
}
