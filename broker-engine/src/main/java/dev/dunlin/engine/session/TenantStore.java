package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.MessageProperties;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.packet.Will;
import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.MessageStore.Listener;
import dev.dunlin.engine.port.StoreChange;
import dev.dunlin.engine.port.StoreChange.Received;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.port.StoredRetained;
import dev.dunlin.engine.port.StoredSession;
import dev.dunlin.engine.port.StoredSession.StoredWill;
import dev.dunlin.engine.port.StoredSubscription;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.topic.TopicFilter;
import dev.dunlin.engine.topic.TopicName;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One tenant's part of the {@link MessageStore}, in the engine's own terms. Any thread; all methods return at once. */
public final class TenantStore {
    private final MessageStore store;
    private final TenantId tenant;
    private final LongSupplier nanoClock;

    public TenantStore(MessageStore store, TenantId tenant, LongSupplier nanoClock) {
        this.store = store;
        this.tenant = tenant;
        this.nanoClock = nanoClock;
    }

    long newId() {
        return store.newId();
    }

    /** Of a message that goes to {@code deliveries}, each of which either holds it or passes it over, and perhaps to others. */
    public Deposit newDeposit(int deliveries) {
        return new Deposit(this, deliveries);
    }

    /**
     * The deposit of a message that the store has, and {@code sessions} sessions hold.
     *
     * @param isWithPlace see {@link Deposit#isWithPlace}
     */
    public Deposit storedDeposit(long message, int sessions, boolean isWithPlace) {
        return Deposit.stored(this, message, sessions, isWithPlace);
    }

    /** @param will what is due when the client is lost, or since it was */
    void putSession(long id, Session session, boolean connected, @Nullable Will will) {
        change(
                new StoreChange.SessionPut(new StoredSession(
                        id,
                        session.clientId(),
                        session.credential(),
                        session.expirySeconds(),
                        connected,
                        Instant.now(),
                        will == null ? null : stored(will))),
                null);
    }

    /** Whether the store has more to do than is good: see {@link MessageStore#isBehind}. */
    public boolean isBehind() {
        return store.isBehind(tenant);
    }

    public void removeSession(long id) {
        change(new StoreChange.SessionRemoved(id), null);
    }

    void putSubscription(long session, Subscription subscription, Listener listener) {
        var delivery = subscription.delivery();
        change(
                new StoreChange.SubscriptionPut(
                        session,
                        new StoredSubscription(
                                subscription.filter().toString(),
                                subscription.requestedQos().value(),
                                delivery.noLocal(),
                                delivery.retainAsPublished(),
                                subscription.subscriptionId())),
                listener);
    }

    public void removeSubscription(long session, TopicFilter filter, @Nullable Listener listener) {
        change(new StoreChange.SubscriptionRemoved(session, filter.toString()), listener);
    }

    /** Queues a message for one session, and tells {@code kept} when that is safe. */
    void queue(Kept kept, Publish message, StoredPlace place) {
        queue(kept.deposit, message, List.of(place), null, kept);
    }

    /** Queues a message for some that will hold it, together with what its publisher must not publish again. */
    void queue(
            Deposit deposit,
            Publish message,
            List<StoredPlace> places,
            @Nullable Received received,
            Listener listener) {
        var body = deposit.bodyOnce(message);
        change(
                new StoreChange.Queued(
                        body == null ? null : stored(body, deposit.id()),
                        places,
                        body != null && deposit.isWithPlace(),
                        received),
                listener);
    }

    static StoredPlace place(long session, long position, Deposit deposit, QoS qos, boolean retain, Delivery delivery) {
        return place(session, position, deposit, qos, retain, delivery.subscriptionIds(), delivery.shared());
    }

    static StoredPlace place(
            long session,
            long position,
            Deposit deposit,
            QoS qos,
            boolean retain,
            int @Nullable [] subscriptionIds,
            @Nullable TopicFilter shared) {
        return new StoredPlace(
                session,
                position,
                deposit.id(),
                qos.value(),
                retain,
                false,
                subscriptionIds == null
                        ? List.of()
                        : IntStream.of(subscriptionIds).boxed().toList(),
                shared == null ? null : shared.toString());
    }

    void placeReceived(long session, long position, Listener listener) {
        change(new StoreChange.PlaceReceived(session, position), listener);
    }

    /** @param messages that no session queues any more */
    void remove(long session, long[] positions, long[] messages) {
        change(new StoreChange.Removed(session, positions, messages), null);
    }

    void removeMessage(long message) {
        change(StoreChange.Removed.message(message), null);
    }

    void removeReceived(Received received, Listener listener) {
        change(new StoreChange.ReceivedRemoved(received), listener);
    }

    /** The retained message of a topic has changed. */
    public void retainedChanged(StoreChange.RetainedTopic topic, @Nullable Listener listener) {
        change(new StoreChange.RetainedChanged(topic), listener);
    }

    private void change(StoreChange change, @Nullable Listener listener) {
        store.change(tenant, change, listener);
    }

    // Between the engine's clock, which begins anew with each process, and the calendar

    public StoredRetained storedRetained(Publish message, String clientId) {
        return new StoredRetained(stored(message, 0), clientId);
    }

    private StoredMessage stored(Publish message, long id) {
        var expiresAt = message.expiresAtNanos() == Publish.NEVER
                ? null
                : Instant.now().plusNanos(message.expiresAtNanos() - nanoClock.getAsLong());
        return new StoredMessage(
                id,
                message.topic().toString(),
                message.payload(),
                message.properties().forwarded(),
                message.qos().value(),
                message.retain(),
                message.properties().expirySeconds(),
                expiresAt);
    }

    private static StoredWill stored(Will will) {
        return new StoredWill(
                new StoredMessage(
                        0,
                        will.topic().toString(),
                        will.payload(),
                        will.properties().forwarded(),
                        will.qos().value(),
                        will.retain(),
                        will.properties().expirySeconds(),
                        null),
                will.delaySeconds());
    }

    /** The message as it was published, its expiry on the engine's clock. */
    public Publish publish(StoredMessage stored) {
        var expiresAt = stored.expiresAt();
        return new Publish(
                TopicName.of(stored.topic()),
                stored.payload(),
                QoS.values()[stored.qos()],
                stored.retain(),
                false,
                0,
                new MessageProperties(stored.properties(), stored.expirySeconds()),
                expiresAt == null ? Publish.NEVER : nanoClock.getAsLong() + nanosUntil(expiresAt));
    }

    private static long nanosUntil(Instant time) {
        var left = Duration.between(Instant.now(), time);
        return left.compareTo(Duration.ofDays(36_500)) < 0 ? left.toNanos() : Long.MAX_VALUE / 4;
    }

    public static Will will(StoredWill stored) {
        var message = stored.message();
        return new Will(
                TopicName.of(message.topic()),
                message.payload(),
                QoS.values()[message.qos()],
                message.retain(),
                new MessageProperties(message.properties(), message.expirySeconds()),
                stored.delaySeconds());
    }

    static int @Nullable [] subscriptionIds(StoredPlace place) {
        return place.subscriptionIds().isEmpty()
                ? null
                : place.subscriptionIds().stream().mapToInt(Integer::intValue).toArray();
    }
}
