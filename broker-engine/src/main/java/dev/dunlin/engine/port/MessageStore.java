package dev.dunlin.engine.port;

import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Where the engine keeps what has to outlive a crash: sessions that outlive their connections, with subscriptions, queues and
 * packet identifiers, and retained messages (MQTT 5 §4.1). Whatever was told to be stored is found by the next
 * {@link #load}, on any node, whatever happened in between.
 *
 * <p>All methods may be called on an event loop and return at once. While the store is away, changes wait for it in their
 * order, and nobody is told that they are stored.
 */
public interface MessageStore {
    /** Told once what became of a change, on any thread; returns at once. */
    interface Listener {
        /** The change will survive a crash of this process, of the database and of the machine. */
        void onStored();

        /** The change was not made and will not be. */
        void onRefused(Refusal why);
    }

    enum Refusal {
        /** There is no room: the disk is full, or nearly so. */
        FULL,
        /** The store cannot take this change, whatever the time; the log says why. */
        FAULT
    }

    /** A number that no session and no message of any node and any time has, greater than those given out before here. */
    long newId();

    /**
     * Everything that is kept of one tenant, as it is after all changes handed in before. To be called again only after the
     * engine has let go of what it was given before.
     *
     * @return fails if the store is away, soon rather than late
     */
    CompletionStage<StoredTenant> load(TenantId tenant);

    /** The engine has let go of what it was given of a tenant, and of what it has handed in since: it loads it before it goes on. */
    void unloaded(TenantId tenant);

    /**
     * Takes note of a change. Those of one tenant are made in their order; several may be made together, all or none of them.
     *
     * @param listener null if nobody waits for it
     */
    void change(TenantId tenant, StoreChange change, @Nullable Listener listener);

    /**
     * Whether so many messages wait, of this tenant or of others, that more may soon be refused: who waits for one is not to hand
     * in another. Any thread; answers at once.
     */
    boolean isBehind(TenantId tenant);

    /**
     * Tenants that have something to do without any client: a Will that was due when a node was lost.
     *
     * @return fails if the store is away
     */
    CompletionStage<List<TenantId>> tenantsWithWills();
}
