package dev.dunlin.engine.codec;

import static dev.dunlin.engine.codec.Fields.binary;
import static dev.dunlin.engine.codec.Fields.nonZero;
import static dev.dunlin.engine.codec.Fields.notAllowed;
import static dev.dunlin.engine.codec.Fields.once;
import static dev.dunlin.engine.codec.Fields.packetId;
import static dev.dunlin.engine.codec.Fields.propertiesEnd;
import static dev.dunlin.engine.codec.Fields.propertyId;
import static dev.dunlin.engine.codec.Fields.reject;
import static dev.dunlin.engine.codec.Fields.requireRoomForFilter;
import static dev.dunlin.engine.codec.Fields.skipString;
import static dev.dunlin.engine.codec.Fields.skipStringPair;
import static dev.dunlin.engine.codec.Fields.string;
import static dev.dunlin.engine.codec.Fields.unsignedByte;
import static dev.dunlin.engine.codec.Fields.unsignedInt;
import static dev.dunlin.engine.codec.Fields.variableByteInteger;

import dev.dunlin.engine.codec.Fields.Rejected;
import dev.dunlin.engine.packet.Packet;
import dev.dunlin.engine.packet.Packet.Auth;
import dev.dunlin.engine.packet.Packet.Connect;
import dev.dunlin.engine.packet.Packet.Disconnect;
import dev.dunlin.engine.packet.Packet.Malformed;
import dev.dunlin.engine.packet.Packet.Pingreq;
import dev.dunlin.engine.packet.Packet.Puback;
import dev.dunlin.engine.packet.Packet.Pubcomp;
import dev.dunlin.engine.packet.Packet.Pubrec;
import dev.dunlin.engine.packet.Packet.Pubrel;
import dev.dunlin.engine.packet.Packet.RetainHandling;
import dev.dunlin.engine.packet.Packet.Subscribe;
import dev.dunlin.engine.packet.Packet.Unsubscribe;
import dev.dunlin.engine.packet.ProtocolVersion;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.topic.TopicCache;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.mqtt.MqttProperties;
import java.util.ArrayList;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads the packets of one connection. It checks form: lengths, flags, UTF-8, property syntax, identifiers, reserved bits,
 * and that a server may be sent such a packet at all; what a packet means to a session is not its concern. A length is
 * checked against the limit as soon as it is read, so that nothing is held or allocated because it was announced.
 *
 * <p>Not thread-safe: one event loop at a time.
 */
public final class MqttDecoder {
    /** Topic Alias Maximum that the server grants (MQTT 5 §3.2.2.3.8). */
    public static final int TOPIC_ALIAS_MAXIMUM = 64;

    private final MessageReader messages;
    private long maxPacketBytes;
    private @Nullable ProtocolVersion version;

    /**
     * @param maxPacketBytes limit for the first packet, see {@link #limit}
     * @param nanoClock what message expiry is counted on
     * @param topics of the event loop that decodes
     */
    public MqttDecoder(long maxPacketBytes, LongSupplier nanoClock, TopicCache topics) {
        this.maxPacketBytes = maxPacketBytes;
        this.messages = new MessageReader(nanoClock, topics);
    }

    /** Moves to another event loop, whose cache {@code topics} is. */
    public void moveTo(TopicCache topics) {
        messages.topics(topics);
    }

    /** Sets the largest packet from here on, in bytes with its fixed header. */
    public void limit(long maxPacketBytes) {
        this.maxPacketBytes = maxPacketBytes;
    }

    /** Whether a CONNECT packet has been read at least as far as its version, and that is MQTT 5. */
    public boolean isMqtt5() {
        return version == ProtocolVersion.MQTT_5;
    }

    /**
     * Borrows {@code in} and reads one packet from it.
     *
     * @return null if the packet is not complete yet; after {@link Malformed} the bytes mean nothing any more
     */
    public @Nullable Packet decode(ByteBuf in) {
        int start = in.readerIndex();
        int available = in.readableBytes();
        if (available < 2) {
            return available == 1 ? checkFirstByte(in.getUnsignedByte(start)) : null;
        }
        int first = in.getUnsignedByte(start);
        var wrong = checkFirstByte(first);
        if (wrong != null) {
            return wrong;
        }
        int length = 0;
        int lengthBytes = 0;
        int b;
        do {
            if (lengthBytes == 4) {
                return malformed("a Remaining Length of more than four bytes");
            }
            if (1 + lengthBytes == available) {
                return null;
            }
            b = in.getUnsignedByte(start + 1 + lengthBytes);
            length |= (b & 0x7F) << 7 * lengthBytes;
            lengthBytes++;
        } while (b >= 0x80);
        if (b == 0 && lengthBytes > 1 && version == ProtocolVersion.MQTT_5) {
            return malformed("a Remaining Length that is not as short as can be [MQTT-1.5.5-1]");
        }
        int header = 1 + lengthBytes;
        if ((long) header + length > maxPacketBytes) {
            return new Malformed(
                    ReasonCode.PACKET_TOO_LARGE,
                    "a packet of " + (header + length) + " bytes, where " + maxPacketBytes + " are allowed");
        }
        if (available - header < length) {
            return null;
        }
        int end = start + header + length;
        in.readerIndex(start + header);
        try {
            var packet = body(first, in, end);
            if (in.readerIndex() != end) {
                return malformed("bytes left over at the end of a packet");
            }
            return packet;
        } catch (Rejected rejected) {
            return new Malformed(rejected.reason, rejected.detail);
        } finally {
            in.readerIndex(end);
        }
    }

