package dev.dunlin.engine.packet;

import dev.dunlin.engine.topic.TopicName;

/**
 * The Will Message of a CONNECT packet (MQTT 5 §3.1.2.5).
 *
 * @param delaySeconds Will Delay Interval; 0 before MQTT 5
 * @param payload not to be changed
 */
public record Will(
        TopicName topic, byte[] payload, QoS qos, boolean retain, MessageProperties properties, long delaySeconds) {

    /** The message as it is published, {@code nowNanos} being the time of that. */
    public Publish toPublish(long nowNanos) {
        long expiresAt = properties.expirySeconds() == MessageProperties.NEVER
                ? Publish.NEVER
                : nowNanos + properties.expirySeconds() * 1_000_000_000L;
        return new Publish(topic, payload, qos, retain, false, 0, properties, expiresAt);
    }
}
