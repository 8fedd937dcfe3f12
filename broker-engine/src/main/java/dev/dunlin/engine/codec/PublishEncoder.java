package dev.dunlin.engine.codec;

import dev.dunlin.engine.packet.MessageProperties;
import dev.dunlin.engine.packet.ProtocolVersion;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttProperties;
import org.jspecify.annotations.Nullable;

/**
 * Writes PUBLISH. A message is encoded once for each shape (version, QoS, flags, properties): subscribers that are alike and
 * follow each other get the same bytes, in which only the Packet Identifier is put in anew. A large payload is not copied
 * for each of them either, but goes out from one buffer that they share.
 *
 * <p>Not thread-safe: one for each event loop. Holds the last packet, of at most {@link #KEPT_BYTES} in the long run, and the
 * payload shared last until {@link #forgetPayload}.
 */
public final class PublishEncoder {
    /** A payload of this size and more is shared, not copied. */
    public static final int SHARED_PAYLOAD_BYTES = 8 * 1024;

    private static final int KEPT_BYTES = 64 * 1024;
    private static final int[] NO_IDS = new int[0];

    private byte[] bytes = new byte[1024];
    private int length;
    private int packetIdAt;

    // The shape of what stands in bytes
    private @Nullable Publish message;
    private boolean mqtt5;
    private QoS qos = QoS.AT_MOST_ONCE;
    private boolean dup;
    private boolean retain;
    private int topicAlias;
    private boolean withTopic;
    private int @Nullable [] subscriptionIds;
    private long expirySeconds;

    private @Nullable Publish payloadOf;
    private @Nullable ByteBuf payload;

    /**
     * Makes ready what {@link #writeTo} writes.
     *
     * @param topicAlias in MQTT 5; 0 for none
     * @param withTopic whether the Topic Name goes along; if not, its alias is known
     * @param subscriptionIds of the subscriptions that matched, in MQTT 5
     * @param expirySeconds what is left of the Message Expiry Interval, or {@link MessageProperties#NEVER}
     */
    public void encode(
            ProtocolVersion version,
            Publish message,
            QoS qos,
            boolean dup,
            boolean retain,
            int topicAlias,
            boolean withTopic,
            int @Nullable [] subscriptionIds,
            long expirySeconds) {
        boolean isSame = this.message == message
                && mqtt5 == version.isMqtt5()
                && this.qos == qos
                && this.dup == dup
                && this.retain == retain
                && this.topicAlias == topicAlias
                && this.withTopic == withTopic
                && this.subscriptionIds == subscriptionIds
                && this.expirySeconds == expirySeconds;
        if (isSame) {
            return;
        }
        this.message = message;
        mqtt5 = version.isMqtt5();
        this.qos = qos;
        this.dup = dup;
        this.retain = retain;
        this.topicAlias = topicAlias;
        this.withTopic = withTopic;
        this.subscriptionIds = subscriptionIds;
        this.expirySeconds = expirySeconds;
        encode(message);
    }

    private void encode(Publish message) {
        int properties = mqtt5 ? propertyBytes(message, topicAlias, subscriptionIds, expirySeconds) : 0;
        int remaining = remainingLength(message, qos, withTopic, mqtt5, properties);
        int copied = isPayloadShared(message) ? 0 : message.payload().length;
        makeRoom(1 + MqttEncoder.lengthBytes(remaining) + remaining - message.payload().length + copied);
        length = 0;
        put(MqttMessageType.PUBLISH.value() << 4 | qos.value() << 1 | (dup ? 8 : 0) | (retain ? 1 : 0));
        putVariableByteInteger(remaining);
        if (withTopic) {
            var topic = message.topic().utf8();
            putShort(topic.length);
            put(topic, topic.length);
        } else {
            putShort(0);
        }
        packetIdAt = length;
        if (qos != QoS.AT_MOST_ONCE) {
            length += 2;
        }
        if (mqtt5) {
            putVariableByteInteger(properties);
            putProperties(message);
        }
        put(message.payload(), copied);
    }

