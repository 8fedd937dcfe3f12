package dev.dunlin.engine.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WirePacket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What only MQTT 5 has: packets with properties, and the properties of packets. */
final class Mqtt5 {
    static final int PAYLOAD_FORMAT = 0x01;
    static final int MESSAGE_EXPIRY = 0x02;
    static final int CONTENT_TYPE = 0x03;
    static final int RESPONSE_TOPIC = 0x08;
    static final int CORRELATION_DATA = 0x09;
    static final int SUBSCRIPTION_ID = 0x0B;
    static final int SESSION_EXPIRY = 0x11;
    static final int ASSIGNED_CLIENT_ID = 0x12;
    static final int AUTHENTICATION_METHOD = 0x15;
    static final int AUTHENTICATION_DATA = 0x16;
    static final int REQUEST_PROBLEM_INFORMATION = 0x17;
    static final int WILL_DELAY = 0x18;
    static final int REQUEST_RESPONSE_INFORMATION = 0x19;
    static final int RESPONSE_INFORMATION = 0x1A;
    static final int REASON_STRING = 0x1F;
    static final int RECEIVE_MAXIMUM = 0x21;
    static final int TOPIC_ALIAS_MAXIMUM = 0x22;
    static final int TOPIC_ALIAS = 0x23;
    static final int USER_PROPERTY = 0x26;
    static final int MAXIMUM_PACKET_SIZE = 0x27;

    private Mqtt5() {}

    /** @param value numbers in decimal, Binary Data in hexadecimal, a User Property as {@code name=value} */
    record Property(int id, String value) {}

    // Packets

    static byte[] publish(String topic, String payload, int qos, boolean retain, int packetId, byte[]... properties) {
        return Wire.packet(
                0x30 | qos << 1 | (retain ? 1 : 0),
                Wire.string(topic),
                qos > 0 ? Wire.int16(packetId) : new byte[0],
                Wire.counted(Wire.concat(properties)),
                payload.getBytes(UTF_8));
    }

    static byte[] subscribe(int packetId, String filter, int options, byte[]... properties) {
        return Wire.packet(
                0x82,
                Wire.int16(packetId),
                Wire.counted(Wire.concat(properties)),
                Wire.string(filter),
                Wire.bytes(options));
    }

    static byte[] acknowledge(int type, int packetId, int reason, byte[]... properties) {
        return Wire.packet(
                type << 4 | (type == WirePacket.PUBREL ? 2 : 0),
                Wire.int16(packetId),
                Wire.bytes(reason),
                Wire.counted(Wire.concat(properties)));
    }

    static byte[] disconnect(int reason, byte[]... properties) {
        return Wire.packet(0xE0, Wire.bytes(reason), Wire.counted(Wire.concat(properties)));
    }

    // Properties

    static byte[] int8(int id, int value) {
        return Wire.bytes(id, value);
    }

    static byte[] int16(int id, int value) {
        return Wire.concat(Wire.bytes(id), Wire.int16(value));
    }

    static byte[] int32(int id, long value) {
        return Wire.concat(Wire.bytes(id), Wire.int32((int) value));
    }

    static byte[] varint(int id, int value) {
        return Wire.concat(Wire.bytes(id), Wire.varint(value));
    }

    static byte[] text(int id, String value) {
        return Wire.concat(Wire.bytes(id), Wire.string(value));
    }

    static byte[] data(int id, byte... value) {
        return Wire.concat(Wire.bytes(id), Wire.string(value));
    }

    static byte[] user(String name, String value) {
        return Wire.concat(Wire.bytes(USER_PROPERTY), Wire.string(name), Wire.string(value));
    }

    /** The properties of a packet that a server sends, in their order. */
    static List<Property> propertiesOf(WirePacket packet) {
        var in = ByteBuffer.wrap(packet.body());
        switch (packet.type()) {
            case WirePacket.PUBLISH -> {
                skip(in, in.getShort() & 0xFFFF);
                skip(in, packet.qos() > 0 ? 2 : 0);
            }
            case WirePacket.CONNACK, WirePacket.SUBACK, WirePacket.UNSUBACK -> skip(in, 2);
            case WirePacket.DISCONNECT -> skip(in, Math.min(1, in.remaining()));
            default -> skip(in, Math.min(3, in.remaining()));
        }
        var properties = new ArrayList<Property>();
        if (in.hasRemaining()) {
            int length = readVarint(in);
            int end = in.position() + length;
            while (in.position() < end) {
                properties.add(read(in));
            }
        }
        return properties;
    }

    /** The value of a property, null if the packet has none. */
    static @Nullable String property(WirePacket packet, int id) {
        return propertiesOf(packet).stream()
                .filter(property -> property.id == id)
                .map(Property::value)
                .findAny()
                .orElse(null);
    }

    /** The same of a packet that must have it. */
    static String requiredProperty(WirePacket packet, int id) {
        return Objects.requireNonNull(property(packet, id), () -> "no property " + id + " in " + packet);
    }

    /** The Subscription Identifiers of a PUBLISH, in numerical order. */
    static List<Integer> subscriptionIds(WirePacket publish) {
        return propertiesOf(publish).stream()
                .filter(property -> property.id == SUBSCRIPTION_ID)
                .map(property -> Integer.valueOf(property.value))
                .sorted()
                .toList();
    }

    private static Property read(ByteBuffer in) {
        int id = in.get() & 0xFF;
        var value = switch (id) {
            case PAYLOAD_FORMAT, REQUEST_PROBLEM_INFORMATION, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A ->
                String.valueOf(in.get());
            case 0x13, RECEIVE_MAXIMUM, TOPIC_ALIAS_MAXIMUM, TOPIC_ALIAS -> String.valueOf(in.getShort() & 0xFFFF);
            case MESSAGE_EXPIRY, SESSION_EXPIRY, WILL_DELAY, MAXIMUM_PACKET_SIZE ->
                Integer.toUnsignedString(in.getInt());
            case SUBSCRIPTION_ID -> String.valueOf(readVarint(in));
            case CORRELATION_DATA, AUTHENTICATION_DATA -> HexFormat.of().formatHex(readCounted(in));
            case USER_PROPERTY -> readString(in) + "=" + readString(in);
            default -> readString(in);
        };
        return new Property(id, value);
    }

    private static String readString(ByteBuffer in) {
        return new String(readCounted(in), UTF_8);
    }

    private static byte[] readCounted(ByteBuffer in) {
        var bytes = new byte[in.getShort() & 0xFFFF];
        in.get(bytes);
        return bytes;
    }

    private static int readVarint(ByteBuffer in) {
        int value = 0;
        int shift = 0;
        int read;
        do {
            read = in.get();
            value |= (read & 0x7F) << shift;
            shift += 7;
        } while (read < 0);
        return value;
    }

    private static void skip(ByteBuffer in, int bytes) {
        in.position(in.position() + bytes);
    }
}
