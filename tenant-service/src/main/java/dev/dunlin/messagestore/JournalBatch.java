package dev.dunlin.messagestore;

import dev.dunlin.engine.port.StoreChange.Queued;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.messagestore.Journal.Located;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of one tenant's journal with the changes of a batch: rows that are added and rows that go. What came and went
 * within the batch is not written. The journal itself changes only with {@link #written}.
 *
 * <p>A row goes when nothing in it counts any more. Where much of the journal no longer does, because every row still has
 * something that counts, the rows of which least is needed are written anew without the rest: the journal never takes more
 * than about twice what it holds.
 */
final class JournalBatch {
    /** Of a row, about: small enough to go soon, large enough to make a message cheap. */
    private static final int MAX_ROW_BYTES = 64 << 10;

    private static final int MIN_GARBAGE_BYTES = 256 << 10;
    private static final int MAX_REWRITTEN_BYTES = 512 << 10;

    /** @param expiresAtMicros when none of it counts any more, whatever happens; null for never */
    record Row(Segment segment, byte[] entries, @Nullable Long expiresAtMicros) {}

    /** What is put, and where, once that is known. */
    private static final class Put<T> {
        final T what;

        @Nullable
        Located where;

        Put(T what) {
            this.what = what;
        }
    }

    private static final class Queue {
        /** With all that it had before this batch. */
        boolean isRemoved;

        final Map<Long, Put<StoredPlace>> places = new LinkedHashMap<>();
        final Map<Long, Put<Long>> received = new LinkedHashMap<>(0);
        final Set<Long> removed = new HashSet<>();
    }

    private final TenantId tenant;
    private final Journal journal;
    private final int maxRowBytes;
    private final int minGarbageBytes;
    private final Map<Long, Queue> queues = new LinkedHashMap<>();
    private final Map<Long, Put<StoredMessage>> messages = new LinkedHashMap<>();
    private final Set<Long> messagesRemoved = new LinkedHashSet<>();

    private final Set<Segment> gone = new LinkedHashSet<>();
    private final List<Segment> rewritten = new ArrayList<>();
    private final List<long[]> carried = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();
    private final Set<Segment> touched = new LinkedHashSet<>();
    private final Set<Segment> removedFrom = new LinkedHashSet<>();

    JournalBatch(TenantId tenant, Journal journal) {
        this(tenant, journal, MAX_ROW_BYTES, MIN_GARBAGE_BYTES);
    }

    /**
     * @param maxRowBytes of a row, but for its last entry
     * @param minGarbageBytes for which it is worth while to write rows anew
     */
    JournalBatch(TenantId tenant, Journal journal, int maxRowBytes, int minGarbageBytes) {
        this.tenant = tenant;
        this.journal = journal;
        this.maxRowBytes = maxRowBytes;
        this.minGarbageBytes = minGarbageBytes;
    }

    private Queue queue(long session) {
        return queues.computeIfAbsent(session, first -> new Queue());
    }

    void queue(Queued queued) {
        var body = queued.body();
        if (body != null && journal.body(body.id()) == null) {
            messages.put(body.id(), new Put<>(body));
        }
        for (var place : queued.places()) {
            var queue = queue(place.session());
            if (queue.isRemoved || journal.place(place.session(), place.position()) == null) {
                queue.places.put(place.position(), new Put<>(place));
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

    void removePlace(long session, long position) {
        var queue = queue(session);
        queue.received.remove(position);
        if (queue.places.remove(position) == null && !queue.isRemoved) {
            queue.removed.add(position);
        }
    }

    void removeMessage(long message) {
        if (messages.remove(message) == null) {
            messagesRemoved.add(message);
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
            write(ids);
        } finally {
            touched.forEach(Segment::batchEnds);
        }
    }

    private void countDying() {
        queues.forEach((session, queue) -> {
            if (queue.isRemoved) {
                journal.entriesOf(session).forEach(this::dies);
            }
            for (var position : queue.removed) {
                dies(journal.place(session, position));
                dies(journal.received(session, position));
            }
        });
        messagesRemoved.forEach(message -> dies(journal.body(message)));
    }

    private void dies(@Nullable Located entry) {
        if (entry != null) {
            entry.segment().dying++;
            touched.add(entry.segment());
        }
    }

    /** Rows of which nothing counts any more, then those that had to say what was removed from them. */
    private void findGone() {
        var open = new ArrayDeque<>(touched);
        while (!open.isEmpty()) {
            var segment = open.remove();
            if (!segment.isGone && segment.canGo()) {
                goes(segment);
                open.addAll(segment.removedIn());
            }
        }
    }

    private void goes(Segment segment) {
        segment.isGone = true;
        touched.add(segment);
        gone.add(segment);
        for (var other : segment.removedIn()) {
            other.released++;
            touched.add(other);
        }
    }

    private void rewrite(JournalRows source) throws SQLException {
        int bytes = 0;
        for (var segment : journal.segments()) {
            if (!segment.isGone && 2 * segment.neededBytes() < segment.bytes) {
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
        public void message(StoredMessage message, int bytes) {
            if (isHere(journal.body(message.id())) && !messagesRemoved.contains(message.id())) {
                messages.put(message.id(), new Put<>(message));
            }
        }

        @Override
        public void place(StoredPlace place, int bytes) {
            if (!isHere(journal.place(place.session(), place.position()))
                    || isDone(place.session(), place.position())) {
                return;
            }
            var queue = queue(place.session());
            var received = journal.received(place.session(), place.position());
            dies(received);
            boolean isReceived = received != null || queue.received.remove(place.position()) != null;
            queue.places.put(place.position(), new Put<>(isReceived ? place.asReceived() : place));
        }

        /** Rows are read in their order: a place that is written anew together with this has been seen. */
        @Override
        public void received(long session, long position, int bytes) {
            if (isHere(journal.received(session, position)) && !isDone(session, position)) {
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

        private boolean isHere(@Nullable Located entry) {
            return entry != null && entry.segment() == segment;
        }

        private boolean isDone(long session, long position) {
            var queue = queues.get(session);
            return queue != null && (queue.isRemoved || queue.removed.contains(position));
        }
    }

    private void write(LongSupplier ids) {
        var writing = new RowWriter(ids);
        for (var run : carried) {
            writing.removed(run[0], run[1], run[2]);
        }
        queues.forEach((session, queue) -> writeRemoved(writing, session, queue.removed));
        writing.removalsEnd();
        messages.values().forEach(writing::message);
        queues.forEach((session, queue) -> {
            queue.places.values().forEach(writing::place);
            queue.received.values().forEach(put -> writing.received(session, put));
        });
        writing.rowEnds();
    }

    /** Positions without gaps as one, and only where a row that stays has one of them: clients acknowledge in order. */
    private void writeRemoved(RowWriter writing, long session, Set<Long> positions) {
        if (positions.isEmpty()) {
            return;
        }
        @Nullable Long first = null;
        long last = 0;
        for (long position : new TreeSet<>(positions)) {
            if (!staysBehind(session, position)) {
                continue;
            }
            if (first != null && position != last + 1) {
                writing.removed(session, first, last);
                first = null;
            }
            first = first == null ? (Long) position : first;
            last = position;
        }
        if (first != null) {
            writing.removed(session, first, last);
        }
    }

    private boolean staysBehind(long session, long position) {
        var place = journal.place(session, position);
        if (place == null || place.segment().isGone) {
            return false;
        }
        removedFrom.add(place.segment());
        return true;
    }

    /** Fills one row after the other. */
    private final class RowWriter {
        private final LongSupplier ids;
        private SegmentBytes bytes = new SegmentBytes();
        private int removalBytes;
        private boolean expires = true;
        private @Nullable Instant expiresAt;
        private final List<Put<?>> puts = new ArrayList<>();
        private final List<Integer> sizes = new ArrayList<>();

        RowWriter(LongSupplier ids) {
            this.ids = ids;
        }

        void removed(long session, long first, long last) {
            removalBytes += bytes.putRemoved(session, first, last);
        }

        void removalsEnd() {
            expires = removalBytes == 0;
        }

        void message(Put<StoredMessage> put) {
            lastsUntil(put.what.expiresAt());
            added(put, bytes.putMessage(put.what));
        }

        void place(Put<StoredPlace> put) {
            var message = messages.get(put.what.message());
            lastsUntil(message == null ? null : message.what.expiresAt());
            added(put, bytes.putPlace(put.what));
        }

        private void lastsUntil(@Nullable Instant end) {
            if (end == null) {
                expires = false;
            } else if (expiresAt == null || end.isAfter(expiresAt)) {
                expiresAt = end;
            }
        }

        void received(long session, Put<Long> put) {
            expires = false;
            added(put, bytes.putReceived(session, put.what));
        }

        private void added(Put<?> put, int size) {
            puts.add(put);
            sizes.add(size);
            if (bytes.length() >= maxRowBytes) {
                rowEnds();
            }
        }

        void rowEnds() {
            if (puts.isEmpty() && removalBytes == 0) {
                return;
            }
            var segment = new Segment(ids.getAsLong(), bytes.length(), removalBytes);
            for (int i = 0; i < puts.size(); i++) {
                puts.get(i).where = new Located(segment, sizes.get(i));
            }
            rows.add(new Row(
                    segment,
                    bytes.bytes(),
                    expires && expiresAt != null ? (Long) ChronoUnit.MICROS.between(Instant.EPOCH, expiresAt) : null));
            bytes = new SegmentBytes();
            removalBytes = 0;
            expires = true;
            expiresAt = null;
            puts.clear();
            sizes.clear();
        }
    }

    List<Row> rows() {
        return rows;
    }

    /** The rows that go. */
    Set<Segment> gone() {
        return gone;
    }

    int messages() {
        return messages.size();
    }

    /** All of it is on disk. */
    void written() {
        queues.forEach((session, queue) -> {
            if (queue.isRemoved) {
                journal.removeSession(session);
            }
            queue.removed.forEach(position -> journal.removePlace(session, position));
        });
        messagesRemoved.forEach(journal::removeBody);
        rows.forEach(row -> journal.add(row.segment()));
        messages.forEach((id, put) -> journal.putBody(id, located(put)));
        queues.forEach((session, queue) -> {
            queue.places.forEach((position, put) -> {
                journal.removeReceived(session, position);
                journal.putPlace(session, position, located(put));
            });
            queue.received.forEach((position, put) -> journal.putReceived(session, position, located(put)));
        });
        if (!rows.isEmpty()) {
            var first = rows.get(0).segment();
            removedFrom.forEach(first::removesFrom);
            rewritten.forEach(first::inherit);
        }
        gone.forEach(journal::remove);
    }

    private static Located located(Put<?> put) {
        if (put.where == null) {
            throw new IllegalStateException("not prepared");
        }
        return put.where;
    }
}