    private void putProperties(Publish message) {
        if (topicAlias > 0) {
            put(MqttProperties.TOPIC_ALIAS);
            putShort(topicAlias);
        }
        var forwarded = message.properties().forwarded();
        put(forwarded, forwarded.length);
        if (expirySeconds != MessageProperties.NEVER) {
            put(MqttProperties.PUBLICATION_EXPIRY_INTERVAL);
            putShort((int) (expirySeconds >>> 16));
            putShort((int) expirySeconds);
        }
        for (int id : subscriptionIds == null ? NO_IDS : subscriptionIds) {
            put(MqttProperties.SUBSCRIPTION_IDENTIFIER);
            putVariableByteInteger(id);
        }
    }

    private void makeRoom(int needed) {
        if (bytes.length < needed || bytes.length > KEPT_BYTES && needed <= KEPT_BYTES) {
            bytes = new byte[Math.max(needed, 1024)];
        }
    }

    private void put(int value) {
        bytes[length++] = (byte) value;
    }

    private void putShort(int value) {
        bytes[length++] = (byte) (value >>> 8);
        bytes[length++] = (byte) value;
    }

    private void put(byte[] source, int count) {
        System.arraycopy(source, 0, bytes, length, count);
        length += count;
    }

    private void putVariableByteInteger(int value) {
        int rest = value;
        while (rest >= 0x80) {
            put(rest & 0x7F | 0x80);
            rest >>>= 7;
        }
        put(rest);
    }

    /**
     * Writes what was encoded; borrows {@code out}. A payload that is shared is left out: it is for the caller to send
     * behind it.
     *
     * @param packetId 0 at QoS 0
     */
    public void writeTo(ByteBuf out, int packetId) {
        if (packetId != 0) {
            bytes[packetIdAt] = (byte) (packetId >>> 8);
            bytes[packetIdAt + 1] = (byte) packetId;
        }
        out.writeBytes(bytes, 0, length);
    }

    public static boolean isPayloadShared(Publish message) {
        return message.payload().length >= SHARED_PAYLOAD_BYTES;
    }

    /** Gives the payload of {@code message} in a buffer that all who ask one after the other share. */
    public ByteBuf sharedPayload(Publish message, ByteBufAllocator allocator) {
        var known = payload;
        if (known == null || payloadOf != message) {
            forgetPayload();
            known = allocator.directBuffer(message.payload().length).writeBytes(message.payload());
            payload = known;
            payloadOf = message;
        }
        return known.retainedDuplicate();
    }

    /** Lets go of the payload that was shared last: at the end of a turn. */
    public void forgetPayload() {
        var known = payload;
        if (known != null) {
            payload = null;
            payloadOf = null;
            known.release();
        }
    }

    /** The size of a whole PUBLISH packet with the Topic Name and no alias. */
    public static long packetBytes(
            ProtocolVersion version, Publish message, QoS qos, int @Nullable [] subscriptionIds, long expirySeconds) {
        boolean mqtt5 = version.isMqtt5();
        int properties = mqtt5 ? propertyBytes(message, 0, subscriptionIds, expirySeconds) : 0;
        int length = remainingLength(message, qos, true, mqtt5, properties);
        return 1L + MqttEncoder.lengthBytes(length) + length;
    }

    private static int remainingLength(Publish message, QoS qos, boolean withTopic, boolean mqtt5, int properties) {
        return 2
                + (withTopic ? message.topic().utf8().length : 0)
                + (qos == QoS.AT_MOST_ONCE ? 0 : 2)
                + (mqtt5 ? MqttEncoder.lengthBytes(properties) + properties : 0)
                + message.payload().length;
    }

    private static int propertyBytes(
            Publish message, int topicAlias, int @Nullable [] subscriptionIds, long expirySeconds) {
        int bytes = message.properties().forwarded().length + (topicAlias > 0 ? 3 : 0);
        if (expirySeconds != MessageProperties.NEVER) {
            bytes += 5;
        }
        for (int id : subscriptionIds == null ? NO_IDS : subscriptionIds) {
            bytes += 1 + MqttEncoder.lengthBytes(id);
        }
        return bytes;
    }
}
