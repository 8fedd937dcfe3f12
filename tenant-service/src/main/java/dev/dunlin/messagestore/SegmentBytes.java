package dev.dunlin.messagestore;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a row of the journal: one that tells the format, then entries one after the other, each with one byte that tells
 * its kind. Numbers are big-endian; texts, lists and bytes have their length before them in four bytes; a field in brackets is
 * there if its flag is set.
 *
 * <pre>
 * 1 message   id 8, flags 1, [expiry in seconds 8], [expires at, microseconds since 1970 8], topic, properties, payload
 * 2 place     session 8, position 8, message 8, flags 1, [subscription identifiers, each 4], [shared subscription]
 * 3 received  session 8, position 8: PUBREC has come for the message at this place
 * 4 removed   session 8, first position 8, last position 8
 * 5 only      as a place, then as a message without its id: a message that has this place and no other
 * 6 next      how much greater its id is than that of the only or next before in this row 4, payload: all else as there, but for
 *             the position, which is the next
 * </pre>
 *
 * The lowest two bits of the flags are the QoS, the next is RETAIN.
 */
final class SegmentBytes {
    private static final byte FORMAT = 1;
    private static final byte MESSAGE = 1;
    private static final byte PLACE = 2;
    private static final byte RECEIVED = 3;
    private static final byte REMOVED = 4;
    private static final byte ONLY = 5;
    private static final byte NEXT = 6;

    private static final int QOS = 3;
    private static final int RETAIN = 1 << 2;
    private static final int HAS_EXPIRY = 1 << 3;
    private static final int HAS_EXPIRES_AT = 1 << 4;
    private static final int IS_RECEIVED = 1 << 3;
    private static final int HAS_SUBSCRIPTION_IDS = 1 << 4;
    private static final int HAS_SHARED = 1 << 5;

    private static final int FIRST_CAPACITY = 1_024;
    /** Of all fields of an entry whose length is known. */
    private static final int MAX_FIXED_BYTES = 96;

    private ByteBuffer buffer = ByteBuffer.allocate(FIRST_CAPACITY).put(FORMAT);

    /** The last of its kind in the row. */
    private @Nullable Only previous;

    /** A message that has one place. */
    private record Only(StoredPlace place, StoredMessage message) {
        boolean isFollowedBy(Only next) {
            long idStep = next.message.id() - message.id();
            return next.place.position() == place.position() + 1
                    && idStep == (int) idStep
                    && next.place.session() == place.session()
                    && next.place.qos() == place.qos()
                    && next.place.retain() == place.retain()
                    && next.place.isReceived() == place.isReceived()
                    && next.place.subscriptionIds().equals(place.subscriptionIds())
                    && Objects.equals(next.place.shared(), place.shared())
                    && next.message.qos() == message.qos()
                    && next.message.retain() == message.retain()
                    && next.message.expirySeconds() == message.expirySeconds()
                    && Objects.equals(next.message.expiresAt(), message.expiresAt())
                    && next.message.topic().equals(message.topic())
                    && Arrays.equals(next.message.properties(), message.properties());
        }

        Only next(int idStep, byte[] payload) {
            long id = message.id() + idStep;
            return new Only(
                    new StoredPlace(
                            place.session(),
                            place.position() + 1,
                            id,
                            place.qos(),
                            place.retain(),
                            place.isReceived(),
                            place.subscriptionIds(),
                            place.shared()),
                    new StoredMessage(
                            id,
                            message.topic(),
                            payload,
                            message.properties(),
                            message.qos(),
                            message.retain(),
                            message.expirySeconds(),
                            message.expiresAt()));
        }
    }

    /** What is told of each entry of a row, in order. */
    interface Entries {
        void message(StoredMessage message);

        void place(StoredPlace place);

        /** A place with the message that has no other. */
        void only(StoredPlace place, StoredMessage message);

        void received(long session, long position);

