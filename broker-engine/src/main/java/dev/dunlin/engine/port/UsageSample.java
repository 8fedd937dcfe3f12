package dev.dunlin.engine.port;

/**
 * What one credential has used since the sample before.
 *
 * @param messagesIn PUBLISH packets accepted from its clients
 * @param bytesIn payload bytes of those
 * @param messagesOut PUBLISH packets sent to its clients
 * @param bytesOut payload bytes of those
 * @param refused packets of its clients that were refused
 */
public record UsageSample(
        TenantId tenant,
        CredentialId credential,
        long messagesIn,
        long bytesIn,
        long messagesOut,
        long bytesOut,
        long refused) {}
