package dev.dunlin.engine.packet;

import dev.dunlin.engine.topic.TopicName;

/**
 * PUBLISH: an Application Message as its publisher sent it (MQTT 5 §3.3). The payload is a copy on the heap: it may outlive
 * the connection in any queue, and nobody has to release it.
 *
 * @param payload not to be changed
 * @param packetId 0 at QoS 0
 * @param expiresAtNanos on the engine's clock; {@link Long#MAX_VALUE} if the message does not expire
 */
public record Publish(
        TopicName topic,
        byte[] payload,
        QoS qos,
        boolean retain,
        boolean dup,
        int packetId,
        MessageProperties properties,
        long expiresAtNanos)
        implements Packet {

    public static final long NEVER = Long.MAX_VALUE;

    /** What a queue accounts for it: topic, properties, payload and the objects that hold them. */
    public int queuedBytes() {
        return topic.utf8().length + payload.length + properties.forwarded().length + 112;
    }

    /** Whole seconds until it expires, or {@link MessageProperties#NEVER}. */
    public long remainingSeconds(long nowNanos) {
        return expiresAtNanos == NEVER
                ? MessageProperties.NEVER
                : Math.max(0, (expiresAtNanos - nowNanos + 999_999_999) / 1_000_000_000);
    }

    public boolean isExpired(long nowNanos) {
        return expiresAtNanos != NEVER && expiresAtNanos - nowNanos <= 0;
    }
}
