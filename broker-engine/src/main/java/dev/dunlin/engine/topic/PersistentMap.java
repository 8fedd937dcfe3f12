package dev.dunlin.engine.topic;

import java.util.Arrays;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An immutable hash map whose changed copies share all but a path with the original: a hash array mapped trie, in which a
 * node keeps its entries ({@code entryMap}) and its sub-nodes ({@code nodeMap}) apart. A change copies about
 * log32(size) small arrays, whatever the size.
 */
final class PersistentMap<K, V> {
    private static final int BITS = 5;
    private static final PersistentMap<?, ?> EMPTY = new PersistentMap<>(new Node(0, 0, new Object[0]), 0);

    private final Node root;
    private final int size;

    private PersistentMap(Node root, int size) {
        this.root = root;
        this.size = size;
    }

    @SuppressWarnings("unchecked") // an empty map has no entry of a wrong type
    static <K, V> PersistentMap<K, V> empty() {
        return (PersistentMap<K, V>) EMPTY;
    }

    int size() {
        return size;
    }

    boolean isEmpty() {
        return size == 0;
    }

    @SuppressWarnings("unchecked") // values are put in as V only
    @Nullable
    V get(K key) {
        return (V) root.get(key, spread(key), 0);
    }

    PersistentMap<K, V> with(K key, V value) {
        boolean added = get(key) == null;
        return new PersistentMap<>(root.with(key, value, spread(key), 0), added ? size + 1 : size);
    }

    PersistentMap<K, V> without(K key) {
        if (get(key) == null) {
            return this;
        }
        return size == 1 ? empty() : new PersistentMap<>(root.without(key, spread(key), 0), size - 1);
    }

    @SuppressWarnings("unchecked") // values are put in as V only
    void forEachValue(Consumer<? super V> action) {
        root.forEach((key, value) -> action.accept((V) value));
    }

    @SuppressWarnings("unchecked") // entries are put in as K and V only
    void forEachEntry(BiConsumer<? super K, ? super V> action) {
        root.forEach((BiConsumer<Object, Object>) action);
    }

    private static int spread(Object key) {
        int h = key.hashCode();
        return h ^ (h >>> 16);
    }

    /**
     * Entries first, as key and value in turn, then sub-nodes from the end of the array backwards. Below the last level,
     * where hashes are used up, a node is a plain list of entries with equal hashes and both maps are 0.
     */
    private record Node(int entryMap, int nodeMap, Object[] slots) {

        private static int bit(int hash, int shift) {
            return 1 << (hash >>> shift & 31);
        }

        private int entryIndex(int bit) {
            return 2 * Integer.bitCount(entryMap & bit - 1);
        }

        private int nodeIndex(int bit) {
            return slots.length - 1 - Integer.bitCount(nodeMap & bit - 1);
        }

        private static boolean isCollision(int shift) {
            return shift >= 32;
        }

        @Nullable
        Object get(Object key, int hash, int shift) {
            if (isCollision(shift)) {
                int i = indexOfCollision(key);
                return i < 0 ? null : slots[i + 1];
            }
            int bit = bit(hash, shift);
            if ((entryMap & bit) != 0) {
                int i = entryIndex(bit);
                return slots[i].equals(key) ? slots[i + 1] : null;
            }
            return (nodeMap & bit) == 0 ? null : ((Node) slots[nodeIndex(bit)]).get(key, hash, shift + BITS);
        }

        Node with(Object key, Object value, int hash, int shift) {
            if (isCollision(shift)) {
                int i = indexOfCollision(key);
                return i < 0 ? new Node(0, 0, insert(slots, slots.length, key, value)) : replace(i + 1, value);
            }
            int bit = bit(hash, shift);
            if ((nodeMap & bit) != 0) {
                int i = nodeIndex(bit);
                return replace(i, ((Node) slots[i]).with(key, value, hash, shift + BITS));
            }
            int i = entryIndex(bit);
            if ((entryMap & bit) == 0) {
                return new Node(entryMap | bit, nodeMap, insert(slots, i, key, value));
            }
            if (slots[i].equals(key)) {
                return replace(i + 1, value);
            }
            var below = new Node(0, 0, new Object[0])
                    .with(slots[i], slots[i + 1], spread(slots[i]), shift + BITS)
                    .with(key, value, hash, shift + BITS);
            return entryBecomesNode(bit, below);
        }

        Node without(Object key, int hash, int shift) {
            if (isCollision(shift)) {
                return new Node(0, 0, remove(slots, indexOfCollision(key)));
            }
            int bit = bit(hash, shift);
            if ((entryMap & bit) != 0) {
                return new Node(entryMap ^ bit, nodeMap, remove(slots, entryIndex(bit)));
            }
            int i = nodeIndex(bit);
            var below = ((Node) slots[i]).without(key, hash, shift + BITS);
            return below.nodeMap == 0 && below.slots.length == 2 ? nodeBecomesEntry(bit, below) : replace(i, below);
        }

        void forEach(BiConsumer<Object, Object> action) {
            int nodes = Integer.bitCount(nodeMap);
            for (int i = 0; i < slots.length - nodes; i += 2) {
                action.accept(slots[i], slots[i + 1]);
            }
            for (int i = slots.length - nodes; i < slots.length; i++) {
                ((Node) slots[i]).forEach(action);
            }
        }

        private int indexOfCollision(Object key) {
            for (int i = 0; i < slots.length; i += 2) {
                if (slots[i].equals(key)) {
                    return i;
                }
            }
            return -1;
        }

        private Node replace(int index, Object slot) {
            var copy = slots.clone();
            copy[index] = slot;
            return new Node(entryMap, nodeMap, copy);
        }

        private Node entryBecomesNode(int bit, Node below) {
            var without = remove(slots, entryIndex(bit));
            int i = without.length - Integer.bitCount(nodeMap & bit - 1);
            var copy = new Object[without.length + 1];
            System.arraycopy(without, 0, copy, 0, i);
            copy[i] = below;
            System.arraycopy(without, i, copy, i + 1, without.length - i);
            return new Node(entryMap ^ bit, nodeMap | bit, copy);
        }

        private Node nodeBecomesEntry(int bit, Node below) {
            int i = nodeIndex(bit);
            var copy = new Object[slots.length - 1];
            System.arraycopy(slots, 0, copy, 0, i);
            System.arraycopy(slots, i + 1, copy, i, copy.length - i);
            return new Node(
                    entryMap | bit, nodeMap ^ bit, insert(copy, entryIndex(bit), below.slots[0], below.slots[1]));
        }

        private static Object[] insert(Object[] slots, int index, Object key, Object value) {
            var copy = Arrays.copyOf(slots, slots.length + 2);
            System.arraycopy(slots, index, copy, index + 2, slots.length - index);
            copy[index] = key;
            copy[index + 1] = value;
            return copy;
        }

        private static Object[] remove(Object[] slots, int index) {
            var copy = new Object[slots.length - 2];
            System.arraycopy(slots, 0, copy, 0, index);
            System.arraycopy(slots, index + 2, copy, index, copy.length - index);
            return copy;
        }
    }
}
