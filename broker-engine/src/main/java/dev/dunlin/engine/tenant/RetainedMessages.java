package dev.dunlin.engine.tenant;

import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.port.StoredRetained;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.engine.session.MessageMemory;
import dev.dunlin.engine.session.Subscription;
import dev.dunlin.engine.session.TenantStore;
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
 * bytes, and by the memory that it may have for messages. Any thread: a topic has a slot, which is replaced in place, and
 * the tree of slots changes only when a topic comes or goes.
 */
public final class RetainedMessages {
    /** @param clientId of the client that published it, which No Local keeps it from */
    private record Kept(Publish message, String clientId) {
        int bytes() {
            return message.queuedBytes();
        }

        boolean isExpired(long nowNanos) {
            return message.isExpired(nowNanos);
        }
    }

    /** One topic's message. A slot that has become empty is dead, and whoever still holds it looks for the topic anew. */
    private static final class Slot {
        private final AtomicReference<@Nullable Kept> kept;

        Slot(Kept kept) {
            this.kept = new AtomicReference<>(kept);
        }

        @Nullable
        Kept get() {
            return kept.get();
        }
    }

    private static final String ONLY = "";
    private static final long CLEAR_INTERVAL_NANOS = 1_000_000_000;

    private final TreeReference<String, Slot> slots = new TreeReference<>();
    private final AtomicLong clearedNanos = new AtomicLong(Long.MIN_VALUE / 2);
    private final MessageMemory memory;

    RetainedMessages(MessageMemory memory) {
        this.memory = memory;
    }

    /**
     * Keeps {@code message} in place of an earlier one on its topic.
     *
     * @param clientId who published it
     * @return false if the limits do not allow it, also once expired messages are gone; an earlier message is kept then
     */
    boolean keep(Publish message, String clientId, TenantLimits limits, long nowNanos) {
        var kept = new Kept(message, clientId);
        return keep(kept, limits) || clearExpired(nowNanos) && keep(kept, limits);
    }

    /** @param limits null if it is to be kept in any case */
    private boolean keep(Kept kept, @Nullable TenantLimits limits) {
        var message = kept.message;
        while (true) {
            var tree = slots.get();
            var slot = tree.get(message.topic(), ONLY);
            if (slot == null) {
                if (limits != null && (tree.size() >= limits.retainedMessages() || !hasRoomFor(kept.bytes(), limits))) {
                    return false;
                }
                if (slots.replace(tree, tree.with(message.topic(), ONLY, new Slot(kept)))) {
                    memory.addRetained(kept.bytes());
                    return true;
                }
                continue;
            }
            var before = slot.get();
            if (before == null) {
                continue; // dying: its remover takes it out of the tree next
            }
            long growth = (long) kept.bytes() - before.bytes();
            if (limits != null && growth > 0 && !hasRoomFor(growth, limits)) {
                return false;
            }
            if (slot.kept.compareAndSet(before, kept)) {
                memory.addRetained(growth);
                return true;
            }
        }
    }

    private boolean hasRoomFor(long bytes, TenantLimits limits) {
        return memory.retainedBytes() + bytes <= limits.retainedBytes() && memory.hasRoomFor(bytes);
    }

    /** Forgets the message on {@code topic}, if there is one. */
    void clear(TopicName topic) {
        var slot = slots.get().get(topic, ONLY);
        if (slot == null) {
            return;
        }
        var before = slot.kept.getAndSet(null);
        if (before != null) {
            memory.addRetained(-before.bytes());
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
            var kept = slot.get();
            if (kept != null && kept.isExpired(nowNanos)) {
                clearIfStill(kept, slot);
            }
        });
        return true;
    }

    private void clearIfStill(Kept expired, Slot slot) {
        if (slot.kept.compareAndSet(expired, null)) {
            memory.addRetained(-expired.bytes());
            var topic = expired.message.topic();
            slots.update(tree -> tree.get(topic, ONLY) == slot ? tree.without(topic, ONLY) : tree);
        }
    }

    /** What is retained on {@code topic}, as the store keeps it; null for nothing. */
    @Nullable
    StoredRetained stored(TopicName topic, TenantStore store) {
        var slot = slots.get().get(topic, ONLY);
        var kept = slot == null ? null : slot.get();
        return kept == null ? null : store.storedRetained(kept.message, kept.clientId);
    }

    /** Keeps what the store has, whatever the limits are now. Before anybody publishes. */
    public void restore(Publish message, String clientId) {
        keep(new Kept(message, clientId), null);
    }

    public int size() {
        return slots.get().size();
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
                var kept = slot.get();
                if (kept == null) {
                    continue;
                }
                if (kept.isExpired(nowNanos)) {
                    clearIfStill(kept, slot);
                } else if (subscription.shows(kept.message.topic()) && !isKeptAwayFromItsPublisher(kept)) {
                    next = kept.message;
                }
            }
            return next != null;
        }

        /** MQTT 5 [MQTT-3.8.3-3], which does not except retained messages. */
        private boolean isKeptAwayFromItsPublisher(Kept kept) {
            return subscription.delivery().noLocal()
                    && kept.clientId.equals(subscription.session().clientId());
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
