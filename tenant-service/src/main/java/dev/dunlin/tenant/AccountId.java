package dev.dunlin.tenant;

import java.util.UUID;

/** A person. It stands here, below accounts, since a tenant knows its members by it. */
public record AccountId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
