package dev.dunlin.engine.tenant;

import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.engine.session.Subscription;
import dev.dunlin.engine.topic.TopicName;
import dev.dunlin.engine.topic.TreeReference;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The retained messages of one tenant (MQTT 5 §3.3.1.3), at most one a topic; bounded by the tenant's limits in count and
 * bytes. Any thread: a topic has a slot, which is replaced in place, and
 * the tree of slots changes only when a topic comes or goes.
 */
public final class RetainedMessages {
    /** One topic's message. A slot that has become empty is dead, and whoever still holds it looks for the topic anew. */
    private static final class Slot {
        private final AtomicReference<@Nullable Publish> message;

        Slot(Publish message) {
            this.message = new AtomicReference<>(message);
        }

        @Nullable
        Publish get() {
            return message.get();
        }
    }

    private static final String ONLY = "";
    private static final long CLEAR_INTERVAL_NANOS = 1_000_000_000;

    private final TreeReference<String, Slot> slots = new TreeReference<>();
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong clearedNanos = new AtomicLong(Long.MIN_VALUE / 2);

    /**
     * Keeps {@code message} in place of an earlier one on its topic.
     *
     * @return false if the limits do not allow it, also once expired messages are gone; an earlier message is kept then
     */
    boolean keep(Publish message, TenantLimits limits, long nowNanos) {
        return keep(message, limits) || clearExpired(nowNanos) && keep(message, limits);
    }

    private boolean keep(Publish message, TenantLimits limits) {
        while (true) {
            var tree = slots.get();
            var slot = tree.get(message.topic(), ONLY);
            if (slot == null) {
                if (tree.size() >= limits.retainedMessages()
                        || bytes.get() + message.queuedBytes() > limits.retainedBytes()) {
                    return false;
                }
                if (slots.replace(tree, tree.with(message.topic(), ONLY, new Slot(message)))) {
                    bytes.addAndGet(message.queuedBytes());
                    return true;
                }
                continue;
            }
            var before = slot.get();
            if (before == null) {
                continue; // dying: its remover takes it out of the tree next
            }
            long growth = (long) message.queuedBytes() - before.queuedBytes();
            if (growth > 0 && bytes.get() + growth > limits.retainedBytes()) {
                return false;
            }
            if (slot.message.compareAndSet(before, message)) {
                bytes.addAndGet(growth);
                return true;
            }
        }
    }

    /** Forgets the message on {@code topic}, if there is one. */
    void clear(TopicName topic) {
        var slot = slots.get().get(topic, ONLY);
        if (slot == null) {
            return;
        }
        var before = slot.message.getAndSet(null);
        if (before != null) {
            bytes.addAndGet(-before.queuedBytes());
            slots.update(tree -> tree.get(topic, ONLY) == slot ? tree.without(topic, ONLY) : tree);
        }
    }

    /**
     * Forgets what has expired, at most once a second: whoever publishes at the limit must not walk all of it each time.
     *
     * @return whether it has looked
     */
    private boolean clearExpired(long nowNanos) {
        long last = clearedNanos.get();
        if (nowNanos - last < CLEAR_INTERVAL_NANOS || !clearedNanos.compareAndSet(last, nowNanos)) {
            return false;
        }
        slots.get().forEach(slot -> {
            var message = slot.get();
            if (message != null && message.isExpired(nowNanos)) {
                clearIfStill(message, slot);
            }
        });
        return true;
    }

    private void clearIfStill(Publish expired, Slot slot) {
        if (slot.message.compareAndSet(expired, null)) {
            bytes.addAndGet(-expired.queuedBytes());
            slots.update(tree -> tree.get(expired.topic(), ONLY) == slot ? tree.without(expired.topic(), ONLY) : tree);
        }
    }

    public int size() {
        return slots.get().size();
    }

    public long bytes() {
        return bytes.get();
    }

    /** What {@code subscription} brings its client now; read as it is delivered, so that none is older than it must be. */
    public Iterator<Publish> matching(Subscription subscription, long nowNanos) {
        var found = new ArrayList<Slot>();
        slots.get().forEachUnder(subscription.filter(), found::add);
        return new Messages(found, subscription, nowNanos);
    }

    private final class Messages implements Iterator<Publish> {
        private final List<Slot> found;
        private final Subscription subscription;
        private final long nowNanos;
        private int position;
        private @Nullable Publish next;

        Messages(List<Slot> found, Subscription subscription, long nowNanos) {
            this.found = found;
            this.subscription = subscription;
            this.nowNanos = nowNanos;
        }

        @Override
        public boolean hasNext() {
            while (next == null && position < found.size()) {
                var slot = found.get(position++);
                var message = slot.get();
                if (message == null) {
                    continue;
                }
                if (message.isExpired(nowNanos)) {
                    clearIfStill(message, slot);
                } else if (subscription.shows(message.topic())) {
                    next = message;
                }
            }
            return next != null;
        }

        @Override
        public Publish next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            var message = Objects.requireNonNull(next);
            next = null;
            return message;
        }
    }
}
