package dev.dunlin.engine.port;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A change of what {@link MessageStore} keeps of a tenant. Each may be made twice with the same result. */
public sealed interface StoreChange {
    /** A session began, or its client came, went or changed its expiry: replaces what was known of it but for what hangs on it. */
    record SessionPut(StoredSession session) implements StoreChange {}

    /** A session ended, with its subscriptions, its queue and its Packet Identifiers; bodies that others may queue are removed apart. */
    record SessionRemoved(long session) implements StoreChange {}

    /** A subscription, in place of the session's earlier one to the same filter. */
    record SubscriptionPut(long session, StoredSubscription subscription) implements StoreChange {}

    record SubscriptionRemoved(long session, String filter) implements StoreChange {}

    /**
     * Sessions queue a message.
     *
     * @param body absent if it was or will be handed in with another of its places
     * @param isForOne whether the body is here with the only place that it will ever have: it goes with that, and does not need
     *     to be removed apart
     * @param received absent unless the message came with QoS 2 to a session that is kept: stored together, or a message that
     *     is sent again would be queued twice
     */
    record Queued(
            @Nullable StoredMessage body,
            List<StoredPlace> places,
            boolean isForOne,
            @Nullable Received received) implements StoreChange {
        public Queued {
            places = List.copyOf(places);
            if (isForOne && (body == null || places.size() != 1)) {
                throw new IllegalArgumentException("not a message with one place");
            }
        }

        /** A message that several sessions may queue. */
        public Queued(@Nullable StoredMessage body, List<StoredPlace> places, @Nullable Received received) {
            this(body, places, false, received);
        }
    }

    /** The client has sent PUBREC for the QoS 2 message at this place: only PUBREL and PUBCOMP are left (MQTT 5 §4.3.3). */
    record PlaceReceived(long session, long position) implements StoreChange {}

    /**
     * Something is done with.
     *
     * @param session which has no more to do with the messages at {@code positions}
     * @param messages that no session queues any more; none of them needs to have been queued by {@code session}
     */
    record Removed(long session, long[] positions, long[] messages) implements StoreChange {
        private static final long[] NONE = {};

        public static Removed place(long session, long position) {
            return new Removed(session, new long[] {position}, NONE);
        }

        public static Removed message(long id) {
            return new Removed(0, NONE, new long[] {id});
        }
    }

    /** A QoS 2 message was released by its publisher with PUBREL. */
    record ReceivedRemoved(Received received) implements StoreChange {}

    /** The retained message of a topic has changed: what it is when this is written is what counts. */
    record RetainedChanged(RetainedTopic topic) implements StoreChange {}

    /** A topic of one tenant. */
    interface RetainedTopic {
        String name();

        /** What is retained now; null for nothing. Any thread. */
        @Nullable
        StoredRetained now();
    }

    /** The Packet Identifier of a QoS 2 message that {@code session} has published and not yet released. */
    record Received(long session, int packetId) {}
}
