package dev.dunlin.engine.port;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a successful log-in grants.
 *
 * @param tenantSlug for people to read, in logs and incidents
 * @param credentialName unique in its tenant; also the value of {@code ${credential}}
 * @param access the permissions at the moment of the log-in
 * @param limits of the tenant
 * @param validUntil when the engine ends the connection by itself; absent if it may stay
 */
public record Admission(
        TenantId tenant,
        String tenantSlug,
        CredentialId credential,
        String credentialName,
        Access access,
        TenantLimits limits,
        @Nullable Instant validUntil) {}
