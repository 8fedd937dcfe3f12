package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.Publish;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.Consumer;
import java.util.function.Predicate;

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
    final OutgoingQueue queue;
    private long expiredRemovedNanos;

    /** @param store which has those of the queue that are kept */
    Backlog(TenantStore store, long nowNanos) {
        queue = new OutgoingQueue(store);
        expiredRemovedNanos = nowNanos - EXPIRY_INTERVAL_NANOS;
    }

    boolean isEmpty() {
        return queue.isEmpty() && bursts.isEmpty() && resends.isEmpty();
    }

    /** Whether a message of QoS 0 has to wait its turn too. */
    boolean holdsBackAtMostOnce() {
        return !bursts.isEmpty() || queue.hasAtMostOnce();
    }

    boolean hasRoomFor(int bytes, long maxMessages, long maxBytes) {
        return queue.size() < maxMessages && queue.bytes() + bytes <= maxBytes;
    }

    /** Tells of what the store may not have yet. */
    void forEachRecent(Consumer<Outgoing> action) {
        bursts.forEach(burst -> burst.next.forEach(action));
        queue.forEachRecent(action);
    }

    /** @param removed is told of each message that has its place */
    void clear(Consumer<Outgoing> removed) {
        endBursts(delivery -> true, removed);
        queue.removeIf(outgoing -> true, removed);
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
        if (queue.mayHaveExpired(nowNanos) && nowNanos - expiredRemovedNanos >= EXPIRY_INTERVAL_NANOS) {
            expiredRemovedNanos = nowNanos;
            queue.removeIf(outgoing -> outgoing.message.isExpired(nowNanos), removed);
        }
    }
}
