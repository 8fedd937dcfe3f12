package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.StoreChange.Received;
import dev.dunlin.engine.port.StoredPlace;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * A message of QoS 1 or 2 that sessions which outlive their connections may take: the receipt of its publisher, and the count
 * of the sessions that hold it, the last of which has its body removed from the store. Any thread.
 */
public final class Deposit extends Receipt {
    private static final AtomicIntegerFieldUpdater<Deposit> HOLDERS =
            AtomicIntegerFieldUpdater.newUpdater(Deposit.class, "holders");
    private static final AtomicIntegerFieldUpdater<Deposit> BODY =
            AtomicIntegerFieldUpdater.newUpdater(Deposit.class, "body");
    private static final AtomicLongFieldUpdater<Deposit> ID = AtomicLongFieldUpdater.newUpdater(Deposit.class, "id");

    /** What the store has of the body, or will have. */
    private static final int NOTHING = 0;

    /** With a place; it has to be removed when it has none any more. */
    private static final int APART = 1;

    /** With its only place, with which it is removed. */
    private static final int WITH_PLACE = 2;

    private static final long NO_ID = 0;

    private final TenantStore store;

    /** {@link #NO_ID} until the store is to have the message: most messages never get there. */
    private volatile long id;

    private volatile int holders;

    private volatile int body;

    /** Whether the store had the message before this was made. */
    private final boolean isFromStore;

    private volatile boolean isStored;

    /** What sessions it is stored for before it is delivered, and where; filled before it is handed on. */
    private @Nullable List<Taken> taken;

    private record Taken(Delivery[] deliveries, long[] positions) {}

    /** As if {@link #expectHolders} had been called. */
    Deposit(TenantStore store, int deliveries) {
        super(1 + deliveries);
        this.store = store;
        this.isFromStore = false;
        HOLDERS.lazySet(this, deliveries); // nobody else knows it yet; likewise below
    }

    private Deposit(TenantStore store, long id, int holders, int body) {
        super(0);
        this.store = store;
        this.isFromStore = true;
        ID.lazySet(this, id);
        HOLDERS.lazySet(this, holders);
        BODY.lazySet(this, body);
    }

    /** Of a message that the store has, with its only place or apart, and that {@code sessions} hold. */
    static Deposit stored(TenantStore store, long id, int sessions, boolean isWithPlace) {
        return new Deposit(store, id, sessions, isWithPlace ? WITH_PLACE : APART);
    }

    /** The message's number in the store. */
    long id() {
        long known = id;
        if (known != NO_ID) {
            return known;
        }
        long first = store.newId();
        return ID.compareAndSet(this, NO_ID, first) ? first : id;
    }

    /** The message goes to {@code deliveries} more, each of which either holds it or passes it over. */
    public void expectHolders(int deliveries) {
        expect(deliveries);
        HOLDERS.addAndGet(this, deliveries);
    }

    /** A session that was expected does not keep the message, or is not there any more. */
    public void passOver() {
        settle();
        forget();
    }

    /** A session of which the store knew that it held the message is not there any more. */
    public void forget() {
        if (release()) {
            store.removeMessage(id());
        }
    }

    /**
     * A session has no more to do with the message.
     *
     * @return whether it is to be removed from the store
     */
    boolean release() {
        return HOLDERS.decrementAndGet(this) == 0 && body == APART;
    }

    /** Whether the store has the message, or will have it, and no other session than the one that asks holds it. */
    boolean isStoredForOne() {
        return body != NOTHING && holders == 1;
    }

    /** Whether the body is removed from the store with the message's only place. */
    boolean isWithPlace() {
        return body == WITH_PLACE;
    }

    /** What is to be handed in with the next place of the message: {@code message} the first time, then nothing. */
    @Nullable
    Publish bodyOnce(Publish message) {
        // whoever is the only one to hold it hands it in, and there will be no other
        return BODY.compareAndSet(this, NOTHING, holders == 1 ? WITH_PLACE : APART) ? message : null;
    }

    /**
     * Has the message stored for those of {@code deliveries} whose sessions are kept, before it is delivered to any of them; it is
     * delivered to those in the order in which this is called. On the loop of the publisher.
     *
     * @param received what its publisher must not publish again, if that is to be stored with it
     */
    public void storeFirst(
            Publish message, List<Delivery[]> deliveries, @Nullable Session publisher, @Nullable Received received) {
        var taken = new ArrayList<Taken>(deliveries.size());
        var places = new ArrayList<StoredPlace>();
        var sessions = new ArrayList<Session>();
        for (var some : deliveries) {
            taken.add(new Taken(some, takePlaces(message, some, publisher, places, sessions)));
        }
        this.taken = taken;
        if (!places.isEmpty()) {
            expect(1);
            store.queue(this, message, places, received, new WhenStored(sessions));
        }
    }

    /** As the other, for one session that has taken {@code place}. On its loop. */
    void storeFirst(Publish message, StoredPlace place, Session session) {
        expect(1);
        store.queue(this, message, List.of(place), null, new WhenStored(List.of(session)));
    }

    private long[] takePlaces(
            Publish message,
            Delivery[] deliveries,
            @Nullable Session publisher,
            List<StoredPlace> places,
            List<Session> sessions) {
        var positions = new long[deliveries.length];
        for (int i = 0; i < deliveries.length; i++) {
            var delivery = deliveries[i].of(publisher);
            var place = delivery == null ? null : takePlace(message, delivery);
            positions[i] = place == null ? Session.NO_POSITION : place.position();
            if (delivery != null && place != null) {
                places.add(place);
                sessions.add(delivery.session());
            }
        }
        return positions;
    }

    private @Nullable StoredPlace takePlace(Publish message, Delivery delivery) {
        var qos = message.qos().atMost(delivery.qos());
        boolean retain = message.retain() && delivery.retainAsPublished();
        return qos == QoS.AT_MOST_ONCE ? null : delivery.session().takePlace(this, qos, retain, delivery);
    }

    /** Of the places that were taken for {@code deliveries}; null if none were. */
    long @Nullable [] positionsOf(Delivery[] deliveries) {
        if (taken != null) {
            for (var some : taken) {
                if (some.deliveries == deliveries) {
                    return some.positions;
                }
            }
        }
        return null;
    }

    /** Whether what {@link #storeFirst} is for has been handed in together with what its publisher must not publish again. */
    public boolean isStoredFirst() {
        return taken != null && body != NOTHING;
    }

    private final class WhenStored implements MessageStore.Listener {
        private final List<Session> sessions;

        WhenStored(List<Session> sessions) {
            this.sessions = sessions;
        }

        @Override
        public void onStored() {
            tellSessions();
            Deposit.this.onStored();
        }

        @Override
        public void onRefused(MessageStore.Refusal why) {
            Deposit.this.onRefused(why);
            tellSessions();
        }

        private void tellSessions() {
            isStored = true;
            for (var session : sessions) {
                session.home().post(session::onStored);
            }
        }
    }

    /** Whether the message, which had to be stored before it was sent, is. */
    boolean isStored() {
        return isFromStore || isStored;
    }
}
