package dev.dunlin.live;

import dev.dunlin.engine.port.TenantId;
import dev.dunlin.tenant.AccountId;
import dev.dunlin.tenant.Role;
import java.time.Instant;

/**
 * What a verified token grants.
 *
 * @param validUntil when the connection ends
 */
public record LiveGrant(TenantId tenant, AccountId account, Role role, Instant validUntil) {}
