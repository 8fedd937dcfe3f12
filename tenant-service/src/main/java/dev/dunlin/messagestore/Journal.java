package dev.dunlin.messagestore;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where in the journal of one tenant each message and each place in a queue is that counts. Of one thread at a time: of who
 * reads the tenant, then of its writer.
 */
final class Journal {
    /** An entry that counts. */
    record Located(Segment segment, int bytes) {}

    /** Places in the queue of one session, by their position. */
    private static final class Queue {
        final Map<Long, Located> places = new HashMap<>();
        final Map<Long, Located> received = new HashMap<>(0);
    }

    /** In the order in which they were written. */
    private final Set<Segment> segments = new LinkedHashSet<>();

    private final Map<Long, Queue> queues = new HashMap<>();
    private final Map<Long, Located> bodies = new HashMap<>();
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
        segments.remove(segment);
        bytes -= segment.bytes;
        segment.gone();
    }

    /** Whether less than half of it is needed, and it is worth while. */
    boolean isMostlyGarbage(long minGarbageBytes) {
        if (bytes - liveBytes <= liveBytes + minGarbageBytes) {
            return false;
        }
        long staying = 0;
        long needed = 0;
        for (var segment : segments) {
            if (!segment.isGone) {
                staying += segment.bytes;
                needed += segment.neededBytes();
            }
        }
        return staying - needed > needed + minGarbageBytes;
    }

    @Nullable
    Located place(long session, long position) {
        var queue = queues.get(session);
        return queue == null ? null : queue.places.get(position);
    }

    /** Where it says that PUBREC has come for the message at this place. */
    @Nullable
    Located received(long session, long position) {
        var queue = queues.get(session);
        return queue == null ? null : queue.received.get(position);
    }

    @Nullable
    Located body(long message) {
        return bodies.get(message);
    }

    void putPlace(long session, long position, Located located) {
        replaced(queues.computeIfAbsent(session, first -> new Queue()).places.put(position, located), located);
    }

    void putReceived(long session, long position, Located located) {
        replaced(queues.computeIfAbsent(session, first -> new Queue()).received.put(position, located), located);
    }

    void putBody(long message, Located located) {
        replaced(bodies.put(message, located), located);
    }

    private void replaced(@Nullable Located earlier, Located now) {
        lost(earlier);
        now.segment().put(now.bytes());
        liveBytes += now.bytes();
    }

    private void lost(@Nullable Located located) {
        if (located != null) {
            located.segment().lose(located.bytes());
            liveBytes -= located.bytes();
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

    void removeBody(long message) {
        lost(bodies.remove(message));
    }

    void removeSession(long session) {
        entriesOf(session).forEach(this::lost);
        queues.remove(session);
    }

    /** All that counts of a session's queue. */
    List<Located> entriesOf(long session) {
        var queue = queues.get(session);
        if (queue == null) {
            return List.of();
        }
        var entries = new ArrayList<>(queue.places.values());
        entries.addAll(queue.received.values());
        return entries;
    }
}
