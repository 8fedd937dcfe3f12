package dev.dunlin.engine.port;

import java.util.List;

/**
 * All that is kept of one tenant.
 *
 * @param sessions in no order
 * @param messages each once, those that some place names
 * @param retained at most one a topic; expired ones may be among them
 */
public record StoredTenant(List<Kept> sessions, List<StoredMessage> messages, List<StoredRetained> retained) {
    public static final StoredTenant NOTHING = new StoredTenant(List.of(), List.of(), List.of());

    public StoredTenant {
        sessions = List.copyOf(sessions);
        messages = List.copyOf(messages);
        retained = List.copyOf(retained);
    }

    /**
     * A session with what hangs on it.
     *
     * @param queue in the order of positions; places whose message is missing are not among them
     * @param nextPosition from which on no position of the queue was ever used
     * @param received Packet Identifiers of QoS 2 messages that its client has not released
     */
    public record Kept(
            StoredSession session,
            List<StoredSubscription> subscriptions,
            List<StoredPlace> queue,
            long nextPosition,
            List<Integer> received) {
        public Kept {
            subscriptions = List.copyOf(subscriptions);
            queue = List.copyOf(queue);
            received = List.copyOf(received);
        }
    }
}
