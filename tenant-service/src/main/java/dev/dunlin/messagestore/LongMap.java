package dev.dunlin.messagestore;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A map from numbers, for as many entries as there are messages: without an object for each entry, which would make the
 * garbage collector copy millions of them. In no order; not to be changed while it is gone through. Of one thread at a time.
 */
final class LongMap<V> {
    private static final int MIN_CAPACITY = 8;
    private static final long FACTOR = 0x9E37_79B9_7F4A_7C15L;

    private long[] keys = {};
    private @Nullable Object[] values = {};
    private int size;

    interface Visitor<V> {
        void entry(long key, V value);
    }

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    private int slotOf(long key) {
        return (int) (key * FACTOR >>> Long.numberOfLeadingZeros(keys.length) + 1);
    }

    /** Where the key is, or where it would be put. */
    private int find(long key) {
        int mask = keys.length - 1;
        int slot = slotOf(key);
        while (values[slot] != null && keys[slot] != key) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    @SuppressWarnings("unchecked")
    @Nullable
    V get(long key) {
        return size == 0 ? null : (V) values[find(key)];
    }

    boolean containsKey(long key) {
        return get(key) != null;
    }

    /** @return what was there before */
    @SuppressWarnings("unchecked")
    @Nullable
    V put(long key, V value) {
        if (4 * (size + 1) > 3 * keys.length) {
            resize(Math.max(MIN_CAPACITY, 2 * keys.length));
        }
        int slot = find(key);
        var earlier = (V) values[slot];
        keys[slot] = key;
        values[slot] = value;
        if (earlier == null) {
            size++;
        }
        return earlier;
    }

    /** @return what was there */
    @SuppressWarnings("unchecked")
    @Nullable
    V remove(long key) {
        if (size == 0) {
            return null;
        }
        int slot = find(key);
        var removed = (V) values[slot];
        if (removed != null) {
            size--;
            close(slot);
            if (keys.length > MIN_CAPACITY && 8 * size < keys.length) {
                resize(keys.length / 2);
            }
        }
        return removed;
    }

    /** Moves what follows a slot that is free now to where it is found. */
    private void close(int free) {
        int mask = keys.length - 1;
        int gap = free;
        for (int slot = gap + 1 & mask; values[slot] != null; slot = slot + 1 & mask) {
            if ((slot - slotOf(keys[slot]) & mask) >= (slot - gap & mask)) {
                keys[gap] = keys[slot];
                values[gap] = values[slot];
                gap = slot;
            }
        }
        values[gap] = null;
    }

    private void resize(int capacity) {
        var oldKeys = keys;
        var oldValues = values;
        keys = new long[capacity];
        values = new @Nullable Object[capacity];
        for (int i = 0; i < oldKeys.length; i++) {
            if (oldValues[i] != null) {
                int slot = find(oldKeys[i]);
                keys[slot] = oldKeys[i];
                values[slot] = oldValues[i];
            }
        }
    }

    @SuppressWarnings("unchecked")
    void forEach(Visitor<? super V> visitor) {
        for (int i = 0; i < keys.length; i++) {
            var value = (V) values[i];
            if (value != null) {
                visitor.entry(keys[i], value);
            }
        }
    }

    /** In their order. */
    long[] sortedKeys() {
        var sorted = new long[size];
        int count = 0;
        for (int i = 0; i < keys.length; i++) {
            if (values[i] != null) {
                sorted[count++] = keys[i];
            }
        }
        Arrays.sort(sorted);
        return sorted;
    }
}
