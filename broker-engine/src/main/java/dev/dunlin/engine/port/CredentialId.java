package dev.dunlin.engine.port;

import java.util.UUID;

/** What a device logs in with. The identity outlives renaming and rotation of the secret. */
public record CredentialId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
