package dev.dunlin.engine.port;

import java.util.UUID;

/** A tenant: the owner of a topic namespace, of sessions and of limits. */
public record TenantId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
