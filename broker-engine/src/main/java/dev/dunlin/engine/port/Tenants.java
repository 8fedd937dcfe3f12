package dev.dunlin.engine.port;

import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Who the tenants are: asked when what is stored of one is loaded, with or without a client of it. */
public interface Tenants {
    /** A tenant as it is now. Never changes. */
    interface Known {
        String slug();

        TenantLimits limits();

        /** Null if there is no such credential any more. */
        @Nullable
        Holder holder(CredentialId credential);
    }

    /** Whose sessions are stored. */
    record Holder(String name, Access access) {}

    /**
     * Called on any thread, an event loop among them, and returns at once.
     *
     * @return empty if there is no such tenant any more; fails if nobody can say
     */
    CompletionStage<Optional<Known>> find(TenantId tenant);
}
