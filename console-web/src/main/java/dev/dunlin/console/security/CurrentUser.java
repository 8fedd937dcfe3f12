package dev.dunlin.console.security;

import java.util.Optional;

/** Who is logged in where a controller's parameter is not at hand. */
public final class CurrentUser {
    private CurrentUser() {}

    public static Optional<TenantUser> get() {
        return Optional.ofNullable(SecuritySettings.current());
    }
}
