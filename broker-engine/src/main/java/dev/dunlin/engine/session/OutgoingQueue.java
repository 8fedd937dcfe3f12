package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.topic.TopicName;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The messages that wait for one client, in their order. The youngest are kept as they came: they may be on their way into the
 * store. Those before them are packed, see {@link PackedMessages}, and made anew when their turn comes.
 */
final class OutgoingQueue {
    private static final int RECENT = 32;
    private static final int MAX_PACKED_AT_ONCE = 4;
    private static final int MIN_CAPACITY_BYTES = 4 * 1024;
    private static final int MAX_CAPACITY_BYTES = 64 * 1024;

    private final TenantStore store;
    private final Deque<PackedMessages> packed = new ArrayDeque<>(2);
    private final Deque<Outgoing> recent = new ArrayDeque<>(4);

    /** Made anew of what is packed, and due next. */
    private @Nullable Outgoing first;

    private int capacityBytes = MIN_CAPACITY_BYTES;
    private int size;
    private long bytes;
    private int atMostOnce;
    private int shared;

    /** Not later than any of the messages expires. */
    private long expiresAtNanos = Publish.NEVER;

    OutgoingQueue(TenantStore store) {
        this.store = store;
    }

    boolean isEmpty() {
        return size == 0;
    }

    int size() {
        return size;
    }

    /** As {@link Publish#queuedBytes} counts them. */
    long bytes() {
        return bytes;
    }

    /** Whether messages of QoS 0 are among them, which those that come later may not overtake. */
    boolean hasAtMostOnce() {
        return atMostOnce > 0;
    }

    /** Whether messages of Shared Subscriptions are among them. */
    boolean hasShared() {
        return shared > 0;
    }

    /** Whether a message may have expired by {@code nowNanos}. */
    boolean mayHaveExpired(long nowNanos) {
        return expiresAtNanos != Publish.NEVER && expiresAtNanos - nowNanos <= 0;
    }

    void add(Outgoing outgoing) {
        recent.add(outgoing);
        count(outgoing, 1);
        expiresAtNanos = Math.min(expiresAtNanos, outgoing.message.expiresAtNanos());
        for (int i = 0; i < MAX_PACKED_AT_ONCE && recent.size() > RECENT && isReady(recent.element()); i++) {
            pack(recent.remove());
        }
    }

    /** Whether all is known that the store may tell of it. */
    private static boolean isReady(Outgoing outgoing) {
        return outgoing.kept == null || outgoing.kept.isSettled() && !outgoing.isHeldBack();
    }

    private void pack(Outgoing outgoing) {
        boolean isPackable = PackedMessages.isPackable(outgoing);
        var last = packed.peekLast();
        if (last == null || !last.hasRoomFor(outgoing, isPackable)) {
            last = new PackedMessages(capacityBytes);
            capacityBytes = Math.min(MAX_CAPACITY_BYTES, 2 * capacityBytes);
            packed.add(last);
        }
        if (isPackable) {
            last.pack(outgoing);
        } else {
            last.keep(outgoing);
        }
    }

    /** The one that is due next; null if there is none. */
    @Nullable
    Outgoing peek() {
        var first = this.first;
        var oldest = packed.peek();
        if (first != null || oldest == null) {
            return first == null ? recent.peek() : first;
        }
        first = oldest.removeFirst(store);
        this.first = first;
        if (oldest.isEmpty()) {
            packed.remove();
            capacityBytes = packed.isEmpty() ? MIN_CAPACITY_BYTES : capacityBytes;
        }
        return first;
    }

    /** Takes off what {@link #peek} gives; there is one. */
    Outgoing remove() {
        peek();
        var removed = first == null ? recent.remove() : first;
        first = null;
        count(removed, -1);
        return removed;
    }

    /** Takes off what was added last. */
    void removeLast() {
        count(recent.removeLast(), -1);
    }

    private void count(Outgoing outgoing, int change) {
        size += change;
        bytes += change * (long) outgoing.message.queuedBytes();
        atMostOnce += outgoing.qos == QoS.AT_MOST_ONCE ? change : 0;
        shared += outgoing.shared == null ? 0 : change;
    }

    /** @param removed is told of each that goes */
    void removeIf(Predicate<Outgoing> condition, Consumer<Outgoing> removed) {
        expiresAtNanos = Publish.NEVER;
        for (int left = size; left > 0; left--) {
            var outgoing = remove();
            if (condition.test(outgoing)) {
                removed.accept(outgoing);
            } else {
                add(outgoing);
            }
        }
    }

    /** Whether {@code condition} is true of the topic of any. */
    boolean isAnyOn(Predicate<TopicName> condition) {
        return first != null && condition.test(first.message.topic())
                || packed.stream().anyMatch(some -> some.isAnyOn(condition))
                || recent.stream().anyMatch(outgoing -> condition.test(outgoing.message.topic()));
    }

    /** Tells of those that the store may not have yet. */
    void forEachRecent(Consumer<Outgoing> action) {
        recent.forEach(action);
    }
}
