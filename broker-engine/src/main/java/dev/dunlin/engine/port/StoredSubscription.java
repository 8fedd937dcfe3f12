package dev.dunlin.engine.port;

/**
 * A subscription of a session, as its client has asked for it; what its permissions make of it is decided anew when it is read.
 *
 * @param filter with {@code $share/…} where it is shared
 * @param qos Maximum QoS asked for, 0 to 2
 * @param subscriptionId 0 if there is none
 */
public record StoredSubscription(
        String filter, int qos, boolean noLocal, boolean retainAsPublished, int subscriptionId) {}
