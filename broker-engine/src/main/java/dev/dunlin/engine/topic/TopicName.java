package dev.dunlin.engine.topic;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A Topic Name: what a message is published to (MQTT 5 §4.7). Kept as the bytes that came over the wire, since they go out
 * the same way and since most topics are looked up, not looked into.
 */
public final class TopicName {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long FACTOR = 0x9E37_79B9_7F4A_7C15L;

    private final byte[] utf8;
    private final int hash;
    private @Nullable String text; // racy single check: any thread computes the same value

    private TopicName(byte[] utf8) {
        this.utf8 = utf8;
        this.hash = hashOf(utf8, 0, utf8.length);
    }

    /**
     * @param utf8 well-formed UTF-8 without wildcards and U+0000, at least one byte; kept, not copied
     */
    public static TopicName ofUtf8(byte[] utf8) {
        return new TopicName(utf8);
    }

    /** @throws IllegalArgumentException if {@code text} is no Topic Name (MQTT 5 §4.7.3) */
    public static TopicName of(String text) {
        if (text.isEmpty() || text.indexOf('+') >= 0 || text.indexOf('#') >= 0 || text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("Not a Topic Name: " + text);
        }
        return new TopicName(text.getBytes(StandardCharsets.UTF_8));
    }

    /** The hash of a topic with these bytes, for look-ups that hold no {@code TopicName} yet; eight bytes at a time. */
    public static int hashOf(byte[] utf8, int from, int length) {
        int end = from + length;
        int i = from;
        long hash = length;
        for (; i + Long.BYTES <= end; i += Long.BYTES) {
            hash = mix(hash ^ (long) LONGS.get(utf8, i));
        }
        long rest = 0;
        for (; i < end; i++) {
            rest = rest << 8 | utf8[i] & 0xFF;
        }
        return (int) mix(hash ^ rest);
    }

    private static long mix(long hash) {
        long product = hash * FACTOR;
        return product ^ product >>> 32;
    }

    /** The bytes themselves; not to be changed. */
    public byte[] utf8() {
        return utf8;
    }

    /** {@code $SYS/…} and its like, which wildcards at the first level do not match (MQTT 5 §4.7.2). */
    public boolean isReserved() {
        return utf8[0] == '$';
    }

    /** How many levels there are: one more than separators. */
    public int levelCount() {
        int count = 1;
        for (byte b : utf8) {
            if (b == '/') {
                count++;
            }
        }
        return count;
    }

    /** The levels in their order, empty ones included. */
    public String[] levels() {
        return TopicFilter.split(toString());
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return this == other || other instanceof TopicName that && hash == that.hash && Arrays.equals(utf8, that.utf8);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        var known = text;
        if (known == null) {
            known = new String(utf8, StandardCharsets.UTF_8);
            text = known;
        }
        return known;
    }
}
