package dev.dunlin.engine.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** Control packets and their parts as bytes; nothing is checked. */
public final class Wire {
    private Wire() {}

    public static byte[] bytes(int... values) {
        var bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    /** Reads {@code "30 05 00 01 61"}. */
    public static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    public static byte[] concat(byte[]... parts) {
        var out = new ByteArrayOutputStream();
        for (var part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    public static byte[] int16(int value) {
        return bytes(value >>> 8, value);
    }

    public static byte[] int32(int value) {
        return bytes(value >>> 24, value >>> 16, value >>> 8, value);
    }

    /** A Variable Byte Integer. */
    public static byte[] varint(int value) {
        var out = new ByteArrayOutputStream();
        int rest = value;
        do {
            out.write(rest > 0x7F ? rest & 0x7F | 0x80 : rest);
            rest >>>= 7;
        } while (rest > 0);
        return out.toByteArray();
    }

    /** A UTF-8 Encoded String. */
    public static byte[] string(String text) {
        return string(text.getBytes(UTF_8));
    }

    /** Binary Data, or a string that is not UTF-8. */
    public static byte[] string(byte[] content) {
        return concat(int16(content.length), content);
    }

    /** Behind its length as a Variable Byte Integer, as properties stand. */
    public static byte[] counted(byte[] content) {
        return concat(varint(content.length), content);
    }

    /** A packet with the right Remaining Length. */
    public static byte[] packet(int first, byte[]... parts) {
        return concat(bytes(first), counted(concat(parts)));
    }

    private static byte[] noProperties(MqttVersion version) {
        return version.hasProperties() ? bytes(0) : new byte[0];
    }

    /** @param packetId left out at QoS 0 */
    public static byte[] publish(
            MqttVersion version, String topic, String payload, int qos, boolean retain, int packetId) {
        return packet(
                0x30 | qos << 1 | (retain ? 1 : 0),
                string(topic),
                qos > 0 ? int16(packetId) : new byte[0],
                noProperties(version),
                payload.getBytes(UTF_8));
    }

    /** PUBACK, PUBREC, PUBREL, PUBCOMP with success, in the short form that all versions share. */
    public static byte[] acknowledge(int type, int packetId) {
        return packet(type << 4 | (type == WirePacket.PUBREL ? 2 : 0), int16(packetId));
    }

    public static byte[] subscribe(MqttVersion version, int packetId, int options, String... filters) {
        var entries = new ByteArrayOutputStream();
        for (var filter : filters) {
            entries.writeBytes(concat(string(filter), bytes(options)));
        }
        return packet(0x82, int16(packetId), noProperties(version), entries.toByteArray());
    }

    public static byte[] unsubscribe(MqttVersion version, int packetId, String... filters) {
        var entries = new ByteArrayOutputStream();
        for (var filter : filters) {
            entries.writeBytes(string(filter));
        }
        return packet(0xA2, int16(packetId), noProperties(version), entries.toByteArray());
    }

    public static byte[] pingreq() {
        return bytes(0xC0, 0);
    }

    public static byte[] disconnect() {
        return bytes(0xE0, 0);
    }
}
