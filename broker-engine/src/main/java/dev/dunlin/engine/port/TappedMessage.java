package dev.dunlin.engine.port;

import java.time.Instant;

/**
 * A message that was published and accepted, as a tap sees it.
 *
 * @param payload at most the first {@link MessageTap#MAX_PAYLOAD_BYTES}; the receiver may keep it
 * @param payloadBytes how long the whole payload is
 * @param qos of the publisher, 0 to 2
 */
public record TappedMessage(
        Instant at,
        TenantId tenant,
        CredentialId credential,
        String credentialName,
        String clientId,
        String topic,
        byte[] payload,
        int payloadBytes,
        int qos,
        boolean retain) {}
