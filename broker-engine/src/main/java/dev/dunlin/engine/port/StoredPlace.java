package dev.dunlin.engine.port;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a message stands in the queue of a session, which is also what is in flight to its client.
 *
 * @param position grows in the order in which the messages are due; not every number is used, and none twice
 * @param qos with which it is delivered, 1 or 2
 * @param retain the RETAIN flag that it is delivered with
 * @param isReceived whether PUBREC has come: see {@link StoreChange.PlaceReceived}
 * @param shared the Shared Subscription that brought it, if one did
 */
public record StoredPlace(
        long session,
        long position,
        long message,
        int qos,
        boolean retain,
        boolean isReceived,
        List<Integer> subscriptionIds,
        @Nullable String shared) {
    public StoredPlace {
        subscriptionIds = List.copyOf(subscriptionIds);
    }

    /** The same once PUBREC has come. */
    public StoredPlace asReceived() {
        return new StoredPlace(session, position, message, qos, retain, true, subscriptionIds, shared);
    }
}
