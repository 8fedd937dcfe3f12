package dev.dunlin.engine.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A control packet as it came.
 *
 * @param first the first byte of the fixed header
 * @param body what follows the fixed header
 */
public record WirePacket(MqttVersion version, int first, byte[] body) {
    public static final int CONNACK = 2;
    public static final int PUBLISH = 3;
    public static final int PUBACK = 4;
    public static final int PUBREC = 5;
    public static final int PUBREL = 6;
    public static final int PUBCOMP = 7;
    public static final int SUBACK = 9;
    public static final int UNSUBACK = 11;
    public static final int PINGRESP = 13;
    public static final int DISCONNECT = 14;
    public static final int AUTH = 15;

    public int type() {
        return first >>> 4;
    }

    /** Of a PUBLISH. */
    public int qos() {
        return first >>> 1 & 3;
    }

    /** Of a PUBLISH. */
    public boolean isRetained() {
        return (first & 1) != 0;
    }

    /** Of a PUBLISH. */
    public boolean isDuplicate() {
        return (first & 8) != 0;
    }

    /** Of a PUBLISH. */
    public String topic() {
        return new String(body, 2, ByteBuffer.wrap(body).getShort() & 0xFFFF, UTF_8);
    }

    public int packetId() {
        int at = type() == PUBLISH ? 2 + (ByteBuffer.wrap(body).getShort() & 0xFFFF) : 0;
        return ByteBuffer.wrap(body).getShort(at) & 0xFFFF;
    }

    /** Of a PUBLISH. */
    public String payload() {
        int at = 2 + (ByteBuffer.wrap(body).getShort() & 0xFFFF) + (qos() > 0 ? 2 : 0);
        if (version.hasProperties()) {
            int length = 0;
            int shift = 0;
            int read;
            do {
                read = body[at++];
                length |= (read & 0x7F) << shift;
                shift += 7;
            } while (read < 0);
            at += length;
        }
        return new String(body, at, body.length - at, UTF_8);
    }

    /** The return code or Reason Code of any other packet, 0 where it is left out; of SUBACK and UNSUBACK the last. */
    public int reason() {
        int at = switch (type()) {
            case CONNACK -> 1;
            case DISCONNECT, AUTH -> 0;
            case SUBACK, UNSUBACK -> body.length - 1;
            default -> 2;
        };
        return at < body.length ? body[at] & 0xFF : 0;
    }

    /** Of a CONNACK. */
    public boolean isSessionPresent() {
        return body[0] == 1;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WirePacket packet && first == packet.first && Arrays.equals(body, packet.body);
    }

    @Override
    public int hashCode() {
        return 31 * first + Arrays.hashCode(body);
    }

    @Override
    public String toString() {
        return "%02x: %s".formatted(first, HexFormat.of().formatHex(body));
    }
}