    /** Packets that may not come at this point are refused by their first byte, before any of the rest is waited for. */
    private @Nullable Malformed checkFirstByte(int first) {
        int type = first >> 4;
        if (version == null) {
            return type == 1 ? null : protocolError("a packet before CONNECT [MQTT-3.1.0-1]");
        }
        return switch (type) {
            case 0 -> malformed("packet type 0 is reserved");
            case 1 -> protocolError("a second CONNECT [MQTT-3.1.0-2]");
            case 2, 9, 11, 13 -> protocolError("a packet that only a server sends");
            case 15 -> version == ProtocolVersion.MQTT_5 ? null : malformed("packet type 15 is reserved before MQTT 5");
            default -> null;
        };
    }

    private Packet body(int first, ByteBuf in, int end) throws Rejected {
        int type = first >> 4;
        int flags = first & 0x0F;
        if (type == 3) {
            return messages.publish(flags, in, end);
        }
        requireFlags(type, flags);
        return switch (type) {
            case 1 -> connect(in, end);
            case 4 -> {
                int id = packetId(in, end);
                yield new Puback(id, ackReason(in, end, MqttDecoder::isPubackReason));
            }
            case 5 -> {
                int id = packetId(in, end);
                yield new Pubrec(id, ackReason(in, end, MqttDecoder::isPubackReason));
            }
            case 6 -> {
                int id = packetId(in, end);
                ackReason(in, end, MqttDecoder::isPubrelReason);
                yield new Pubrel(id);
            }
            case 7 -> {
                int id = packetId(in, end);
                ackReason(in, end, MqttDecoder::isPubrelReason);
                yield new Pubcomp(id);
            }
            case 8 -> subscribe(in, end);
            case 10 -> unsubscribe(in, end);
            case 12 -> Pingreq.INSTANCE;
            case 14 -> disconnect(in, end);
            case 15 -> auth(in, end);
            default -> throw new IllegalStateException("type " + type + " was let through");
        };
    }

    private void requireFlags(int type, int flags) throws Rejected {
        int required = type == 6 || type == 8 || type == 10 ? 2 : 0;
        boolean dupOfMqtt31 = version == ProtocolVersion.MQTT_3_1 && required == 2 && flags == 0x0A;
        if (flags != required && !dupOfMqtt31) {
            throw reject(ReasonCode.MALFORMED_PACKET, "reserved flags in the fixed header [MQTT-2.1.3-1]");
        }
    }

    private Connect connect(ByteBuf in, int end) throws Rejected {
        var version = ConnectReader.protocol(in, end);
        this.version = version; // from here on the answer can be in the client's own version
        messages.isMqtt5(version.isMqtt5());
        return ConnectReader.read(in, end, version, messages);
    }

    private interface ReasonCheck {
        boolean isAllowed(int reason);
    }

    private int ackReason(ByteBuf in, int end, ReasonCheck check) throws Rejected {
        if (in.readerIndex() == end || version != ProtocolVersion.MQTT_5) {
            return 0;
        }
        int reason = in.readUnsignedByte();
        if (!check.isAllowed(reason)) {
            throw reject(ReasonCode.MALFORMED_PACKET, "reason code " + reason + " in an acknowledgement");
        }
        if (in.readerIndex() < end) {
            reasonProperties(in, end);
        }
        return reason;
    }

    private static boolean isPubackReason(int reason) {
        return switch (reason) {
            case 0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99 -> true;
            default -> false;
        };
    }

    private static boolean isPubrelReason(int reason) {
        return reason == 0x00 || reason == 0x92;
    }

    /** Reason String and User Properties, which say nothing that a server acts on. */
    private static void reasonProperties(ByteBuf in, int end) throws Rejected {
        int until = propertiesEnd(in, end);
        long seen = 0;
        while (in.readerIndex() < until) {
            int id = propertyId(in, until);
            seen = once(seen, id);
            skipReasonProperty(id, in, until);
        }
    }

    private static void skipReasonProperty(int id, ByteBuf in, int until) throws Rejected {
        switch (id) {
            case MqttProperties.REASON_STRING -> skipString(in, until);
            case MqttProperties.USER_PROPERTY -> skipStringPair(in, until);
            default -> throw notAllowed(id);
        }
    }

