package dev.dunlin.engine.port;

/**
 * What may wait for the clients of one tenant, in memory and in the store: messages of QoS 1 and 2. Bytes are those of topics,
 * properties and payloads, and of the objects around them; a message counts for each session that it waits for.
 *
 * @param messagesPerSession that wait for one session
 * @param bytesPerSession of those messages
 * @param bytes of the messages that wait for all sessions of the tenant together, or are on their way to a client
 * @param whenFull what is dropped once one of these limits, or the process's own, is reached
 */
public record QueueLimits(long messagesPerSession, long bytesPerSession, long bytes, WhenFull whenFull) {
    /** Which message makes room. What is dropped is counted and reported. */
    public enum WhenFull {
        /** The one that comes: a session has all from the first on, up to some moment. */
        DROP_NEWEST,
        /** Those that the same session has had for longest and has not sent: it has the latest. */
        DROP_OLDEST
    }

    /** No limit but the process's own. */
    public static final QueueLimits NONE = new QueueLimits(
            TenantLimits.UNLIMITED, TenantLimits.UNLIMITED, TenantLimits.UNLIMITED, WhenFull.DROP_NEWEST);

    public QueueLimits {
        if (messagesPerSession < 1 || bytesPerSession < 1 || bytes < 1) {
            throw new IllegalArgumentException("A limit is too small to work with: " + messagesPerSession
                    + " messages that wait for a session, of " + bytesPerSession + " bytes, and " + bytes
                    + " bytes for all");
        }
    }
}
