package dev.dunlin.engine.codec;

import static dev.dunlin.engine.codec.Fields.binary;
import static dev.dunlin.engine.codec.Fields.bool;
import static dev.dunlin.engine.codec.Fields.nonZero;
import static dev.dunlin.engine.codec.Fields.notAllowed;
import static dev.dunlin.engine.codec.Fields.once;
import static dev.dunlin.engine.codec.Fields.propertiesEnd;
import static dev.dunlin.engine.codec.Fields.propertyId;
import static dev.dunlin.engine.codec.Fields.reject;
import static dev.dunlin.engine.codec.Fields.skipStringPair;
import static dev.dunlin.engine.codec.Fields.string;
import static dev.dunlin.engine.codec.Fields.unsignedByte;
import static dev.dunlin.engine.codec.Fields.unsignedInt;
import static dev.dunlin.engine.codec.Fields.unsignedShort;

import dev.dunlin.engine.codec.Fields.Rejected;
import dev.dunlin.engine.packet.Packet.Connect;
import dev.dunlin.engine.packet.ProtocolVersion;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.packet.ReasonCode;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.mqtt.MqttProperties;
import org.jspecify.annotations.Nullable;

/** Reads CONNECT (MQTT 5 §3.1). */
final class ConnectReader {
    private ConnectReader() {}

    /** What follows the Protocol Version. */
    static Connect read(ByteBuf in, int end, ProtocolVersion version, MessageReader messages) throws Rejected {
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
        var will = willFlag ? messages.will(in, end, QoS.of(willQos), willRetain) : null;
        // in MQTT 3.1 the end of the packet takes precedence over the flags (§3.1, User Name)
        var userName = userNameFlag && (strict || in.readerIndex() < end) ? string(in, end) : null;
        var password = passwordFlag && (strict || in.readerIndex() < end) ? binary(in, end) : null;
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

    /** Protocol Name and Protocol Version, with which the packet begins. */
    static ProtocolVersion protocol(ByteBuf in, int end) throws Rejected {
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
    private static final class ConnectProperties {
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
}
