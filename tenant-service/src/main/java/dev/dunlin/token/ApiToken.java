package dev.dunlin.token;

import dev.dunlin.engine.port.TenantId;
import dev.dunlin.tenant.Role;

/** Whom a token speaks for, and as what. */
public record ApiToken(TenantId tenant, String name, Role role) {}