        /** @param bytes that it takes in the row */
        void removed(long session, long first, long last, int bytes);
    }

    /** The bytes of a row are not such as are ever written. */
    static final class DamagedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DamagedException(String message, RuntimeException cause) {
            super(message, cause);
        }
    }

    int length() {
        return buffer.position();
    }

    /** Takes the first {@code length} bytes as a row, forgets the others, and begins the next. */
    byte[] take(int length) {
        var row = Arrays.copyOf(buffer.array(), length);
        buffer.clear().put(FORMAT);
        previous = null;
        return row;
    }

    void putMessage(StoredMessage message) {
        begin(MESSAGE).putLong(message.id());
        putFields(message);
    }

    void putPlace(StoredPlace place) {
        begin(PLACE);
        putFields(place);
    }

    void putOnly(StoredPlace place, StoredMessage message) {
        var only = new Only(place, message);
        if (previous != null && previous.isFollowedBy(only)) {
            begin(NEXT).putInt((int) (message.id() - previous.message.id()));
            ensure(MAX_FIXED_BYTES + message.payload().length);
            put(message.payload());
        } else {
            begin(ONLY);
            putFields(place);
            putFields(message);
        }
        previous = only;
    }

    private void putFields(StoredMessage message) {
        var topic = message.topic().getBytes(UTF_8);
        var expiresAt = message.expiresAt();
        ensure(MAX_FIXED_BYTES + topic.length + message.properties().length + message.payload().length);
        buffer.put((byte) (flags(message.qos(), message.retain())
                | (message.expirySeconds() < 0 ? 0 : HAS_EXPIRY)
                | (expiresAt == null ? 0 : HAS_EXPIRES_AT)));
        if (message.expirySeconds() >= 0) {
            buffer.putLong(message.expirySeconds());
        }
        if (expiresAt != null) {
            buffer.putLong(ChronoUnit.MICROS.between(Instant.EPOCH, expiresAt));
        }
        put(topic);
        put(message.properties());
        put(message.payload());
    }

    private void putFields(StoredPlace place) {
        var ids = place.subscriptionIds();
        var shared = place.shared() == null ? null : place.shared().getBytes(UTF_8);
        ensure(MAX_FIXED_BYTES + ids.size() * Integer.BYTES + (shared == null ? 0 : shared.length));
        buffer.putLong(place.session())
                .putLong(place.position())
                .putLong(place.message())
                .put((byte) (flags(place.qos(), place.retain())
                        | (place.isReceived() ? IS_RECEIVED : 0)
                        | (ids.isEmpty() ? 0 : HAS_SUBSCRIPTION_IDS)
                        | (shared == null ? 0 : HAS_SHARED)));
        if (!ids.isEmpty()) {
            buffer.putInt(ids.size());
            ids.forEach(buffer::putInt);
        }
        if (shared != null) {
            put(shared);
        }
    }

    void putReceived(long session, long position) {
        begin(RECEIVED).putLong(session).putLong(position);
    }

    /**
     * All places from the first position to the last.
     *
     * @return how many bytes it takes
     */
    int putRemoved(long session, long first, long last) {
        int start = buffer.position();
        begin(REMOVED).putLong(session).putLong(first).putLong(last);
        return buffer.position() - start;
    }

    private static int flags(int qos, boolean retain) {
        return qos | (retain ? RETAIN : 0);
    }

    private ByteBuffer begin(byte kind) {
        ensure(MAX_FIXED_BYTES);
        return buffer.put(kind);
    }

    private void ensure(int bytes) {
        if (buffer.remaining() < bytes) {
            int capacity = Math.max(2 * buffer.capacity(), buffer.position() + bytes);
            buffer = ByteBuffer.allocate(capacity).put(buffer.flip());
        }
    }

    private void put(byte[] bytes) {
        buffer.putInt(bytes.length).put(bytes);
    }

    /** @throws DamagedException if it is not as it was written */
    static void read(byte[] row, Entries entries) {
        var buffer = ByteBuffer.wrap(row);
        try {
            byte format = buffer.get();
            if (format != FORMAT) {
                throw new IllegalArgumentException("format " + format);
            }
            @Nullable Only previous = null;
            while (buffer.hasRemaining()) {
                previous = readEntry(buffer, previous, entries);
            }
        } catch (BufferUnderflowException | IllegalArgumentException | NegativeArraySizeException e) {
            throw new DamagedException("not readable at byte " + buffer.position(), e);
        }
    }

    /** @return the last message so far that has one place */
    private static @Nullable Only readEntry(ByteBuffer buffer, @Nullable Only previous, Entries entries) {
        int start = buffer.position();
        byte kind = buffer.get();
        switch (kind) {
            case MESSAGE -> entries.message(readMessage(buffer.getLong(), buffer));
            case PLACE -> entries.place(readPlace(buffer));
            case RECEIVED -> entries.received(buffer.getLong(), buffer.getLong());
            case REMOVED ->
                entries.removed(buffer.getLong(), buffer.getLong(), buffer.getLong(), buffer.position() - start);
            case ONLY, NEXT -> {
                var only = kind == ONLY ? readOnly(buffer) : readNext(buffer, previous);
                entries.only(only.place, only.message);
                return only;
            }
            default -> throw new IllegalArgumentException("kind " + kind);
        }
        return previous;
    }

    private static Only readOnly(ByteBuffer buffer) {
        var place = readPlace(buffer);
        return new Only(place, readMessage(place.message(), buffer));
    }

    private static Only readNext(ByteBuffer buffer, @Nullable Only previous) {
        if (previous == null) {
            throw new IllegalArgumentException("nothing before");
        }
        return previous.next(buffer.getInt(), readBytes(buffer));
    }

    private static StoredMessage readMessage(long id, ByteBuffer buffer) {
        int flags = buffer.get();
        long expirySeconds = (flags & HAS_EXPIRY) == 0 ? -1 : buffer.getLong();
        var expiresAt = (flags & HAS_EXPIRES_AT) == 0 ? null : Instant.EPOCH.plus(buffer.getLong(), ChronoUnit.MICROS);
        var topic = new String(readBytes(buffer), UTF_8);
        var properties = readBytes(buffer);
        var payload = readBytes(buffer);
        return new StoredMessage(
                id, topic, payload, properties, flags & QOS, (flags & RETAIN) != 0, expirySeconds, expiresAt);
    }

    private static StoredPlace readPlace(ByteBuffer buffer) {
        long session = buffer.getLong();
        long position = buffer.getLong();
        long message = buffer.getLong();
        int flags = buffer.get();
        List<Integer> ids = (flags & HAS_SUBSCRIPTION_IDS) == 0 ? List.of() : readInts(buffer);
        @Nullable String shared = (flags & HAS_SHARED) == 0 ? null : new String(readBytes(buffer), UTF_8);
        return new StoredPlace(
                session,
                position,
                message,
                flags & QOS,
                (flags & RETAIN) != 0,
                (flags & IS_RECEIVED) != 0,
                ids,
                shared);
    }

    private static List<Integer> readInts(ByteBuffer buffer) {
        int count = readLength(buffer, Integer.BYTES);
        var ints = new ArrayList<Integer>(count);
        for (int i = 0; i < count; i++) {
            ints.add(buffer.getInt());
        }
        return ints;
    }

    private static byte[] readBytes(ByteBuffer buffer) {
        var bytes = new byte[readLength(buffer, 1)];
        buffer.get(bytes);
        return bytes;
    }

    private static int readLength(ByteBuffer buffer, int elementBytes) {
        int length = buffer.getInt();
        if (length < 0 || (long) length * elementBytes > buffer.remaining()) {
            throw new IllegalArgumentException("length " + length);
        }
        return length;
    }
}
