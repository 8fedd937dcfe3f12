package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.topic.TopicFilter;
import org.jspecify.annotations.Nullable;

/** A message on its way to one client: first in the queue, then in the in-flight window. */
final class Outgoing {
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

    /** How it is kept safe; null in a session that ends with its connection, and once the client has the message. */
    @Nullable
    Kept kept;

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

    void keep(Kept kept) {
        this.kept = kept;
        this.packetId = Durability.packetIdOf(kept.position);
    }

    /** Whether it must not be sent yet: a QoS 2 message whose sending a crash would forget would be sent twice. */
    boolean isHeldBack() {
        return qos == QoS.EXACTLY_ONCE && kept != null && !kept.deposit.isStored();
    }

    /** Whether the store did not take it, of which its publisher is told: then a client that has not got it gets it no more. */
    boolean isRefused() {
        return kept != null && (kept.isRefused() || qos == QoS.EXACTLY_ONCE && kept.deposit.refusal() != null);
    }

    /** Whether PUBREL has to wait until the store knows of PUBREC. */
    boolean isPubrelHeldBack() {
        return kept != null && kept.isPubrelHeldBack;
    }

    /** Whether the client has taken responsibility for it: only PUBREL and PUBCOMP are left. */
    boolean isReceived() {
        return awaits == Awaits.PUBCOMP;
    }
}
