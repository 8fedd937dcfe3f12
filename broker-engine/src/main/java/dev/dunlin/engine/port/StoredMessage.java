package dev.dunlin.engine.port;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * An Application Message as it was published, stored once however many sessions queue it.
 *
 * @param id of {@link MessageStore#newId}; 0 for a Will and a retained message, which are no session's
 * @param payload not to be changed
 * @param properties those that are forwarded, encoded as MQTT 5 §3.3.2.3 has them; not to be changed
 * @param qos 0 to 2
 * @param retain the RETAIN flag as it came
 * @param expirySeconds Message Expiry Interval as it came, -1 if there was none; of a Will it begins when that is published
 * @param expiresAt null if it does not expire, and for a Will
 */
public record StoredMessage(
        long id,
        String topic,
        byte[] payload,
        byte[] properties,
        int qos,
        boolean retain,
        long expirySeconds,
        @Nullable Instant expiresAt) {}
