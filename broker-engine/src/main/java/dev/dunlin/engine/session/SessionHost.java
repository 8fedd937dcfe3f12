package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.TenantLimits;

/** What a session needs of the tenant it belongs to. */
public interface SessionHost {
    /** The limits now. */
    TenantLimits limits();

    /** The engine's clock. */
    long nanoTime();

    /** What the tenant's messages take. */
    MessageMemory memory();

    /** The tenant's part of the store. */
    TenantStore store();

    /** One more session is kept in the store, or with -1 one less. Any thread. */
    void countDurable(int change);

    /** A message for {@code session} was dropped; called on its event loop. */
    void onDropped(Session session, Publish message, Incident.Reason reason);
}
