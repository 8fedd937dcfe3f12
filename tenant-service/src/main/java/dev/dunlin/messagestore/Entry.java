package dev.dunlin.messagestore;

import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.StoreChange;
import dev.dunlin.engine.port.StoreChange.Queued;
import dev.dunlin.engine.port.StoreChange.Removed;
import dev.dunlin.engine.port.StoreChange.RetainedChanged;
import dev.dunlin.engine.port.StoreChange.SessionPut;
import dev.dunlin.engine.port.StoreChange.SubscriptionPut;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.TenantId;
import org.jspecify.annotations.Nullable;

/**
 * A change on its way to the database.
 *
 * @param change null for a mark, which changes nothing: its listener is told when all before it is done
 * @param rows about how many entries it makes or removes
 * @param bytes about what it holds in memory
 */
record Entry(
        TenantId tenant, @Nullable StoreChange change, MessageStore.@Nullable Listener listener, int rows, long bytes) {
    private static final int OVERHEAD_BYTES = 200;
    private static final int PLACE_BYTES = 100;

    static Entry of(TenantId tenant, StoreChange change, MessageStore.@Nullable Listener listener) {
        return new Entry(tenant, change, listener, rows(change), OVERHEAD_BYTES + bytes(change));
    }

    static Entry mark(TenantId tenant, MessageStore.Listener listener) {
        return new Entry(tenant, null, listener, 0, OVERHEAD_BYTES);
    }

    /** Whether it would take room that is short: everything else makes room or is little. */
    boolean takesRoom() {
        return change instanceof Queued
                || change instanceof SubscriptionPut
                || change instanceof RetainedChanged retained
                        && retained.topic().now() != null;
    }

    private static int rows(StoreChange change) {
        if (change instanceof Queued queued) {
            return 1 + queued.places().size();
        }
        return change instanceof Removed removed ? removed.positions().length + removed.messages().length : 1;
    }

    private static long bytes(StoreChange change) {
        if (change instanceof Queued queued) {
            return bytes(queued.body()) + (long) PLACE_BYTES * queued.places().size();
        }
        if (change instanceof Removed removed) {
            return (long) Long.BYTES * (removed.positions().length + removed.messages().length);
        }
        if (change instanceof SessionPut put && put.session().will() != null) {
            return bytes(put.session().will().message());
        }
        if (change instanceof SubscriptionPut put) {
            return 2L * put.subscription().filter().length();
        }
        return 0;
    }

    private static long bytes(@Nullable StoredMessage message) {
        return message == null
                ? 0
                : message.payload().length
                        + message.properties().length
                        + 2L * message.topic().length();
    }
}
