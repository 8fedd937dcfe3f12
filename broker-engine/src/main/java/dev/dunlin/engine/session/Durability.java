package dev.dunlin.engine.session;

import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.MessageStore.Refusal;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What a session needs that is kept in the store. Belongs to the session's loop but for {@link #nextPosition}, which any
 * loop may take.
 */
final class Durability {
    private static final int MAX_PACKET_ID = 65_535;

    /** The session's number in the store. */
    final long id;

    private final AtomicLong positions;

    /** Subscriptions that are on their way into the store. */
    private final AtomicInteger subscriptionsUnderWay = new AtomicInteger();

    private @Nullable Removals removals;

    Durability(long id) {
        this(id, 0);
    }

    /** @param nextPosition from which on no place is taken yet */
    Durability(long id, long nextPosition) {
        this.id = id;
        positions = new AtomicLong(nextPosition);
    }

    /** The place of one more message. Those of one publisher are taken in the order of its messages. */
    long nextPosition() {
        return positions.getAndIncrement();
    }

    /**
     * The Packet Identifier of what stands at {@code position}: the same after a crash, so that the client knows a QoS 2 message
     * again.
     */
    static int packetIdOf(long position) {
        return 1 + (int) (position % MAX_PACKET_ID);
    }

    Removals removals(SessionLoop home, TenantStore store) {
        if (removals == null) {
            removals = new Removals(home, store, id);
        }
        return removals;
    }

    boolean isAnySubscriptionUnderWay() {
        return subscriptionsUnderWay.get() > 0;
    }

    /** Counts a subscription that is on its way, and tells {@code receipt} of its arrival. */
    MessageStore.Listener subscriptionUnderWay(Receipt receipt) {
        subscriptionsUnderWay.incrementAndGet();
        receipt.expect(1);
        return new MessageStore.Listener() {
            @Override
            public void onStored() {
                subscriptionsUnderWay.decrementAndGet();
                receipt.onStored();
            }

            @Override
            public void onRefused(Refusal why) {
                subscriptionsUnderWay.decrementAndGet();
                receipt.onRefused(why);
            }
        };
    }
}
