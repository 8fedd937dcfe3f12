package dev.dunlin.messagestore;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * In which row of the journal of one tenant each message and each place in a queue is that counts. Of one thread at a time: of
 * who reads the tenant, then of its writer.
 */
final class Journal {
    /** By the position in the queue of one session. */
    private static final class Queue {
        final LongMap<Segment> places = new LongMap<>();
        final LongMap<Segment> received = new LongMap<>();
    }

    /** In the order in which they were written. */
    private final Set<Segment> segments = new LinkedHashSet<>();

    private final LongMap<Queue> queues = new LongMap<>();
    private final LongMap<Segment> messages = new LongMap<>();
    private long bytes;
    private long liveBytes;

    boolean isEmpty() {
        return segments.isEmpty();
    }

    void add(Segment segment) {
        segments.add(segment);
        bytes += segment.bytes;
    }

    Set<Segment> segments() {
        return segments;
    }

    void remove(Segment segment) {
        if (segments.remove(segment)) {
            bytes -= segment.bytes;
            segment.deleted();
        }
    }

    /** Whether less than half of it is needed, and it is worth while. */
    boolean isMostlyGarbage(long minGarbageBytes) {
        if (bytes - liveBytes <= liveBytes + minGarbageBytes) {
            return false;
        }
        long staying = 0;
        long needed = 0;
        for (var segment : segments) {
            if (!segment.isGone()) {
                staying += segment.bytes;
                needed += segment.neededBytes();
            }
        }
        return staying - needed > needed + minGarbageBytes;
    }

    @Nullable
    Segment place(long session, long position) {
        var queue = queues.get(session);
        return queue == null ? null : queue.places.get(position);
    }

    /** Which says that PUBREC has come for the message at this place. */
    @Nullable
    Segment received(long session, long position) {
        var queue = queues.get(session);
        return queue == null ? null : queue.received.get(position);
    }

    @Nullable
    Segment message(long id) {
        return messages.get(id);
    }

    void putPlace(long session, long position, Segment segment) {
        replaced(queue(session).places.put(position, segment), segment);
    }

    void putReceived(long session, long position, Segment segment) {
        replaced(queue(session).received.put(position, segment), segment);
    }

    private Queue queue(long session) {
        return queues.getOrPut(session, Queue::new);
    }

    void putMessage(long id, Segment segment) {
        replaced(messages.put(id, segment), segment);
    }

    private void replaced(@Nullable Segment earlier, Segment now) {
        lost(earlier);
        now.counts();
        liveBytes += now.entryBytes();
    }

    private void lost(@Nullable Segment segment) {
        if (segment != null) {
            segment.countsNoMore();
            liveBytes -= segment.entryBytes();
        }
    }

    void removePlace(long session, long position) {
        var queue = queues.get(session);
        if (queue != null) {
            lost(queue.places.remove(position));
            lost(queue.received.remove(position));
            if (queue.places.isEmpty() && queue.received.isEmpty()) {
                queues.remove(session);
            }
        }
    }

    void removeReceived(long session, long position) {
        var queue = queues.get(session);
        if (queue != null) {
            lost(queue.received.remove(position));
        }
    }

    void removeMessage(long id) {
        lost(messages.remove(id));
    }

    void removeSession(long session) {
        eachOf(session, this::lost);
        queues.remove(session);
    }

    /** Tells of the row of each entry of a session's queue that counts. */
    void eachOf(long session, Consumer<Segment> action) {
        var queue = queues.get(session);
        if (queue != null) {
            queue.places.forEach((position, segment) -> action.accept(segment));
            queue.received.forEach((position, segment) -> action.accept(segment));
        }
    }
}
