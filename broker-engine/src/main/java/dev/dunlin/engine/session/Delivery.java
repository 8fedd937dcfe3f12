package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.QoS;
import org.jspecify.annotations.Nullable;

/**
 * How a message goes to one session: what its matching subscriptions ask for, taken together.
 *
 * @param qos the highest that any of them was granted
 * @param noLocal whether any of them keeps the session's own messages away (MQTT 5 §3.8.3.1)
 * @param retainAsPublished whether the RETAIN flag is passed on as it came
 * @param subscriptionIds of those that have one; null if none has
 * @param own with {@code noLocal}: how the session's own messages go to it, by the others; null if there are none
 */
public record Delivery(
        Session session,
        QoS qos,
        boolean noLocal,
        boolean retainAsPublished,
        int @Nullable [] subscriptionIds,
        @Nullable Delivery own) {

    /** What one subscription asks for. */
    public Delivery(
            Session session, QoS qos, boolean noLocal, boolean retainAsPublished, int @Nullable [] subscriptionIds) {
        this(session, qos, noLocal, retainAsPublished, subscriptionIds, null);
    }

    /** How a message of {@code publisher} goes to the session; null if it does not. */
    public @Nullable Delivery of(@Nullable Session publisher) {
        return noLocal && session == publisher ? own : this;
    }
}
