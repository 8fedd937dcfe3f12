package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.MessageProperties;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.topic.TopicName;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Messages that wait for one client, first in, first out, in one array of bytes: otherwise each is five objects, and millions
 * of them keep a garbage collector busy with copying what nobody needs yet. What cannot be packed is kept as it is.
 *
 * <pre>
 * flags 4, [position 8, deposit 8], [expires at 8, expiry in seconds 8], [number of subscription identifiers 4, each 4],
 * [length of properties 4, properties], length of payload 4, payload
 * </pre>
 *
 * A field in brackets is there if its flag is set. The lowest two bits of the flags are the QoS of the delivery, the next two
 * that of the message.
 */
final class PackedMessages {
    /** Of payload and properties. In larger ones the objects do not count, and sessions may share them. */
    private static final int MAX_PACKED_BYTES = 512;

    /** Of all fields whose length is known. */
    private static final int MAX_FIXED_BYTES = 4 * Long.BYTES + 4 * Integer.BYTES;

    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

    private static final int MIN_ENTRIES = 16;

    /** So that what has been taken off does not take room for long. */
    private static final int MAX_ENTRIES = 1_024;

    private static final int QOS = 3;
    private static final int MESSAGE_QOS_SHIFT = 2;
    private static final int RETAIN = 1 << 4;
    private static final int MESSAGE_RETAIN = 1 << 5;
    private static final int IS_KEPT = 1 << 6;
    private static final int EXPIRES = 1 << 7;
    private static final int HAS_SUBSCRIPTION_IDS = 1 << 8;
    private static final int HAS_PROPERTIES = 1 << 9;
    private static final int IS_WITH_PLACE = 1 << 10;

    private final int capacityBytes;

    /** Absent until something is packed. */
    private byte @Nullable [] packed;

    /** In what is packed, where the next message comes to stand, and where the first does. */
    private int writePosition;

    private int readPosition;

    /** Of each message its topic, which it shares with others, or the message itself if it is not packed. */
    private @Nullable Object[] entries = new @Nullable Object[MIN_ENTRIES];

    private int firstEntry;
    private int endOfEntries;

    /** @param capacityBytes enough for any message that is packed */
    PackedMessages(int capacityBytes) {
        this.capacityBytes = capacityBytes;
    }

    /** Whether {@code outgoing} is worth while to be packed, and all is known of it that may yet change what becomes of it. */
    static boolean isPackable(Outgoing outgoing) {
        return variableBytes(outgoing) <= MAX_PACKED_BYTES
                && outgoing.shared == null
                && (outgoing.kept == null || isPackable(outgoing, outgoing.kept));
    }

    private static boolean isPackable(Outgoing outgoing, Kept kept) {
        return kept.isHandedIn && kept.isSettled() && !outgoing.isRefused() && kept.deposit.isStoredForOne();
    }

    private static int variableBytes(Outgoing outgoing) {
        var ids = outgoing.subscriptionIds;
        return outgoing.message.payload().length
                + outgoing.message.properties().forwarded().length
                + (ids == null ? 0 : ids.length * Integer.BYTES);
    }

    /** @param isPacked whether it is to be packed */
    boolean hasRoomFor(Outgoing outgoing, boolean isPacked) {
        return endOfEntries < MAX_ENTRIES
                && (!isPacked
                        || packed == null
                        || packed.length - writePosition >= MAX_FIXED_BYTES + variableBytes(outgoing));
    }

    boolean isEmpty() {
        return firstEntry == endOfEntries;
    }

    /** Puts a message that {@link #isPackable}, and for which there is room, at the end. */
    void pack(Outgoing outgoing) {
        add(outgoing.message.topic());
        var bytes = packed == null ? new byte[capacityBytes] : packed;
        packed = bytes;
        var message = outgoing.message;
        var properties = message.properties();
        var kept = outgoing.kept;
        var ids = outgoing.subscriptionIds;
        boolean expires =
                message.expiresAtNanos() != Publish.NEVER || properties.expirySeconds() != MessageProperties.NEVER;
        int flags = outgoing.qos.value()
                | message.qos().value() << MESSAGE_QOS_SHIFT
                | (outgoing.retain ? RETAIN : 0)
                | (message.retain() ? MESSAGE_RETAIN : 0)
                | (kept == null ? 0 : IS_KEPT)
                | (kept != null && kept.deposit.isWithPlace() ? IS_WITH_PLACE : 0)
                | (expires ? EXPIRES : 0)
                | (ids == null ? 0 : HAS_SUBSCRIPTION_IDS)
                | (properties.forwarded().length == 0 ? 0 : HAS_PROPERTIES);
        putInt(bytes, flags);
        if (kept != null) {
            putLong(bytes, kept.position);
            putLong(bytes, kept.deposit.id());
        }
        if (expires) {
            putLong(bytes, message.expiresAtNanos());
            putLong(bytes, properties.expirySeconds());
        }
        if (ids != null) {
            putInt(bytes, ids.length);
            for (int id : ids) {
                putInt(bytes, id);
            }
        }
        if (properties.forwarded().length > 0) {
            put(bytes, properties.forwarded());
        }
        put(bytes, message.payload());
    }

