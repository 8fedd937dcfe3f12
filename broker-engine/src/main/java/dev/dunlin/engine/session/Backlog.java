package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a session has for its client and has not sent yet, in the order of sending: again what an earlier connection lost,
 * retained messages that new subscriptions bring, the queue. A session that has nothing of it has no backlog.
 */
final class Backlog {
    private static final long EXPIRY_INTERVAL_NANOS = 1_000_000_000;

    /** Retained messages that a new subscription has yet to bring. */
    static final class RetainedBurst {
        final Iterator<Publish> messages;
        final Delivery delivery;

        /** In a session that is kept: those that come next, each with its place in the store. */
        final Deque<Outgoing> next = new ArrayDeque<>(2);

        RetainedBurst(Iterator<Publish> messages, Delivery delivery) {
            this.messages = messages;
            this.delivery = delivery;
        }
    }

    final Deque<Outgoing> resends = new ArrayDeque<>(2);
    final Deque<RetainedBurst> bursts = new ArrayDeque<>(2);
    private final Deque<Outgoing> queue = new ArrayDeque<>(4);
    private long queuedBytes;
    private long expiredRemovedNanos;

    /** Messages of QoS 0 in the queue, which those that come later may not overtake. */
    private int queuedAtMostOnce;

    Backlog(long nowNanos) {
        expiredRemovedNanos = nowNanos - EXPIRY_INTERVAL_NANOS;
    }

    boolean isEmpty() {
        return queue.isEmpty() && bursts.isEmpty() && resends.isEmpty();
    }

    boolean isQueueEmpty() {
        return queue.isEmpty();
    }

    /** Whether a message of QoS 0 has to wait its turn too. */
    boolean holdsBackAtMostOnce() {
        return !bursts.isEmpty() || queuedAtMostOnce > 0;
    }

    boolean hasRoomFor(int bytes, long maxMessages, long maxBytes) {
        return queue.size() < maxMessages && queuedBytes + bytes <= maxBytes;
    }

    /** Of the messages in the queue. */
    long queuedBytes() {
        return queuedBytes;
    }

    void enqueue(Outgoing outgoing) {
        queue.add(outgoing);
        queuedBytes += outgoing.message.queuedBytes();
        queuedAtMostOnce += outgoing.qos == QoS.AT_MOST_ONCE ? 1 : 0;
    }

    @Nullable
    Outgoing next() {
        return queue.peek();
    }

    /** Takes what {@link #next} gives off the queue. */
    Outgoing removeNext() {
        var next = queue.remove();
        countRemoved(next);
        return next;
    }

    /** Takes what {@link #enqueue} has put there last off the queue. */
    void removeLast() {
        countRemoved(queue.removeLast());
    }

    /** @param removed is told of each that goes */
    void removeQueued(Predicate<Outgoing> condition, Consumer<Outgoing> removed) {
        queue.removeIf(outgoing -> {
            boolean remove = condition.test(outgoing);
            if (remove) {
                countRemoved(outgoing);
                removed.accept(outgoing);
            }
            return remove;
        });
    }

    void forEachQueued(Consumer<Outgoing> action) {
        bursts.forEach(burst -> burst.next.forEach(action));
        queue.forEach(action);
    }

    /**
     * Ends the bursts that {@code condition} is true of.
     *
     * @param removed is told of each message that had its place
     */
    void endBursts(Predicate<Delivery> condition, Consumer<Outgoing> removed) {
        bursts.removeIf(burst -> {
            boolean ends = condition.test(burst.delivery);
            if (ends) {
                burst.next.forEach(removed);
            }
            return ends;
        });
    }

    /** At most once a second: a queue that is full must not be walked for each message that it does not take. */
    void removeExpired(long nowNanos, Consumer<Outgoing> removed) {
        if (nowNanos - expiredRemovedNanos >= EXPIRY_INTERVAL_NANOS) {
            expiredRemovedNanos = nowNanos;
            removeQueued(outgoing -> outgoing.message.isExpired(nowNanos), removed);
        }
    }

    private void countRemoved(Outgoing outgoing) {
        queuedBytes -= outgoing.message.queuedBytes();
        queuedAtMostOnce -= outgoing.qos == QoS.AT_MOST_ONCE ? 1 : 0;
    }
}
