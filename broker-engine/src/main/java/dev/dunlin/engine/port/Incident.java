package dev.dunlin.engine.port;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Something was refused or broken off. One value for every refusal there is; it feeds the tenant's Problems page and the
 * metrics, and says as much as is known.
 *
 * @param tenant absent if the client never named one that exists
 * @param credential the name, without the tenant
 * @param remoteAddress IP address, without port
 * @param topic the Topic Name or Topic Filter it was about
 * @param decidedBy the rule or the limit that decided, as people read it, e.g. {@code deny publish private/#}
 */
public record Incident(
        Instant at,
        Kind kind,
        Reason reason,
        @Nullable TenantId tenant,
        @Nullable String credential,
        @Nullable String clientId,
        @Nullable String remoteAddress,
        @Nullable String topic,
        @Nullable String decidedBy) {

    /** What the client was about to do. */
    public enum Kind {
        CONNECT,
        PUBLISH,
        SUBSCRIBE,
        /** Receive: a message did not reach a subscriber. */
        DELIVER,
        /** The connection itself. */
        CONNECTION
    }

    public enum Reason {
        WRONG_SECRET,
        UNKNOWN_CREDENTIAL,
        /** The client showed a certificate that is not registered for the credential, and gave no secret. */
        UNKNOWN_CERTIFICATE,
        CERTIFICATE_EXPIRED,
        CERTIFICATE_NOT_YET_VALID,
        /** Of an enhanced authentication: the data, or the method. */
        AUTHENTICATION_DATA_INVALID,
        AUTHENTICATION_METHOD_UNKNOWN,
        /** The secret was made before SCRAM could check it; a new one is needed. */
        SECRET_WITHOUT_SCRAM,
        CREDENTIAL_DISABLED,
        CREDENTIAL_EXPIRED,
        CREDENTIAL_DELETED,
        CREDENTIAL_ROTATED,
        CLIENT_ID_NOT_ALLOWED,
        CLIENT_ID_INVALID,
        CLIENT_ID_IN_USE_BY_OTHER_CREDENTIAL,
        TENANT_SUSPENDED,
        SERVER_UNAVAILABLE,
        SERVER_SHUTTING_DOWN,
        TOO_MANY_CONNECTIONS,
        TOO_MANY_SESSIONS,
        TOO_MANY_FAILED_LOGINS,
        /** A deny covers the topic. */
        DENIED_BY_RULE,
        /** No allow covers the topic. */
        NOT_ALLOWED_BY_ANY_RULE,
        QOS_NOT_ALLOWED,
        RETAIN_NOT_ALLOWED,
        TOPIC_INVALID,
        RESERVED_TOPIC,
        TOO_MANY_SUBSCRIPTIONS,
        SHARED_SUBSCRIPTION_NOT_SUPPORTED,
        PUBLISH_RATE,
        TOO_MANY_RETAINED,
        /** Of one session. */
        QUEUE_FULL,
        /** Of all sessions of the tenant together. */
        QUEUES_FULL,
        /** The process has no more memory for messages of this tenant. */
        MEMORY_FULL,
        /** There is no room in the store for what would have to be kept. */
        STORAGE_FULL,
        SLOW_CONSUMER,
        PACKET_TOO_LARGE,
        /** More properties or Topic Filters than one packet may have. */
        PACKET_TOO_COMPLEX,
        RECEIVE_MAXIMUM_EXCEEDED,
        MALFORMED_PACKET,
        PROTOCOL_ERROR,
        UNSUPPORTED_PROTOCOL_VERSION,
        KEEP_ALIVE_TIMEOUT,
        /** Another connection with the same client id took the session over. */
        TAKEN_OVER,
        /** Clients with one client id throw each other out in turn, and have to wait before they may. */
        CLIENT_ID_IN_DISPUTE,
        ADMISSION_EXPIRED,
        INTERNAL_ERROR
    }
}
