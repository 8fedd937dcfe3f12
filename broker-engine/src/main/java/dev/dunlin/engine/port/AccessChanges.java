package dev.dunlin.engine.port;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The stream of changes to credentials, permissions, plans and tenants. */
public interface AccessChanges {
    /**
     * Gives every later change to {@code listener}, on any thread, changes of one tenant in their order. Called once, when
     * the engine starts; the listener returns at once.
     */
    void listen(Consumer<AccessChange> listener);

    /**
     * What has happened to the credential since {@code admission} was read, if anything: asked when a connection that was
     * admitted a moment ago is ready to be told of changes, so that none falls in between. A look-up in memory, called on
     * an event loop.
     */
    @Nullable
    AccessChange missedSince(Admission admission);
}
