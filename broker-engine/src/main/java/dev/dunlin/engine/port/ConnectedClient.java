package dev.dunlin.engine.port;

import java.time.Instant;

/**
 * An open connection that has been accepted.
 *
 * @param connectionId unique in this process
 * @param protocol as people write it: {@code MQTT 3.1}, {@code MQTT 3.1.1} or {@code MQTT 5}
 * @param remoteAddress IP address, without port
 */
public record ConnectedClient(
        long connectionId,
        TenantId tenant,
        CredentialId credential,
        String credentialName,
        String clientId,
        String remoteAddress,
        Transport transport,
        String protocol,
        Instant connectedAt) {}
