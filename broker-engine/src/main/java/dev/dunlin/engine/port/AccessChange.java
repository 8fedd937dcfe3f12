package dev.dunlin.engine.port;

/** Something that happened to who may do what. The engine applies it to open connections. */
public sealed interface AccessChange {
    TenantId tenant();

    /** A credential has other permissions now. */
    record AccessReplaced(TenantId tenant, CredentialId credential, Access access) implements AccessChange {}

    /**
     * Whoever is connected with the credential is to be disconnected, and with {@code Why.DELETED} its sessions are
     * dropped.
     */
    record CredentialRevoked(TenantId tenant, CredentialId credential, Why why) implements AccessChange {
        public enum Why {
            DELETED,
            DISABLED,
            EXPIRED,
            /** Secrets or certificates ended; whoever has another of the credential's may come again. */
            ROTATED
        }
    }

    /** A tenant has another plan, or its plan other limits. */
    record LimitsReplaced(TenantId tenant, TenantLimits limits) implements AccessChange {}

    /** All clients of the tenant are to be disconnected; its sessions stay. */
    record TenantSuspended(TenantId tenant) implements AccessChange {}

    /** The tenant is gone, with everything that the engine holds for it. */
    record TenantDeleted(TenantId tenant) implements AccessChange {}
}