    private void putInt(byte[] bytes, int value) {
        INT.set(bytes, writePosition, value);
        writePosition += Integer.BYTES;
    }

    private void putLong(byte[] bytes, long value) {
        LONG.set(bytes, writePosition, value);
        writePosition += Long.BYTES;
    }

    private void put(byte[] bytes, byte[] value) {
        putInt(bytes, value.length);
        System.arraycopy(value, 0, bytes, writePosition, value.length);
        writePosition += value.length;
    }

    /** Puts a message at the end as it is. */
    void keep(Outgoing outgoing) {
        add(outgoing);
    }

    private void add(Object entry) {
        if (endOfEntries == entries.length) {
            entries = Arrays.copyOf(entries, 2 * endOfEntries);
        }
        entries[endOfEntries++] = entry;
    }

    /**
     * Takes the first message; there is one.
     *
     * @param store which has those that are kept
     */
    Outgoing removeFirst(TenantStore store) {
        var entry = Objects.requireNonNull(entries[firstEntry]);
        entries[firstEntry++] = null;
        return entry instanceof Outgoing outgoing
                ? outgoing
                : unpack((TopicName) entry, Objects.requireNonNull(packed), store);
    }

    private Outgoing unpack(TopicName topic, byte[] bytes, TenantStore store) {
        int flags = getInt(bytes);
        var kept = (flags & IS_KEPT) == 0 ? null : unpackKept(bytes, (flags & IS_WITH_PLACE) != 0, store);
        long expiresAtNanos = (flags & EXPIRES) == 0 ? Publish.NEVER : getLong(bytes);
        long expirySeconds = (flags & EXPIRES) == 0 ? MessageProperties.NEVER : getLong(bytes);
        int @Nullable [] ids = (flags & HAS_SUBSCRIPTION_IDS) == 0 ? null : getInts(bytes);
        var forwarded = (flags & HAS_PROPERTIES) == 0 ? MessageProperties.NONE.forwarded() : getBytes(bytes);
        var payload = getBytes(bytes);
        var message = new Publish(
                topic,
                payload,
                QoS.of(flags >> MESSAGE_QOS_SHIFT & QOS),
                (flags & MESSAGE_RETAIN) != 0,
                false,
                0,
                forwarded.length == 0 && expirySeconds == MessageProperties.NEVER
                        ? MessageProperties.NONE
                        : new MessageProperties(forwarded, expirySeconds),
                expiresAtNanos);
        var outgoing = new Outgoing(message, QoS.of(flags & QOS), (flags & RETAIN) != 0, ids, null, false);
        if (kept != null) {
            outgoing.keep(kept);
        }
        return outgoing;
    }

    private Kept unpackKept(byte[] bytes, boolean isWithPlace, TenantStore store) {
        long position = getLong(bytes);
        return Kept.stored(store.storedDeposit(getLong(bytes), 1, isWithPlace), position);
    }

    private int getInt(byte[] bytes) {
        int value = (int) INT.get(bytes, readPosition);
        readPosition += Integer.BYTES;
        return value;
    }

    private long getLong(byte[] bytes) {
        long value = (long) LONG.get(bytes, readPosition);
        readPosition += Long.BYTES;
        return value;
    }

    private int[] getInts(byte[] bytes) {
        var ints = new int[getInt(bytes)];
        for (int i = 0; i < ints.length; i++) {
            ints[i] = getInt(bytes);
        }
        return ints;
    }

    private byte[] getBytes(byte[] bytes) {
        int first = readPosition + Integer.BYTES;
        readPosition = first + (int) INT.get(bytes, readPosition);
        return Arrays.copyOfRange(bytes, first, readPosition);
    }

    /** Whether {@code condition} is true of the topic of any; asked once where the same follow each other. */
    boolean isAnyOn(Predicate<TopicName> condition) {
        Object last = null;
        for (int i = firstEntry; i < endOfEntries; i++) {
            var entry = Objects.requireNonNull(entries[i]);
            if (entry != last && condition.test(topicOf(entry))) {
                return true;
            }
            last = entry;
        }
        return false;
    }

    private static TopicName topicOf(Object entry) {
        return entry instanceof Outgoing outgoing ? outgoing.message.topic() : (TopicName) entry;
    }
}
