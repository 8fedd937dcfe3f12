package dev.dunlin.live;

import java.time.Instant;

/**
 * A log-in to the broker for a page.
 *
 * @param userName slug, dot, tilde and a name: never that of a credential
 * @param connectBefore later it is refused; a connection that was admitted in time lives on for 15 minutes
 */
public record LiveToken(String userName, String password, Instant connectBefore) {
    /** Says nothing of the password. */
    @Override
    public String toString() {
        return "LiveToken[" + userName + "]";
    }
}
