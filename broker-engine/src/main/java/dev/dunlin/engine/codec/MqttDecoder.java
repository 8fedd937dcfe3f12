package dev.dunlin.engine.codec;

import dev.dunlin.engine.packet.MessageProperties;
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
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.packet.Will;
import dev.dunlin.engine.topic.TopicFilter;
import dev.dunlin.engine.topic.TopicName;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.mqtt.MqttProperties;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads the packets of one connection. It checks form: lengths, flags, UTF-8, property syntax, identifiers, reserved bits,
 * and that a server may be sent such a packet at all; what a packet means to a session is not its concern. A length is
 * checked against the limit as soon as it is read, so that nothing is held or allocated because it was announced.
 *
 * <p>Topic names seen lately and Topic Aliases are remembered, so that a device which publishes to a few topics costs no
 * string at all. Not thread-safe: one event loop at a time.
 */
public final class MqttDecoder {
    /** Topic Alias Maximum that the server grants (MQTT 5 §3.2.2.3.8). */
    public static final int TOPIC_ALIAS_MAXIMUM = 64;

    private static final int RECENT_TOPICS = 8;
    private static final int MAX_PROPERTY = MqttProperties.SHARED_SUBSCRIPTION_AVAILABLE;
    private static final FastThreadLocal<byte[]> SCRATCH = new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
            return new byte[65_535];
        }
    };

    private final LongSupplier nanoClock;
    private long maxPacketBytes;
    private @Nullable ProtocolVersion version;
    private TopicName @Nullable [] recent;
    private @Nullable TopicName @Nullable [] aliases;

    /**
     * @param maxPacketBytes limit for the first packet, see {@link #limit}
     * @param nanoClock what message expiry is counted on
     */
    public MqttDecoder(long maxPacketBytes, LongSupplier nanoClock) {
        this.maxPacketBytes = maxPacketBytes;
        this.nanoClock = nanoClock;
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
            return publish(flags, in, end);
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

    // CONNECT

    private Connect connect(ByteBuf in, int end) throws Rejected {
        var version = protocol(in, end);
        this.version = version; // from here on the answer can be in the client's own version
        int flags = unsignedByte(in, end);
        boolean strict = version != ProtocolVersion.MQTT_3_1;
        boolean willFlag = (flags & 0x04) != 0;
        int willQos = flags >> 3 & 3;
        boolean willRetain = (flags & 0x20) != 0;
        boolean passwordFlag = (flags & 0x40) != 0;
        boolean userNameFlag = (flags & 0x80) != 0;
        if (strict && (flags & 1) != 0) {
            throw reject(ReasonCode.MALFORMED_PACKET, "the reserved CONNECT flag is set [MQTT-3.1.2-3]");
        }
        if (strict && !willFlag && (willQos != 0 || willRetain)) {
            throw reject(ReasonCode.MALFORMED_PACKET, "Will QoS or Will Retain without a Will [MQTT-3.1.2-11]");
        }
        if (willQos == 3) {
            throw reject(ReasonCode.MALFORMED_PACKET, "Will QoS 3 [MQTT-3.1.2-12]");
        }
        if (version == ProtocolVersion.MQTT_3_1_1 && passwordFlag && !userNameFlag) {
            throw reject(ReasonCode.MALFORMED_PACKET, "a password without a user name [MQTT 3.1.1 MQTT-3.1.2-22]");
        }
        int keepAlive = unsignedShort(in, end);
        boolean cleanStart = (flags & 0x02) != 0;
        var properties = new ConnectProperties();
        if (version.isMqtt5()) {
            properties.read(in, end);
        }
        var clientId = string(in, end);
        var will = willFlag ? will(in, end, QoS.of(willQos), willRetain) : null;
        var userName = userNameFlag ? string(in, end) : null;
        var password = passwordFlag ? binary(in, end) : null;
        long expiry = version.isMqtt5() ? properties.sessionExpiry : cleanStart ? 0 : Connect.NEVER_EXPIRES;
        return new Connect(
                version,
                cleanStart,
                keepAlive,
                clientId,
                expiry,
                properties.receiveMaximum,
                properties.maximumPacketSize,
                properties.topicAliasMaximum,
                properties.requestProblemInformation,
                properties.authenticationMethod,
                properties.authenticationData,
                will,
                userName,
                password);
    }

    private static ProtocolVersion protocol(ByteBuf in, int end) throws Rejected {
        var name = string(in, end);
        int level = unsignedByte(in, end);
        for (var version : ProtocolVersion.values()) {
            if (version.protocolName().equals(name) && version.level() == level) {
                return version;
            }
        }
        if (!name.equals("MQTT") && !name.equals("MQIsdp")) {
            throw reject(ReasonCode.PROTOCOL_ERROR, "a CONNECT of another protocol [MQTT-3.1.2-1]");
        }
        throw reject(ReasonCode.UNSUPPORTED_PROTOCOL_VERSION, "MQTT in protocol version " + level);
    }

    /** The properties of CONNECT, at their defaults until read (MQTT 5 §3.1.2.11). */
    private final class ConnectProperties {
        long sessionExpiry;
        int receiveMaximum = 65_535;
        long maximumPacketSize = Long.MAX_VALUE;
        int topicAliasMaximum;
        boolean requestProblemInformation = true;

        @Nullable
        String authenticationMethod;

        byte @Nullable [] authenticationData;

        void read(ByteBuf in, int end) throws Rejected {
            int until = propertiesEnd(in, end);
            long seen = 0;
            while (in.readerIndex() < until) {
                int id = propertyId(in, until);
                seen = once(seen, id);
                switch (id) {
                    case MqttProperties.SESSION_EXPIRY_INTERVAL -> sessionExpiry = unsignedInt(in, until);
                    case MqttProperties.RECEIVE_MAXIMUM -> receiveMaximum = nonZero(unsignedShort(in, until), id);
                    case MqttProperties.MAXIMUM_PACKET_SIZE -> {
                        maximumPacketSize = unsignedInt(in, until);
                        nonZero(maximumPacketSize == 0 ? 0 : 1, id);
                    }
                    case MqttProperties.TOPIC_ALIAS_MAXIMUM -> topicAliasMaximum = unsignedShort(in, until);
                    case MqttProperties.REQUEST_RESPONSE_INFORMATION -> bool(in, until, id);
                    case MqttProperties.REQUEST_PROBLEM_INFORMATION -> requestProblemInformation = bool(in, until, id);
                    case MqttProperties.AUTHENTICATION_METHOD -> authenticationMethod = string(in, until);
                    case MqttProperties.AUTHENTICATION_DATA -> authenticationData = binary(in, until);
                    case MqttProperties.USER_PROPERTY -> skipStringPair(in, until);
                    default -> throw notAllowed(id);
                }
            }
            if (authenticationData != null && authenticationMethod == null) {
                throw reject(ReasonCode.PROTOCOL_ERROR, "Authentication Data without a method [MQTT 5 §3.1.2.11.10]");
            }
        }
    }

    private Will will(ByteBuf in, int end, QoS qos, boolean retain) throws Rejected {
        long delay = 0;
        var properties = MessageProperties.NONE;
        if (version == ProtocolVersion.MQTT_5) {
            var reader = new MessagePropertiesReader(true);
            properties = reader.read(in, end);
            delay = reader.willDelay;
        }
        var topic = topicName(in, end);
        if (topic == null) {
            throw reject(ReasonCode.TOPIC_NAME_INVALID, "a Will without a topic");
        }
        return new Will(topic, binary(in, end), qos, retain, properties, delay);
    }

    // PUBLISH

    private Publish publish(int flags, ByteBuf in, int end) throws Rejected {
        int qos = flags >> 1 & 3;
        boolean dup = (flags & 8) != 0;
        if (qos == 3) {
            throw reject(ReasonCode.MALFORMED_PACKET, "QoS 3 [MQTT-3.3.1-4]");
        }
        if (qos == 0 && dup) {
            throw reject(ReasonCode.MALFORMED_PACKET, "DUP at QoS 0 [MQTT-3.3.1-2]");
        }
        var topic = topicName(in, end);
        int packetId = qos == 0 ? 0 : packetId(in, end);
        var properties = MessageProperties.NONE;
        if (version == ProtocolVersion.MQTT_5) {
            if (in.readerIndex() < end && in.getByte(in.readerIndex()) == 0) {
                in.skipBytes(1);
            } else {
                var reader = new MessagePropertiesReader(false);
                properties = reader.read(in, end);
                topic = aliased(topic, reader.topicAlias);
            }
        }
        if (topic == null) {
            throw version == ProtocolVersion.MQTT_5
                    ? reject(ReasonCode.PROTOCOL_ERROR, "neither Topic Name nor Topic Alias [MQTT 5 §3.3.2.1]")
                    : reject(ReasonCode.MALFORMED_PACKET, "an empty Topic Name [MQTT-4.7.3-1]");
        }
        var payload = new byte[end - in.readerIndex()];
        in.readBytes(payload);
        long expiresAt = properties.expirySeconds() == MessageProperties.NEVER
                ? Publish.NEVER
                : nanoClock.getAsLong() + properties.expirySeconds() * 1_000_000_000L;
        return new Publish(topic, payload, QoS.of(qos), (flags & 1) != 0, dup, packetId, properties, expiresAt);
    }

    /** @return null if the Topic Name has no bytes, which is for the caller to judge */
    private @Nullable TopicName topicName(ByteBuf in, int end) throws Rejected {
        int length = unsignedShort(in, end);
        require(in, end, length);
        if (length == 0) {
            return null;
        }
        var scratch = SCRATCH.get();
        in.readBytes(scratch, 0, length);
        var recent = this.recent;
        if (recent == null) {
            recent = new TopicName[RECENT_TOPICS];
            this.recent = recent;
        }
        int slot = slotOf(scratch, length);
        @Nullable TopicName known = recent[slot];
        if (known != null
                && known.utf8().length == length
                && Arrays.equals(known.utf8(), 0, length, scratch, 0, length)) {
            return known;
        }
        if (!Utf8.isWellFormed(scratch, length)) {
            throw reject(ReasonCode.MALFORMED_PACKET, "a Topic Name that is not well-formed UTF-8 [MQTT-1.5.4-1]");
        }
        if (Utf8.hasWildcard(scratch, length)) {
            throw reject(ReasonCode.TOPIC_NAME_INVALID, "wildcards in a Topic Name [MQTT-3.3.2-2]");
        }
        var topic = TopicName.ofUtf8(Arrays.copyOf(scratch, length));
        if (topic.levelCount() > TopicFilter.MAX_LEVELS) {
            throw reject(ReasonCode.TOPIC_NAME_INVALID, "a Topic Name of more than 128 levels");
        }
        recent[slot] = topic;
        return topic;
    }

    /** Topics of one device differ in their last bytes or their length; a collision costs a new object, no more. */
    private static int slotOf(byte[] bytes, int length) {
        int h = length;
        for (int i = Math.max(0, length - 6); i < length; i++) {
            h = 31 * h + bytes[i];
        }
        return (h ^ h >>> 7) & RECENT_TOPICS - 1;
    }

    private @Nullable TopicName aliased(@Nullable TopicName topic, int alias) throws Rejected {
        if (alias == MessagePropertiesReader.NO_ALIAS) {
            return topic;
        }
        if (alias == 0 || alias > TOPIC_ALIAS_MAXIMUM) {
            throw reject(ReasonCode.TOPIC_ALIAS_INVALID, "Topic Alias " + alias + " [MQTT-3.3.2-8, MQTT-3.3.2-9]");
        }
        var aliases = this.aliases;
        if (aliases == null) {
            aliases = new TopicName[TOPIC_ALIAS_MAXIMUM + 1];
            this.aliases = aliases;
        }
        if (topic == null) {
            return aliases[alias];
        }
        aliases[alias] = topic;
        return topic;
    }

    /** Reads the properties of an Application Message, those that travel as one piece of bytes. */
    private final class MessagePropertiesReader {
        static final int NO_ALIAS = -1;

        private final boolean ofWill;
        private int topicAlias = NO_ALIAS;
        private long willDelay;

        MessagePropertiesReader(boolean ofWill) {
            this.ofWill = ofWill;
        }

        MessageProperties read(ByteBuf in, int end) throws Rejected {
            int until = propertiesEnd(in, end);
            if (in.readerIndex() == until) {
                return MessageProperties.NONE;
            }
            var forwarded = new byte[until - in.readerIndex()];
            int forwardedLength = 0;
            long expiry = MessageProperties.NEVER;
            long seen = 0;
            while (in.readerIndex() < until) {
                int from = in.readerIndex();
                int id = propertyId(in, until);
                seen = once(seen, id);
                boolean travels = true;
                switch (id) {
                    case MqttProperties.PAYLOAD_FORMAT_INDICATOR -> bool(in, until, id);
                    case MqttProperties.CONTENT_TYPE -> skipString(in, until);
                    case MqttProperties.RESPONSE_TOPIC -> {
                        if (topicName(in, until) == null) {
                            throw reject(ReasonCode.PROTOCOL_ERROR, "an empty Response Topic");
                        }
                    }
                    case MqttProperties.CORRELATION_DATA -> skipBinary(in, until);
                    case MqttProperties.USER_PROPERTY -> skipStringPair(in, until);
                    case MqttProperties.PUBLICATION_EXPIRY_INTERVAL -> {
                        expiry = unsignedInt(in, until);
                        travels = false;
                    }
                    case MqttProperties.TOPIC_ALIAS -> {
                        if (ofWill) {
                            throw notAllowed(id);
                        }
                        topicAlias = unsignedShort(in, until);
                        travels = false;
                    }
                    case MqttProperties.WILL_DELAY_INTERVAL -> {
                        if (!ofWill) {
                            throw notAllowed(id);
                        }
                        willDelay = unsignedInt(in, until);
                        travels = false;
                    }
                    case MqttProperties.SUBSCRIPTION_IDENTIFIER ->
                        throw reject(
                                ReasonCode.PROTOCOL_ERROR, "a Subscription Identifier from a client [MQTT-3.3.4-6]");
                    default -> throw notAllowed(id);
                }
                if (travels) {
                    int length = in.readerIndex() - from;
                    in.getBytes(from, forwarded, forwardedLength, length);
                    forwardedLength += length;
                }
            }
            return new MessageProperties(
                    forwardedLength == forwarded.length ? forwarded : Arrays.copyOf(forwarded, forwardedLength),
                    expiry);
        }
    }

    // Acknowledgements

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

    // SUBSCRIBE, UNSUBSCRIBE

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
            while (in.readerIndex() < until) {
                int id = propertyId(in, until);
                if (id != MqttProperties.USER_PROPERTY) {
                    throw notAllowed(id);
                }
                skipStringPair(in, until);
            }
        }
        var filters = new ArrayList<String>(4);
        while (in.readerIndex() < end) {
            filters.add(string(in, end));
        }
        if (filters.isEmpty()) {
            throw reject(ReasonCode.PROTOCOL_ERROR, "UNSUBSCRIBE without a Topic Filter [MQTT-3.10.3-2]");
        }
        return new Unsubscribe(packetId, filters);
    }

    // DISCONNECT, AUTH

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

    // Data representation (MQTT 5 §1.5)

    /** Reads the Property Length and checks it: the properties, and all that they hold, end there. */
    private static int propertiesEnd(ByteBuf in, int end) throws Rejected {
        int length = variableByteInteger(in, end);
        require(in, end, length);
        return in.readerIndex() + length;
    }

    private static int propertyId(ByteBuf in, int end) throws Rejected {
        int id = variableByteInteger(in, end);
        if (id > MAX_PROPERTY) {
            throw notAllowed(id);
        }
        return id;
    }

    /** Notes that property {@code id} was seen, and rejects a second one of those that may stand once only. */
    private static long once(long seen, int id) throws Rejected {
        if (id == MqttProperties.USER_PROPERTY) {
            return seen;
        }
        if ((seen & 1L << id) != 0) {
            throw reject(ReasonCode.PROTOCOL_ERROR, "property " + id + " more than once [MQTT 5 §2.2.2.2]");
        }
        return seen | 1L << id;
    }

    private static int nonZero(int value, int property) throws Rejected {
        if (value == 0) {
            throw reject(ReasonCode.PROTOCOL_ERROR, "property " + property + " with value 0");
        }
        return value;
    }

    private static boolean bool(ByteBuf in, int end, int property) throws Rejected {
        int value = unsignedByte(in, end);
        if (value > 1) {
            throw reject(ReasonCode.PROTOCOL_ERROR, "property " + property + " with value " + value);
        }
        return value == 1;
    }

    private static int variableByteInteger(ByteBuf in, int end) throws Rejected {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            int b = unsignedByte(in, end);
            value |= (b & 0x7F) << 7 * i;
            if (b < 0x80) {
                if (b == 0 && i > 0) {
                    throw reject(ReasonCode.MALFORMED_PACKET, "a length that is not as short as can be");
                }
                return value;
            }
        }
        throw reject(ReasonCode.MALFORMED_PACKET, "a Variable Byte Integer of more than four bytes");
    }

    private static int packetId(ByteBuf in, int end) throws Rejected {
        int id = unsignedShort(in, end);
        if (id == 0) {
            throw reject(ReasonCode.PROTOCOL_ERROR, "Packet Identifier 0 [MQTT-2.2.1-3]");
        }
        return id;
    }

    private static int unsignedByte(ByteBuf in, int end) throws Rejected {
        require(in, end, 1);
        return in.readUnsignedByte();
    }

    private static int unsignedShort(ByteBuf in, int end) throws Rejected {
        require(in, end, 2);
        return in.readUnsignedShort();
    }

    private static long unsignedInt(ByteBuf in, int end) throws Rejected {
        require(in, end, 4);
        return in.readUnsignedInt();
    }

    private static String string(ByteBuf in, int end) throws Rejected {
        int length = skipString(in, end);
        return length == 0 ? "" : in.toString(in.readerIndex() - length, length, StandardCharsets.UTF_8);
    }

    /** Reads a UTF-8 Encoded String for its form only, and says how many bytes it has. */
    private static int skipString(ByteBuf in, int end) throws Rejected {
        int length = unsignedShort(in, end);
        require(in, end, length);
        var scratch = SCRATCH.get();
        in.readBytes(scratch, 0, length);
        if (!Utf8.isWellFormed(scratch, length)) {
            throw reject(ReasonCode.MALFORMED_PACKET, "a string that is not well-formed UTF-8 [MQTT-1.5.4-1]");
        }
        return length;
    }

    private static void skipStringPair(ByteBuf in, int end) throws Rejected {
        skipString(in, end);
        skipString(in, end);
    }

    private static byte[] binary(ByteBuf in, int end) throws Rejected {
        int length = unsignedShort(in, end);
        require(in, end, length);
        var bytes = new byte[length];
        in.readBytes(bytes);
        return bytes;
    }

    private static void skipBinary(ByteBuf in, int end) throws Rejected {
        int length = unsignedShort(in, end);
        require(in, end, length);
        in.skipBytes(length);
    }

    private static void require(ByteBuf in, int end, int bytes) throws Rejected {
        if (end - in.readerIndex() < bytes) {
            throw reject(ReasonCode.MALFORMED_PACKET, "a field that ends behind its packet");
        }
    }

    private static Rejected notAllowed(int property) {
        return reject(ReasonCode.MALFORMED_PACKET, "property " + property + " in this packet [MQTT 5 §2.2.2.2]");
    }

    private static Malformed malformed(String detail) {
        return new Malformed(ReasonCode.MALFORMED_PACKET, detail);
    }

    private static Malformed protocolError(String detail) {
        return new Malformed(ReasonCode.PROTOCOL_ERROR, detail);
    }

    private static Rejected reject(ReasonCode reason, String detail) {
        return new Rejected(reason, detail);
    }

    /** Leaves the depth of a packet; never leaves the decoder. */
    private static final class Rejected extends Exception {
        private static final long serialVersionUID = 1L;

        private final ReasonCode reason;
        private final String detail;

        Rejected(ReasonCode reason, String detail) {
            super(detail, null, false, false);
            this.reason = reason;
            this.detail = detail;
        }
    }
}
