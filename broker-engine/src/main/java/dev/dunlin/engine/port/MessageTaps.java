package dev.dunlin.engine.port;

import org.jspecify.annotations.Nullable;

/** Which tenants are listened to. */
public interface MessageTaps {
    /** Told when the tap of a tenant comes or goes, on any thread; returns at once. */
    interface Listener {
        void tapChanged(TenantId tenant, @Nullable MessageTap tap);
    }

    /** The tap of a tenant, or null: a look-up in memory, asked when the engine loads the tenant. */
    @Nullable
    MessageTap tapOf(TenantId tenant);

    /** Gives every later change to {@code listener}. Called once, when the engine starts. */
    void listen(Listener listener);
}
