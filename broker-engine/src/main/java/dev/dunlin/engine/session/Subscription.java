package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.topic.TopicFilter;
import dev.dunlin.engine.topic.TopicName;
import java.util.List;

/**
 * One Topic Filter that a session has subscribed to.
 *
 * @param requestedQos what the client asked for, which a later change of its permissions may grant after all
 * @param hidden filters whose messages a permission takes out of this one
 * @param delivery what is delivered for this subscription alone
 */
public record Subscription(
        TopicFilter filter, QoS requestedQos, int subscriptionId, List<TopicFilter> hidden, Delivery delivery) {

    public Session session() {
        return delivery.session();
    }

    /** Whether its client has asked for it in the same way. */
    boolean asksForTheSameAs(Subscription other) {
        return requestedQos == other.requestedQos
                && subscriptionId == other.subscriptionId
                && delivery.noLocal() == other.delivery.noLocal()
                && delivery.retainAsPublished() == other.delivery.retainAsPublished();
    }

    /** Whether a message on {@code topic}, which the filter matches, may be delivered for it. */
    public boolean shows(TopicName topic) {
        for (var filter : hidden) {
            if (filter.matches(topic)) {
                return false;
            }
        }
        return true;
    }
}
