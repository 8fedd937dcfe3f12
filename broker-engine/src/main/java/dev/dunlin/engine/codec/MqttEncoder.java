package dev.dunlin.engine.codec;

import dev.dunlin.engine.packet.MessageProperties;
import dev.dunlin.engine.packet.ProtocolVersion;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.packet.ReasonCode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.mqtt.MqttMessageType;
import io.netty.handler.codec.mqtt.MqttProperties;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the packets that a server sends, each behind the last in one buffer, so that a connection hands all the packets of
 * an event loop turn to the network at once. Borrows every buffer it is given. What differs between the versions of MQTT
 * on the way out stands here.
 */
public final class MqttEncoder {
    private static final int[] NO_IDS = new int[0];
    private static final byte[] NO_BYTES = new byte[0];

    private MqttEncoder() {}

    /**
     * How a PUBLISH goes to one subscriber.
     *
     * @param packetId 0 at QoS 0
     * @param topicAlias in MQTT 5; 0 for none
     * @param withTopic whether the Topic Name goes along; if not, its alias is known
     * @param subscriptionIds of the subscriptions that matched, in MQTT 5
     * @param expirySeconds what is left of the Message Expiry Interval, or {@link MessageProperties#NEVER}
     */
    public static void publish(
            ByteBuf out,
            ProtocolVersion version,
            Publish message,
            QoS qos,
            boolean dup,
            boolean retain,
            int packetId,
            int topicAlias,
            boolean withTopic,
            int @Nullable [] subscriptionIds,
            long expirySeconds) {
        var topic = withTopic ? message.topic().utf8() : NO_BYTES;
        var payload = message.payload();
        int flags = qos.value() << 1 | (dup ? 8 : 0) | (retain ? 1 : 0);
        int length = 2 + topic.length + (qos == QoS.AT_MOST_ONCE ? 0 : 2) + payload.length;
        if (!version.isMqtt5()) {
            startPublish(out, flags, length, topic, qos, packetId);
            out.writeBytes(payload);
            return;
        }
        int properties = propertyBytes(message, topicAlias, subscriptionIds, expirySeconds);
        startPublish(out, flags, length + lengthBytes(properties) + properties, topic, qos, packetId);
        variableByteInteger(out, properties);
        if (properties > 0) {
            if (topicAlias > 0) {
                out.writeByte(MqttProperties.TOPIC_ALIAS);
                out.writeShort(topicAlias);
            }
            out.writeBytes(message.properties().forwarded());
            if (expirySeconds != MessageProperties.NEVER) {
                out.writeByte(MqttProperties.PUBLICATION_EXPIRY_INTERVAL);
                out.writeInt((int) expirySeconds);
            }
            for (int id : subscriptionIds == null ? NO_IDS : subscriptionIds) {
                out.writeByte(MqttProperties.SUBSCRIPTION_IDENTIFIER);
                variableByteInteger(out, id);
            }
        }
        out.writeBytes(payload);
    }

    private static void startPublish(ByteBuf out, int flags, int length, byte[] topic, QoS qos, int packetId) {
        out.writeByte(MqttMessageType.PUBLISH.value() << 4 | flags);
        variableByteInteger(out, length);
        out.writeShort(topic.length);
        out.writeBytes(topic);
        if (qos != QoS.AT_MOST_ONCE) {
            out.writeShort(packetId);
        }
    }

    /** The size of the whole packet, as {@link #publish} writes it with the Topic Name and no alias. */
    public static long publishBytes(
            ProtocolVersion version, Publish message, QoS qos, int @Nullable [] subscriptionIds, long expirySeconds) {
        int length = 2 + message.topic().utf8().length + (qos == QoS.AT_MOST_ONCE ? 0 : 2) + message.payload().length;
        if (version.isMqtt5()) {
            int properties = propertyBytes(message, 0, subscriptionIds, expirySeconds);
            length += lengthBytes(properties) + properties;
        }
        return 1L + lengthBytes(length) + length;
    }

    private static int propertyBytes(
            Publish message, int topicAlias, int @Nullable [] subscriptionIds, long expirySeconds) {
        int bytes = message.properties().forwarded().length + (topicAlias > 0 ? 3 : 0);
        if (expirySeconds != MessageProperties.NEVER) {
            bytes += 5;
        }
        for (int id : subscriptionIds == null ? NO_IDS : subscriptionIds) {
            bytes += 1 + lengthBytes(id);
        }
        return bytes;
    }

    /** PUBACK, PUBREC, PUBREL or PUBCOMP; before MQTT 5 without the reason. */
    public static void acknowledgement(
            ByteBuf out, ProtocolVersion version, MqttMessageType type, int packetId, ReasonCode reason) {
        out.writeByte(type.value() << 4 | (type == MqttMessageType.PUBREL ? 2 : 0));
        if (version.isMqtt5() && reason != ReasonCode.SUCCESS) {
            out.writeByte(3);
            out.writeShort(packetId);
            out.writeByte(reason.value());
        } else {
            out.writeByte(2);
            out.writeShort(packetId);
        }
    }

