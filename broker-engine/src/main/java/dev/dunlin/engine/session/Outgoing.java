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

    /** 0 until it is sent. */
    int packetId;

    /** Place in the order of sending again. */
    long sequence;

    Awaits awaits;

    Outgoing(Publish message, QoS qos, boolean retain, Delivery delivery) {
        this.message = message;
        this.qos = qos;
        this.retain = retain;
        this.subscriptionIds = delivery.subscriptionIds();
        this.shared = delivery.shared();
        this.awaits = qos == QoS.EXACTLY_ONCE ? Awaits.PUBREC : Awaits.PUBACK;
    }

    /** Whether the client has taken responsibility for it: only PUBREL and PUBCOMP are left. */
    boolean isReceived() {
        return awaits == Awaits.PUBCOMP;
    }
}
