package dev.dunlin.engine.port;

/**
 * What one tenant takes of the process's memory.
 *
 * @param slug the tenant's name for people
 * @param connections open now
 * @param bufferBytes of packets that have not come whole, and of those that networks have not taken; little ones are not counted
 * @param queuedBytes of messages that wait for clients or are on their way to them, a message once for each session
 * @param retainedBytes of retained messages
 */
public record TenantMemory(
        TenantId tenant, String slug, long connections, long bufferBytes, long queuedBytes, long retainedBytes) {
    /** What a connection takes that is idle, about, and its session. */
    public static final long CONNECTION_BYTES = 3_000;

    public long connectionBytes() {
        return connections * CONNECTION_BYTES;
    }

    /** All of it. */
    public long bytes() {
        return connectionBytes() + bufferBytes + queuedBytes + retainedBytes;
    }
}