    private Subscribe subscribe(ByteBuf in, int end) throws Rejected {
        int packetId = packetId(in, end);
        int subscriptionId = 0;
        boolean mqtt5 = version == ProtocolVersion.MQTT_5;
        if (mqtt5) {
            int until = propertiesEnd(in, end);
            long seen = 0;
            while (in.readerIndex() < until) {
                int id = propertyId(in, until);
                seen = once(seen, id);
                switch (id) {
                    case MqttProperties.SUBSCRIPTION_IDENTIFIER ->
                        subscriptionId = nonZero(variableByteInteger(in, until), id);
                    case MqttProperties.USER_PROPERTY -> skipStringPair(in, until);
                    default -> throw notAllowed(id);
                }
            }
        }
        var requests = new ArrayList<Subscribe.Request>(4);
        while (in.readerIndex() < end) {
            requireRoomForFilter(requests.size());
            var filter = string(in, end);
            int options = unsignedByte(in, end);
            if ((options & (mqtt5 ? 0xC0 : 0xFC)) != 0 || (options & 3) == 3) {
                throw reject(ReasonCode.MALFORMED_PACKET, "Subscription Options " + options + " [MQTT-3.8.3-5]");
            }
            if ((options >> 4 & 3) == 3) {
                throw reject(ReasonCode.PROTOCOL_ERROR, "Retain Handling 3 [MQTT 5 §3.8.3.1]");
            }
            boolean noLocal = (options & 4) != 0;
            if (noLocal && filter.startsWith("$share/")) {
                throw reject(ReasonCode.PROTOCOL_ERROR, "No Local on a Shared Subscription [MQTT-3.8.3-4]");
            }
            requests.add(new Subscribe.Request(
                    filter,
                    QoS.of(options & 3),
                    noLocal,
                    (options & 8) != 0,
                    RetainHandling.values()[options >> 4 & 3]));
        }
        if (requests.isEmpty()) {
            throw reject(ReasonCode.PROTOCOL_ERROR, "SUBSCRIBE without a Topic Filter [MQTT-3.8.3-2]");
        }
        return new Subscribe(packetId, subscriptionId, requests);
    }

    private Unsubscribe unsubscribe(ByteBuf in, int end) throws Rejected {
        int packetId = packetId(in, end);
        if (version == ProtocolVersion.MQTT_5) {
            int until = propertiesEnd(in, end);
            long seen = 0;
            while (in.readerIndex() < until) {
                int id = propertyId(in, until);
                seen = once(seen, id);
                if (id != MqttProperties.USER_PROPERTY) {
                    throw notAllowed(id);
                }
                skipStringPair(in, until);
            }
        }
        var filters = new ArrayList<String>(4);
        while (in.readerIndex() < end) {
            requireRoomForFilter(filters.size());
            filters.add(string(in, end));
        }
        if (filters.isEmpty()) {
            throw reject(ReasonCode.PROTOCOL_ERROR, "UNSUBSCRIBE without a Topic Filter [MQTT-3.10.3-2]");
        }
        return new Unsubscribe(packetId, filters);
    }

    private Disconnect disconnect(ByteBuf in, int end) throws Rejected {
        if (version != ProtocolVersion.MQTT_5 || in.readerIndex() == end) {
            return Disconnect.NORMAL;
        }
        int reason = in.readUnsignedByte();
        switch (reason) {
            case 0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99 -> {}
            default -> throw reject(ReasonCode.MALFORMED_PACKET, "reason code " + reason + " in DISCONNECT");
        }
        long sessionExpiry = Disconnect.UNCHANGED;
        if (in.readerIndex() < end) {
            int until = propertiesEnd(in, end);
            long seen = 0;
            while (in.readerIndex() < until) {
                int id = propertyId(in, until);
                seen = once(seen, id);
                if (id == MqttProperties.SESSION_EXPIRY_INTERVAL) {
                    sessionExpiry = unsignedInt(in, until);
                } else {
                    skipReasonProperty(id, in, until);
                }
            }
        }
        return new Disconnect(reason, sessionExpiry);
    }

    private static Auth auth(ByteBuf in, int end) throws Rejected {
        if (in.readerIndex() == end) {
            return new Auth(0, null, null);
        }
        int reason = in.readUnsignedByte();
        if (reason != 0x00 && reason != 0x18 && reason != 0x19) {
            throw reject(ReasonCode.MALFORMED_PACKET, "reason code " + reason + " in AUTH");
        }
        String method = null;
        byte[] data = null;
        if (in.readerIndex() < end) {
            int until = propertiesEnd(in, end);
            long seen = 0;
            while (in.readerIndex() < until) {
                int id = propertyId(in, until);
                seen = once(seen, id);
                switch (id) {
                    case MqttProperties.AUTHENTICATION_METHOD -> method = string(in, until);
                    case MqttProperties.AUTHENTICATION_DATA -> data = binary(in, until);
                    default -> skipReasonProperty(id, in, until);
                }
            }
        }
        return new Auth(reason, method, data);
    }

    private static Malformed malformed(String detail) {
        return new Malformed(ReasonCode.MALFORMED_PACKET, detail);
    }

    private static Malformed protocolError(String detail) {
        return new Malformed(ReasonCode.PROTOCOL_ERROR, detail);
    }
}
