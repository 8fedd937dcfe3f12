package dev.dunlin.messagestore;

import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Makes of the rows of a tenant's journal, in their order, what counts of them. */
final class JournalReplay {
    private record Message(StoredMessage message, Segment where) {}

    private static final class Place {
        StoredPlace place;

        /** The message that has no other place; null if others may have it. */
        final @Nullable StoredMessage only;

        final Segment where;

        @Nullable
        Segment received;

        Place(StoredPlace place, @Nullable StoredMessage only, Segment where) {
            this.place = place;
            this.only = only;
            this.where = where;
        }
    }

    private static final class Queue {
        final TreeMap<Long, Place> places = new TreeMap<>();
        long nextPosition;

        void mentions(long position) {
            nextPosition = Math.max(nextPosition, position + 1);
        }
    }

    private final List<Segment> segments = new ArrayList<>();
    private final Map<Long, Queue> queues = new HashMap<>();
    private final Map<Long, Message> messages = new LinkedHashMap<>();
    private final Journal journal = new Journal();

    /**
     * The next row.
     *
     * @throws SegmentBytes.DamagedException if it cannot be read
     */
    void add(long id, byte[] row) {
        var segment = new Segment(id, row.length);
        var entries = new Row(segment);
        SegmentBytes.read(row, entries);
        segment.holds(entries.removalBytes, entries.count);
        segments.add(segment);
    }

    private Queue queue(long session) {
        return queues.computeIfAbsent(session, first -> new Queue());
    }

    private final class Row implements SegmentBytes.Entries {
        private final Segment segment;
        private int removalBytes;
        private int count;

        Row(Segment segment) {
            this.segment = segment;
        }

        @Override
        public void message(StoredMessage message) {
            count++;
            messages.put(message.id(), new Message(message, segment));
        }

        @Override
        public void place(StoredPlace place) {
            put(new Place(place, null, segment));
        }

        @Override
        public void only(StoredPlace place, StoredMessage message) {
            put(new Place(place, message, segment));
        }

        private void put(Place place) {
            count++;
            long position = place.place.position();
            var queue = queue(place.place.session());
            queue.mentions(position);
            queue.places.put(position, place);
        }

        @Override
        public void received(long session, long position) {
            count++;
            var place = queue(session).places.get(position);
            if (place != null) {
                place.place = place.place.asReceived();
                place.received = segment;
            }
        }

        @Override
        public void removed(long session, long first, long last, int bytes) {
            removalBytes += bytes;
            var queue = queue(session);
            queue.mentions(last);
            var removed = queue.places.subMap(first, true, last, true);
            removed.values().forEach(place -> segment.removesFrom(place.where));
            removed.clear();
        }
    }

    /**
     * After the last row: leaves out what hangs on other sessions than {@code sessions}, places without their message and messages
     * without a place.
     *
     * @return the rows that can go
     */
    List<Long> finish(Set<Long> sessions) {
        queues.keySet().retainAll(sessions);
        var wanted = new HashSet<Long>();
        queues.forEach((session, queue) -> {
            queue.places.values().removeIf(place -> place.only == null && !messages.containsKey(place.place.message()));
            queue.places.forEach((position, place) -> {
                if (place.only == null) {
                    wanted.add(place.place.message());
                }
                journal.putPlace(session, position, place.where);
                if (place.received != null) {
                    journal.putReceived(session, position, place.received);
                }
            });
        });
        messages.keySet().retainAll(wanted);
        messages.forEach((id, message) -> journal.putMessage(id, message.where));
        segments.forEach(journal::add);
        return removeNeedless();
    }

    private List<Long> removeNeedless() {
        var gone = new ArrayList<Long>();
        var open = new ArrayDeque<>(segments);
        while (!open.isEmpty()) {
            var segment = open.remove();
            if (segment.canGo() && journal.segments().contains(segment)) {
                open.addAll(segment.removedIn());
                journal.remove(segment);
                gone.add(segment.id);
            }
        }
        return gone;
    }

    List<StoredMessage> messages() {
        var all = new ArrayList<StoredMessage>();
        messages.values().forEach(message -> all.add(message.message));
        queues.values()
                .forEach(queue -> queue.places.values().forEach(place -> {
                    if (place.only != null) {
                        all.add(place.only);
                    }
                }));
        return all;
    }

    /** In the order of positions. */
    List<StoredPlace> queueOf(long session) {
        var queue = queues.get(session);
        return queue == null
                ? List.of()
                : queue.places.values().stream().map(place -> place.place).toList();
    }

    /** Beyond all positions of which a row knows. */
    long nextPositionOf(long session) {
        var queue = queues.get(session);
        return queue == null ? 0 : queue.nextPosition;
    }

    Journal journal() {
        return journal;
    }
}
