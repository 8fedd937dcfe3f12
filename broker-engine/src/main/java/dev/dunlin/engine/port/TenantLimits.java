package dev.dunlin.engine.port;

/**
 * What one tenant may use. Every value is a ceiling, {@link #UNLIMITED} meaning no limit but the process's own.
 *
 * @param connections open at the same time
 * @param sessions kept, connected or not
 * @param publishPerSecond PUBLISH packets from all clients together; above it their sockets are read more slowly
 * @param packetBytes the whole of one MQTT packet; told to MQTT 5 clients as Maximum Packet Size
 * @param subscriptionsPerSession Topic Filters of one session
 * @param queues what waits for clients
 * @param retainedMessages of the tenant
 * @param retainedBytes bytes of topics, properties and payloads of those messages
 */
public record TenantLimits(
        long connections,
        long sessions,
        long publishPerSecond,
        long packetBytes,
        long subscriptionsPerSession,
        QueueLimits queues,
        long retainedMessages,
        long retainedBytes) {

    public static final long UNLIMITED = Long.MAX_VALUE;

    /** No limit but the process's own. */
    public static final TenantLimits NONE = new TenantLimits(
            UNLIMITED, UNLIMITED, UNLIMITED, UNLIMITED, UNLIMITED, QueueLimits.NONE, UNLIMITED, UNLIMITED);

    public TenantLimits {
        if (connections < 0
                || sessions < 0
                || publishPerSecond < 1
                || packetBytes < 64
                || subscriptionsPerSession < 0
                || retainedMessages < 0
                || retainedBytes < 0) {
            throw new IllegalArgumentException(
                    "A limit is too small to work with: " + connections + " connections, " + sessions + " sessions, "
                            + publishPerSecond + " publishes a second, " + packetBytes + " bytes a packet");
        }
    }
}
