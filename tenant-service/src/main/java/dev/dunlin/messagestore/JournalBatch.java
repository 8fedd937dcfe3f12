package dev.dunlin.messagestore;

import dev.dunlin.engine.port.StoreChange.Queued;
import dev.dunlin.engine.port.StoreChange.Removed;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.port.TenantId;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of one tenant's journal with the changes of a batch: rows that are added and rows that go. What came and went
 * within the batch is not written. The journal itself changes only with {@link #written}.
 *
 * <p>What one session queues stands together, so that a row goes when its client has received that. Where much of the journal
 * does not count any more, because every row still has something that does, the rows of which least is needed are written
 * anew without the rest: the journal never takes much more than twice what it holds.
 */
final class JournalBatch {
    /** So that a row fits into a page of PostgreSQL. */
    private static final int MAX_ROW_BYTES = 8_000;

    private static final int MIN_GARBAGE_BYTES = 256 << 10;
    private static final int MAX_REWRITTEN_BYTES = 512 << 10;

    /** @param expiresAtMicros when none of it counts any more, whatever happens; null for never */
    record Row(Segment segment, byte[] entries, @Nullable Long expiresAtMicros) {}

    /** A place, with its message if that has no other. */
    private record Placed(StoredPlace place, @Nullable StoredMessage only) {
        Placed asReceived() {
            return new Placed(place.asReceived(), only);
        }
    }

    /** What is put, and where, once that is known. */
    private static final class Put<T> {
        final T what;
        boolean isWritten;

        @Nullable
        Segment where;

        Put(T what) {
            this.what = what;
        }
    }

    private static final class Queue {
        /** With all that it had before this batch. */
        boolean isRemoved;

        final LongMap<Put<Placed>> places = new LongMap<>();
        final LongMap<Put<Long>> received = new LongMap<>();

        /** And the rows that have them. */
        final LongMap<Segment> removed = new LongMap<>();
    }

    private final TenantId tenant;
    private final Journal journal;
    private final int maxRowBytes;
    private final int minGarbageBytes;

    private final LongMap<Queue> queues = new LongMap<>();
    private final LongMap<Put<StoredMessage>> messages = new LongMap<>();
    private final LongMap<Segment> messagesRemoved = new LongMap<>();

    private final Set<Segment> touched = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Segment> gone = new LinkedHashSet<>();
    private final List<Segment> rewritten = new ArrayList<>();
    private final List<long[]> carried = new ArrayList<>();
    private final Set<Segment> removedFrom = Collections.newSetFromMap(new IdentityHashMap<>());
    private final List<Row> rows = new ArrayList<>();
    private int messageCount;

    JournalBatch(TenantId tenant, Journal journal) {
        this(tenant, journal, MAX_ROW_BYTES, MIN_GARBAGE_BYTES);
    }

    /**
     * @param maxRowBytes of a row that has more than one entry
     * @param minGarbageBytes for which it is worth while to write rows anew
     */
    JournalBatch(TenantId tenant, Journal journal, int maxRowBytes, int minGarbageBytes) {
        this.tenant = tenant;
        this.journal = journal;
        this.maxRowBytes = maxRowBytes;
        this.minGarbageBytes = minGarbageBytes;
    }

    private Queue queue(long session) {
        return queues.getOrPut(session, Queue::new);
    }

    void queue(Queued queued) {
        var body = queued.body();
        if (body != null && !queued.isForOne() && journal.message(body.id()) == null) {
            messages.put(body.id(), new Put<>(body));
        }
        for (var place : queued.places()) {
            var queue = queue(place.session());
            if (queue.isRemoved || journal.place(place.session(), place.position()) == null) {
                queue.places.put(place.position(), new Put<>(new Placed(place, queued.isForOne() ? body : null)));
            }
        }
    }

    void receive(long session, long position) {
        var queue = queue(session);
        var put = queue.places.get(position);
        if (put != null) {
            queue.places.put(position, new Put<>(put.what.asReceived()));
        } else if (journal.received(session, position) == null) {
            queue.received.put(position, new Put<>(position));
        }
    }

    void remove(Removed removed) {
        if (removed.positions().length > 0) {
            var queue = queue(removed.session());
            for (long position : removed.positions()) {
                removePlace(removed.session(), queue, position);
            }
        }
        for (long id : removed.messages()) {
            removeMessage(id);
        }
    }

    private void removePlace(long session, Queue queue, long position) {
        queue.received.remove(position);
        if (queue.places.remove(position) == null && !queue.isRemoved) {
            var segment = journal.place(session, position);
            if (segment != null) {
                queue.removed.put(position, segment);
            }
        }
    }

    private void removeMessage(long id) {
        if (messages.remove(id) == null) {
            var segment = journal.message(id);
            if (segment != null) {
                messagesRemoved.put(id, segment);
            }
        }
    }

    void removeSession(long session) {
        var queue = new Queue();
        queue.isRemoved = true;
        queues.put(session, queue);
    }

    /**
     * Finds out which rows are added and which go.
     *
     * @param source null if nothing is to be written anew
     */
    void prepare(LongSupplier ids, @Nullable JournalRows source) throws SQLException {
        try {
            countDying();
            findGone();
            if (source != null && journal.isMostlyGarbage(minGarbageBytes)) {
                rewrite(source);
            }
            new RowWriter(ids).write();
        } finally {
            touched.forEach(Segment::batchEnds);
        }
    }

    private void countDying() {
        queues.forEach((session, queue) -> {
            if (queue.isRemoved) {
                journal.eachOf(session, this::dies);
            }
            queue.removed.forEach((position, segment) -> {
                dies(segment);
                dies(journal.received(session, position));
            });
        });
        messagesRemoved.forEach((id, segment) -> dies(segment));
    }

    private void dies(@Nullable Segment segment) {
        if (segment != null) {
            segment.dies();
            touched.add(segment);
        }
    }

    /** Rows of which nothing counts any more, then those that had to say what was removed from them. */
    private void findGone() {
        var open = new ArrayDeque<>(touched);
        while (!open.isEmpty()) {
            var segment = open.remove();
            if (!segment.isGone() && segment.canGo()) {
                goes(segment);
                open.addAll(segment.removedIn());
            }
        }
    }

    private void goes(Segment segment) {
        segment.goes();
        touched.add(segment);
        gone.add(segment);
        for (var other : segment.removedIn()) {
            other.released();
            touched.add(other);
        }
    }

    private void rewrite(JournalRows source) throws SQLException {
        int bytes = 0;
        for (var segment : journal.segments()) {
            if (!segment.isGone() && 2 * segment.neededBytes() < segment.bytes) {
                rewritten.add(segment);
                bytes += segment.bytes;
                if (bytes > MAX_REWRITTEN_BYTES) {
                    break;
                }
            }
        }
        rewritten.forEach(this::goes);
        var entries = source.read(
                tenant, rewritten.stream().map(segment -> segment.id).toList());
        for (var segment : rewritten) {
            var row = entries.get(segment.id);
            if (row != null) {
                SegmentBytes.read(row, new Needed(segment));
            }
        }
        findGone();
    }

    /** Takes over what still counts of a row that is written anew. */
    private final class Needed implements SegmentBytes.Entries {
        private final Segment segment;

        Needed(Segment segment) {
            this.segment = segment;
        }

        @Override
        public void message(StoredMessage message) {
            if (journal.message(message.id()) == segment && !messagesRemoved.containsKey(message.id())) {
                messages.put(message.id(), new Put<>(message));
            }
        }

        @Override
        public void place(StoredPlace place) {
            put(place, null);
        }

        @Override
        public void only(StoredPlace place, StoredMessage message) {
            put(place, message);
        }

        private void put(StoredPlace place, @Nullable StoredMessage only) {
            if (journal.place(place.session(), place.position()) != segment
                    || isDone(place.session(), place.position())) {
                return;
            }
            var queue = queue(place.session());
            var received = journal.received(place.session(), place.position());
            dies(received);
            boolean isReceived = received != null || queue.received.remove(place.position()) != null;
            var placed = new Placed(place, only);
            queue.places.put(place.position(), new Put<>(isReceived ? placed.asReceived() : placed));
        }

        /** Rows are read in their order: a place that is written anew together with this has been seen. */
        @Override
        public void received(long session, long position) {
            if (journal.received(session, position) == segment && !isDone(session, position)) {
                var queue = queue(session);
                if (!queue.places.containsKey(position)) {
                    queue.received.put(position, new Put<>(position));
                }
            }
        }

        @Override
        public void removed(long session, long first, long last, int bytes) {
            if (segment.saysWhatIsRemoved()) {
                carried.add(new long[] {session, first, last});
            }
        }

        private boolean isDone(long session, long position) {
            var queue = queues.get(session);
            return queue != null && (queue.isRemoved || queue.removed.containsKey(position));
        }
    }

    /** Fills one row after the other. */
    private final class RowWriter {
        private final LongSupplier ids;
        private final List<Put<?>> puts = new ArrayList<>();
        private final SegmentBytes bytes = new SegmentBytes();
        private int removalBytes;
        private boolean expires = true;
        private @Nullable Instant expiresAt;

        RowWriter(LongSupplier ids) {
            this.ids = ids;
        }

        void write() {
            carried.forEach(run -> removed(run[0], run[1], run[2]));
            queues.forEach(this::removed);
            queues.forEach(this::queue);
            messages.forEach((id, put) -> message(put));
            rowEnds(bytes.length());
        }

        /** Positions without gaps as one, and only where a row that stays has one of them: clients acknowledge in order. */
        private void removed(long session, Queue queue) {
            if (queue.removed.isEmpty()) {
                return;
            }
            long first = 0;
            long last = -1;
            for (long position : queue.removed.sortedKeys()) {
                var segment = queue.removed.get(position);
                if (segment == null || segment.isGone()) {
                    continue;
                }
                removedFrom.add(segment);
                if (position != last + 1) {
                    removed(session, first, last);
                    first = position;
                }
                last = position;
            }
            removed(session, first, last);
        }

        private void removed(long session, long first, long last) {
            if (first <= last) {
                removalBytes += bytes.putRemoved(session, first, last);
                expires = false;
            }
        }

        /** A message stands where it is queued first. */
        private void queue(long session, Queue queue) {
            for (long position : queue.places.sortedKeys()) {
                var put = queue.places.get(position);
                if (put != null) {
                    place(
                            put,
                            put.what.only() == null
                                    ? messages.get(put.what.place().message())
                                    : null);
                }
            }
            queue.received.forEach((position, put) -> received(session, put));
        }

        private void message(Put<StoredMessage> put) {
            if (!put.isWritten) {
                add(put, put.what.expiresAt(), () -> bytes.putMessage(put.what));
                messageCount++;
            }
        }

        /** @param message which others may have too, if it is put with this batch */
        private void place(Put<Placed> put, @Nullable Put<StoredMessage> message) {
            if (message != null) {
                message(message);
            }
            var only = put.what.only();
            if (only == null) {
                add(put, message == null ? null : message.what.expiresAt(), () -> bytes.putPlace(put.what.place()));
            } else {
                add(put, only.expiresAt(), () -> bytes.putOnly(put.what.place(), only));
                messageCount++;
            }
        }

        private void received(long session, Put<Long> put) {
            add(put, null, () -> bytes.putReceived(session, put.what));
        }

        /**
         * @param end when it does not count any more; null for never
         * @param entry puts it at the end of the row
         */
        private void add(Put<?> put, @Nullable Instant end, Runnable entry) {
            int before = bytes.length();
            entry.run();
            if (bytes.length() > maxRowBytes && !(puts.isEmpty() && removalBytes == 0)) {
                rowEnds(before);
                entry.run();
            }
            puts.add(put);
            put.isWritten = true;
            if (end == null) {
                expires = false;
            } else if (expiresAt == null || end.isAfter(expiresAt)) {
                expiresAt = end;
            }
        }

        private void rowEnds(int length) {
            if (puts.isEmpty() && removalBytes == 0) {
                return;
            }
            var segment = new Segment(ids.getAsLong(), length);
            segment.holds(removalBytes, puts.size());
            puts.forEach(put -> put.where = segment);
            rows.add(new Row(
                    segment,
                    bytes.take(length),
                    expires && expiresAt != null ? (Long) ChronoUnit.MICROS.between(Instant.EPOCH, expiresAt) : null));
            removalBytes = 0;
            expires = true;
            expiresAt = null;
            puts.clear();
        }
    }

    List<Row> rows() {
        return rows;
    }

    /** The rows that go. */
    Set<Segment> gone() {
        return gone;
    }

    /** How many messages are written. */
    int messages() {
        return messageCount;
    }

    /** All of it is on disk. */
    void written() {
        queues.forEach((session, queue) -> {
            if (queue.isRemoved) {
                journal.removeSession(session);
            }
            queue.removed.forEach((position, segment) -> journal.removePlace(session, position));
        });
        messagesRemoved.forEach((id, segment) -> journal.removeMessage(id));
        rows.forEach(row -> journal.add(row.segment()));
        messages.forEach((id, put) -> journal.putMessage(id, where(put)));
        queues.forEach((session, queue) -> {
            queue.places.forEach((position, put) -> {
                journal.removeReceived(session, position);
                journal.putPlace(session, position, where(put));
            });
            queue.received.forEach((position, put) -> journal.putReceived(session, position, where(put)));
        });
        if (!rows.isEmpty()) {
            var first = rows.get(0).segment();
            removedFrom.forEach(first::removesFrom);
            rewritten.forEach(first::inherit);
        }
        gone.forEach(journal::remove);
    }

    private static Segment where(Put<?> put) {
        if (put.where == null) {
            throw new IllegalStateException("not prepared");
        }
        return put.where;
    }
}
