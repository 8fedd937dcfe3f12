package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.topic.TopicFilter;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.jspecify.annotations.Nullable;

/** A message on its way to one client: first in the queue, then in the in-flight window. */
final class Outgoing implements MessageStore.Listener {
    private static final AtomicIntegerFieldUpdater<Outgoing> SETTLED =
            AtomicIntegerFieldUpdater.newUpdater(Outgoing.class, "settled");

    /** What the client has to answer next. */
    enum Awaits {
        PUBACK,
        PUBREC,
        PUBCOMP
    }

    final Publish message;
    final QoS qos;
    final boolean retain;
    final int @Nullable [] subscriptionIds;

    /** The Shared Subscription that brought it, if one did. */
    final @Nullable TopicFilter shared;

    /** 0 until it is sent, or kept. */
    int packetId;

    /** Place in the order of sending again. */
    long sequence;

    Awaits awaits;

    /** What keeps it safe until the client has it; null in a session that ends with its connection. */
    @Nullable
    Deposit deposit;

    /** Its place in the store, if it has a deposit. */
    long position;

    /** Whether the store has its place, or will have it. */
    boolean isHandedIn;

    /** The same deposit, for the store, which tells of it when the client may have it already. */
    private volatile @Nullable Deposit stored;

    /** 1 once its part of the deposit is settled: the client has it, or the store, whoever is first. */
    private volatile int settled;

    /** Whether PUBREL has to wait until the store knows of PUBREC. */
    boolean isPubrelHeldBack;

    Outgoing(Publish message, QoS qos, boolean retain, Delivery delivery) {
        this(message, qos, retain, delivery.subscriptionIds(), delivery.shared(), false);
    }

    /** As it was when an earlier process had it. */
    Outgoing(
            Publish message,
            QoS qos,
            boolean retain,
            int @Nullable [] subscriptionIds,
            @Nullable TopicFilter shared,
            boolean isReceived) {
        this.message = message;
        this.qos = qos;
        this.retain = retain;
        this.subscriptionIds = subscriptionIds;
        this.shared = shared;
        this.awaits = isReceived ? Awaits.PUBCOMP : qos == QoS.EXACTLY_ONCE ? Awaits.PUBREC : Awaits.PUBACK;
    }

    void keep(Deposit deposit, long position, boolean isHandedIn) {
        this.deposit = deposit;
        this.stored = deposit;
        this.position = position;
        this.isHandedIn = isHandedIn;
        this.packetId = Durability.packetIdOf(position);
    }

    /** Whether it must not be sent yet: a QoS 2 message whose sending a crash would forget would be sent twice. */
    boolean isHeldBack() {
        return qos == QoS.EXACTLY_ONCE && deposit != null && !deposit.isStored();
    }

    /** Whether the store did not take it, of which its publisher is told: then nobody else gets it. */
    boolean isRefused() {
        return qos == QoS.EXACTLY_ONCE && deposit != null && deposit.refusal() != null;
    }

    /** It is safe. Any thread. */
    void settle(Deposit its) {
        if (SETTLED.compareAndSet(this, 0, 1)) {
            its.settle();
        }
    }

    @Override
    public void onStored() {
        var its = stored;
        if (its != null) {
            settle(its);
        }
    }

    @Override
    public void onRefused(MessageStore.Refusal why) {
        var its = stored;
        if (its != null && SETTLED.compareAndSet(this, 0, 1)) {
            its.onRefused(why);
        }
    }

    /** Whether it is safe with the client alone so far, and not there yet. */
    boolean isUnsafe() {
        return deposit != null && !isHandedIn;
    }

    /** Whether the client has taken responsibility for it: only PUBREL and PUBCOMP are left. */
    boolean isReceived() {
        return awaits == Awaits.PUBCOMP;
    }
}
