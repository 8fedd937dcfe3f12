package dev.dunlin.tenant;

import dev.dunlin.engine.port.TenantId;

/**
 * A workspace.
 *
 * @param slug {@code [a-z0-9-]{3,32}}, the first part of the MQTT user names of its credentials
 * @param name for people
 * @param suspended by the operator: nothing of it may connect
 */
public record Tenant(TenantId id, String slug, String name, String planName, boolean suspended) {}
