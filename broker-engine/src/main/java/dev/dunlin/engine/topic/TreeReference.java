package dev.dunlin.engine.topic;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

/** Where the tree of now stands: read by all threads, changed by any, each change seeing the one before. */
public final class TreeReference<K, V> {
    private final AtomicReference<TopicTree<K, V>> tree = new AtomicReference<>(TopicTree.empty());

    public TopicTree<K, V> get() {
        return Objects.requireNonNull(tree.get());
    }

    /** @param change without side effects, since it is tried again when another thread was faster */
    public void update(UnaryOperator<TopicTree<K, V>> change) {
        tree.updateAndGet(change);
    }

    /** Puts {@code after} in place of {@code before}, if no other change came in between. */
    public boolean replace(TopicTree<K, V> before, TopicTree<K, V> after) {
        return tree.compareAndSet(before, after);
    }
}
