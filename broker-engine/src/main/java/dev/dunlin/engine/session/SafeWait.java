package dev.dunlin.engine.session;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Messages of one loop that were sent to sessions which outlive their connections, and that the client may yet acknowledge
 * before they have to be stored: a fast consumer's never touch the disk. On that loop only.
 */
final class SafeWait {
    /** For one of these at least, and for two at most, a publisher waits for the subscriber rather than for the store. */
    private static final long PERIOD_NANOS = TimeUnit.MICROSECONDS.toNanos(2_500);

    private record Waiting(Session session, Outgoing outgoing) {
        void handIn() {
            session.handIn(outgoing);
        }
    }

    private final SessionLoop loop;
    private List<Waiting> younger = new ArrayList<>();
    private List<Waiting> older = new ArrayList<>();
    private boolean isScheduled;

    SafeWait(SessionLoop loop) {
        this.loop = loop;
    }

    void add(Session session, Outgoing outgoing) {
        younger.add(new Waiting(session, outgoing));
        if (!isScheduled) {
            schedule();
        }
    }

    private void schedule() {
        isScheduled = true;
        loop.eventLoop().schedule(this::periodEnds, PERIOD_NANOS, TimeUnit.NANOSECONDS);
    }

    private void periodEnds() {
        isScheduled = false;
        var due = older;
        older = younger;
        younger = due;
        due.forEach(Waiting::handIn);
        due.clear();
        if (!older.isEmpty()) {
            schedule();
        }
    }
}