    /** PUBACK or PUBREC that says in words why the message was refused (MQTT 5 only). */
    public static void refusal(
            ByteBuf out, MqttMessageType type, int packetId, ReasonCode reason, String reasonString) {
        var text = reasonString.getBytes(StandardCharsets.UTF_8);
        int properties = 3 + text.length;
        out.writeByte(type.value() << 4);
        variableByteInteger(out, 3 + lengthBytes(properties) + properties);
        out.writeShort(packetId);
        out.writeByte(reason.value());
        reasonString(out, text);
    }

    /** Everything that CONNACK may say of the server to an MQTT 5 client; see MQTT 5 §3.2.2.3. */
    public record Connack(
            boolean sessionPresent,
            ReasonCode reason,
            @Nullable String reasonString,
            @Nullable String assignedClientId,
            int receiveMaximum,
            long maximumPacketSize,
            int topicAliasMaximum,
            @Nullable String authenticationMethod,
            byte @Nullable [] authenticationData) {

        /** Of a connection without enhanced authentication. */
        public Connack(
                boolean sessionPresent,
                ReasonCode reason,
                @Nullable String reasonString,
                @Nullable String assignedClientId,
                int receiveMaximum,
                long maximumPacketSize,
                int topicAliasMaximum) {
            this(
                    sessionPresent,
                    reason,
                    reasonString,
                    assignedClientId,
                    receiveMaximum,
                    maximumPacketSize,
                    topicAliasMaximum,
                    null,
                    null);
        }

        /** Refuses the connection. */
        public static Connack refused(ReasonCode reason, @Nullable String reasonString) {
            return new Connack(false, reason, reasonString, null, 0, 0, 0);
        }
    }

    /** CONNACK; a version before MQTT 5 gets the return code that is nearest to the reason. */
    public static void connack(ByteBuf out, ProtocolVersion version, Connack connack) {
        out.writeByte(MqttMessageType.CONNACK.value() << 4);
        if (!version.isMqtt5()) {
            out.writeByte(2);
            out.writeBoolean(connack.sessionPresent() && version != ProtocolVersion.MQTT_3_1);
            out.writeByte(returnCode(connack.reason()));
            return;
        }
        int length = propertyBytes(connack);
        variableByteInteger(out, 2 + lengthBytes(length) + length);
        out.writeBoolean(connack.sessionPresent());
        out.writeByte(connack.reason().value());
        variableByteInteger(out, length);
        if (connack.receiveMaximum() > 0) {
            out.writeByte(MqttProperties.RECEIVE_MAXIMUM).writeShort(connack.receiveMaximum());
        }
        if (connack.maximumPacketSize() > 0) {
            out.writeByte(MqttProperties.MAXIMUM_PACKET_SIZE).writeInt((int) connack.maximumPacketSize());
        }
        if (connack.topicAliasMaximum() > 0) {
            out.writeByte(MqttProperties.TOPIC_ALIAS_MAXIMUM).writeShort(connack.topicAliasMaximum());
        }
        if (connack.assignedClientId() != null) {
            string(out, MqttProperties.ASSIGNED_CLIENT_IDENTIFIER, connack.assignedClientId());
        }
        if (connack.reasonString() != null) {
            string(out, MqttProperties.REASON_STRING, connack.reasonString());
        }
        authentication(out, connack.authenticationMethod(), connack.authenticationData());
    }

    /** The size of the whole packet, as {@link #connack} writes it. */
    public static long connackBytes(ProtocolVersion version, Connack connack) {
        if (!version.isMqtt5()) {
            return 4;
        }
        int properties = propertyBytes(connack);
        int length = 2 + lengthBytes(properties) + properties;
        return 1L + lengthBytes(length) + length;
    }

    private static int propertyBytes(Connack connack) {
        var data = connack.authenticationData();
        return (connack.receiveMaximum() > 0 ? 3 : 0)
                + (connack.maximumPacketSize() > 0 ? 5 : 0)
                + (connack.topicAliasMaximum() > 0 ? 3 : 0)
                + stringBytes(connack.assignedClientId())
                + stringBytes(connack.reasonString())
                + stringBytes(connack.authenticationMethod())
                + (data == null ? 0 : 3 + data.length);
    }

    private static int stringBytes(@Nullable String text) {
        return text == null ? 0 : 3 + ByteBufUtil.utf8Bytes(text);
    }

