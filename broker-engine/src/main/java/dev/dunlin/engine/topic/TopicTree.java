package dev.dunlin.engine.topic;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An immutable tree of topic levels. It answers both questions there are: which filters match a name (subscriptions), and
 * which names match a filter (retained messages). A changed copy shares all but one path with the original, so that a
 * tree of a million entries changes in microseconds and readers on any thread need no lock: they hold the tree they began
 * with.
 *
 * <p>Depth is bounded by {@link TopicFilter#MAX_LEVELS}, so the recursion is.
 *
 * @param <K> whose entry it is: one filter or name has at most one value a key
 */
public final class TopicTree<K, V> {
    private static final AtomicLong VERSIONS = new AtomicLong();
    private static final TopicTree<?, ?> EMPTY = new TopicTree<>(Node.empty(), 0);

    private final Node<K, V> root;
    private final int size;
    private final long version = VERSIONS.getAndIncrement();

    private TopicTree(Node<K, V> root, int size) {
        this.root = root;
        this.size = size;
    }

    @SuppressWarnings("unchecked") // an empty tree has no entry of a wrong type
    public static <K, V> TopicTree<K, V> empty() {
        return (TopicTree<K, V>) EMPTY;
    }

    /** Different for any two trees of this process, so that an answer can say from which tree it was made. */
    public long version() {
        return version;
    }

    /** How many entries there are. */
    public int size() {
        return size;
    }

    public TopicTree<K, V> with(TopicFilter filter, K key, V value) {
        return with(filter.levels(), key, value);
    }

    public TopicTree<K, V> with(TopicName name, K key, V value) {
        return with(name.levels(), key, value);
    }

    public TopicTree<K, V> without(TopicFilter filter, K key) {
        return without(filter.levels(), key);
    }

    public TopicTree<K, V> without(TopicName name, K key) {
        return without(name.levels(), key);
    }

    public @Nullable V get(TopicName name, K key) {
        return get(name.levels(), key);
    }

    /** Gives {@code action} each value whose filter matches {@code name}. */
    public void forEachMatching(TopicName name, Consumer<? super V> action) {
        root.match(name.levels(), 0, action);
    }

    /** Gives {@code action} each value of {@code filter} itself, its share name aside. */
    public void forEachAt(TopicFilter filter, Consumer<? super V> action) {
        var node = find(filter.levels());
        if (node != null) {
            node.values.forEachValue(action);
        }
    }

    /** Gives {@code action} each value whose name is matched by {@code filter}. */
    public void forEachUnder(TopicFilter filter, Consumer<? super V> action) {
        root.collect(filter.levels(), 0, action);
    }

    /** Gives {@code action} every value. */
    public void forEach(Consumer<? super V> action) {
        root.collectAll(action, false);
    }

    private TopicTree<K, V> with(String[] levels, K key, V value) {
        boolean added = get(levels, key) == null;
        return new TopicTree<>(root.with(levels, 0, key, value), added ? size + 1 : size);
    }

    private TopicTree<K, V> without(String[] levels, K key) {
        if (get(levels, key) == null) {
            return this;
        }
        return size == 1 ? empty() : new TopicTree<>(root.without(levels, 0, key), size - 1);
    }

    private @Nullable V get(String[] levels, K key) {
        var node = find(levels);
        return node == null ? null : node.values.get(key);
    }

    private @Nullable Node<K, V> find(String[] levels) {
        Node<K, V> node = root;
        for (var level : levels) {
            node = node.child(level);
            if (node == null) {
                return null;
            }
        }
        return node;
    }

    /**
     * @param plus the child for {@code +}, apart from the others since every match looks at it; so {@code hash}
     * @param values of the filters and names that end here
     */
    private record Node<K, V>(
            PersistentMap<String, Node<K, V>> children,
            @Nullable Node<K, V> plus,
            @Nullable Node<K, V> hash,
            PersistentMap<K, V> values) {

        private static final Node<?, ?> EMPTY = new Node<>(PersistentMap.empty(), null, null, PersistentMap.empty());

        @SuppressWarnings("unchecked") // an empty node has no entry of a wrong type
        static <K, V> Node<K, V> empty() {
            return (Node<K, V>) EMPTY;
        }

        boolean isEmpty() {
            return values.isEmpty() && children.isEmpty() && plus == null && hash == null;
        }

        @Nullable
        Node<K, V> child(String level) {
            return switch (level) {
                case "+" -> plus;
                case "#" -> hash;
                default -> children.get(level);
            };
        }

        private Node<K, V> withChild(String level, Node<K, V> child) {
            boolean gone = child.isEmpty();
            return switch (level) {
                case "+" -> new Node<>(children, gone ? null : child, hash, values);
                case "#" -> new Node<>(children, plus, gone ? null : child, values);
                default -> new Node<>(gone ? children.without(level) : children.with(level, child), plus, hash, values);
            };
        }

        Node<K, V> with(String[] levels, int depth, K key, V value) {
            if (depth == levels.length) {
                return new Node<>(children, plus, hash, values.with(key, value));
            }
            var child = child(levels[depth]);
            return withChild(
                    levels[depth], (child == null ? Node.<K, V>empty() : child).with(levels, depth + 1, key, value));
        }

        Node<K, V> without(String[] levels, int depth, K key) {
            if (depth == levels.length) {
                return new Node<>(children, plus, hash, values.without(key));
            }
            var child = child(levels[depth]);
            return child == null ? this : withChild(levels[depth], child.without(levels, depth + 1, key));
        }

        void match(String[] name, int depth, Consumer<? super V> action) {
            boolean wildcards = depth > 0 || !name[0].startsWith("$"); // MQTT 5 [MQTT-4.7.2-1]
            if (hash != null && wildcards) {
                hash.values.forEachValue(action);
            }
            if (depth == name.length) {
                values.forEachValue(action);
                return;
            }
            if (plus != null && wildcards) {
                plus.match(name, depth + 1, action);
            }
            var child = children.get(name[depth]);
            if (child != null) {
                child.match(name, depth + 1, action);
            }
        }

        void collect(String[] filter, int depth, Consumer<? super V> action) {
            if (depth == filter.length) {
                values.forEachValue(action);
                return;
            }
            switch (filter[depth]) {
                case "#" -> collectAll(action, depth == 0);
                case "+" ->
                    children.forEachEntry((level, child) -> {
                        if (depth > 0 || !level.startsWith("$")) {
                            child.collect(filter, depth + 1, action);
                        }
                    });
                default -> {
                    var child = children.get(filter[depth]);
                    if (child != null) {
                        child.collect(filter, depth + 1, action);
                    }
                }
            }
        }

        void collectAll(Consumer<? super V> action, boolean hideReserved) {
            values.forEachValue(action);
            children.forEachEntry((level, child) -> {
                if (!hideReserved || !level.startsWith("$")) {
                    child.collectAll(action, false);
                }
            });
            if (plus != null) {
                plus.collectAll(action, false);
            }
            if (hash != null) {
                hash.collectAll(action, false);
            }
        }
    }
}
