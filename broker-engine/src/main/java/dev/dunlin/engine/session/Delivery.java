package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.QoS;
import org.jspecify.annotations.Nullable;

/**
 * How a message goes to one session: what its matching subscriptions ask for, taken together.
 *
 * @param qos the highest that any of them was granted
 * @param noLocal whether the session's own messages stay away (MQTT 5 §3.8.3.1)
 * @param retainAsPublished whether the RETAIN flag is passed on as it came
 * @param subscriptionIds of those that have one; null if none has
 */
public record Delivery(
        Session session, QoS qos, boolean noLocal, boolean retainAsPublished, int @Nullable [] subscriptionIds) {}
