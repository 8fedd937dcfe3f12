package dev.dunlin.engine.port;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A session that outlives its connection, as it is kept.
 *
 * @param id of {@link MessageStore#newId}; a new session of the same client has another
 * @param clientId unique in its tenant
 * @param expirySeconds 1 to 0xFFFF_FFFF, which never ends (MQTT 5 §3.1.2.11.2); 0 for one that ends with the present connection
 * @param connected whether its client was connected when this was written: then a node that reads it has lost the connection
 * @param since when the client came or went
 * @param will what is due when the client is lost, or after its delay since it was
 */
public record StoredSession(
        long id,
        String clientId,
        CredentialId credential,
        long expirySeconds,
        boolean connected,
        Instant since,
        @Nullable StoredWill will) {
    public static final long NEVER_EXPIRES = 0xFFFF_FFFFL;

    /** @param delaySeconds Will Delay Interval */
    public record StoredWill(StoredMessage message, long delaySeconds) {}
}