    /** The CONNACK return code of MQTT 3.1.1 §3.2.2.3 for a reason. */
    private static int returnCode(ReasonCode reason) {
        return switch (reason) {
            case SUCCESS -> 0;
            case UNSUPPORTED_PROTOCOL_VERSION -> 1;
            case CLIENT_IDENTIFIER_NOT_VALID -> 2;
            case BAD_USER_NAME_OR_PASSWORD -> 4;
            case NOT_AUTHORIZED, BANNED -> 5;
            default -> 3;
        };
    }

    /** SUBACK; before MQTT 5 every refusal is 0x80, and MQTT 3.1, which has no refusal, gets it too. */
    public static void suback(
            ByteBuf out, ProtocolVersion version, int packetId, List<ReasonCode> reasons, @Nullable String text) {
        out.writeByte(MqttMessageType.SUBACK.value() << 4);
        startAcknowledgementList(out, version, packetId, reasons.size(), text);
        for (var reason : reasons) {
            out.writeByte(version.isMqtt5() || !reason.isError() ? reason.value() : 0x80);
        }
    }

    /** UNSUBACK; before MQTT 5 without reasons. */
    public static void unsuback(ByteBuf out, ProtocolVersion version, int packetId, List<ReasonCode> reasons) {
        out.writeByte(MqttMessageType.UNSUBACK.value() << 4);
        if (!version.isMqtt5()) {
            out.writeByte(2);
            out.writeShort(packetId);
            return;
        }
        startAcknowledgementList(out, version, packetId, reasons.size(), null);
        for (var reason : reasons) {
            out.writeByte(reason.value());
        }
    }

    /** The size of a whole SUBACK or UNSUBACK with so many reasons, and no words. */
    public static long acknowledgementListBytes(ProtocolVersion version, int reasons) {
        int length = 2 + (version.isMqtt5() ? 1 : 0) + reasons;
        return 1L + lengthBytes(length) + length;
    }

    private static void startAcknowledgementList(
            ByteBuf out, ProtocolVersion version, int packetId, int reasons, @Nullable String text) {
        if (!version.isMqtt5()) {
            variableByteInteger(out, 2 + reasons);
            out.writeShort(packetId);
            return;
        }
        var utf8 = text == null ? new byte[0] : text.getBytes(StandardCharsets.UTF_8);
        int properties = text == null ? 0 : 3 + utf8.length;
        variableByteInteger(out, 2 + lengthBytes(properties) + properties + reasons);
        out.writeShort(packetId);
        if (text == null) {
            out.writeByte(0);
        } else {
            reasonString(out, utf8);
        }
    }

    /** DISCONNECT of the server, which only MQTT 5 has. */
    public static void disconnect(ByteBuf out, ReasonCode reason, @Nullable String reasonString) {
        out.writeByte(MqttMessageType.DISCONNECT.value() << 4);
        if (reasonString == null) {
            out.writeByte(1);
            out.writeByte(reason.value());
            return;
        }
        var text = reasonString.getBytes(StandardCharsets.UTF_8);
        int properties = 3 + text.length;
        variableByteInteger(out, 1 + lengthBytes(properties) + properties);
        out.writeByte(reason.value());
        reasonString(out, text);
    }

    /** AUTH, which only MQTT 5 has. */
    public static void auth(ByteBuf out, ReasonCode reason, String method, byte @Nullable [] data) {
        var properties = out.alloc().heapBuffer(256);
        try {
            authentication(properties, method, data);
            int length = properties.readableBytes();
            out.writeByte(MqttMessageType.AUTH.value() << 4);
            variableByteInteger(out, 1 + lengthBytes(length) + length);
            out.writeByte(reason.value());
            variableByteInteger(out, length);
            out.writeBytes(properties);
        } finally {
            properties.release();
        }
    }

    private static void authentication(ByteBuf out, @Nullable String method, byte @Nullable [] data) {
        if (method != null) {
            string(out, MqttProperties.AUTHENTICATION_METHOD, method);
        }
        if (data != null) {
            out.writeByte(MqttProperties.AUTHENTICATION_DATA);
            out.writeShort(data.length);
            out.writeBytes(data);
        }
    }

    public static void pingresp(ByteBuf out) {
        out.writeShort(MqttMessageType.PINGRESP.value() << 12);
    }

    /** Properties that are a Reason String alone. */
    private static void reasonString(ByteBuf out, byte[] text) {
        variableByteInteger(out, 3 + text.length);
        out.writeByte(MqttProperties.REASON_STRING);
        out.writeShort(text.length);
        out.writeBytes(text);
    }

    private static void string(ByteBuf out, int property, String text) {
        var utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.writeByte(property);
        out.writeShort(utf8.length);
        out.writeBytes(utf8);
    }

    private static void variableByteInteger(ByteBuf out, int value) {
        int rest = value;
        while (rest >= 0x80) {
            out.writeByte(rest & 0x7F | 0x80);
            rest >>>= 7;
        }
        out.writeByte(rest);
    }

    private static int lengthBytes(int value) {
        return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4;
    }
}
