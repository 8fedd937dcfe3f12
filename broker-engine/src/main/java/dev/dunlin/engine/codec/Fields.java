package dev.dunlin.engine.codec;

import dev.dunlin.engine.packet.ReasonCode;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.mqtt.MqttProperties;
import io.netty.util.concurrent.FastThreadLocal;
import java.nio.charset.StandardCharsets;

/**
 * The fields that packets are made of (MQTT 5 §1.5). Each method borrows {@code in}, reads at its reader index, never beyond
 * {@code end}, and leaves with {@link Rejected} if what stands there is not of the right form.
 */
final class Fields {
    /** User Properties of one packet: each is checked, stored and read again by all who get it. */
    static final int MAX_USER_PROPERTIES = 4_000;

    /** Bytes of the properties of one packet: the longest of each that may stand once, and as much of the user's. */
    static final int MAX_PROPERTIES_BYTES = 384 * 1024;

    /** Topic Filters of one packet: each is a search, an answer, and maybe a report. */
    static final int MAX_FILTERS = 10_000;

    /** In the bits of {@link #once} above those of the properties. */
    private static final long ONE_USER_PROPERTY = 1L << 48;

    private static final int MAX_PROPERTY = MqttProperties.SHARED_SUBSCRIPTION_AVAILABLE;
    static final FastThreadLocal<byte[]> SCRATCH = new FastThreadLocal<>() {
        @Override
        protected byte[] initialValue() {
            return new byte[65_535];
        }
    };

    private Fields() {}

    /** Reads the Property Length and checks it: the properties, and all that they hold, end there. */
    static int propertiesEnd(ByteBuf in, int end) throws Rejected {
        int length = variableByteInteger(in, end);
        require(in, end, length);
        if (length > MAX_PROPERTIES_BYTES) {
            throw tooMany("properties of " + length + " bytes, where " + MAX_PROPERTIES_BYTES + " are allowed");
        }
        return in.readerIndex() + length;
    }

    static int propertyId(ByteBuf in, int end) throws Rejected {
        int id = variableByteInteger(in, end);
        if (id > MAX_PROPERTY) {
            throw notAllowed(id);
        }
        return id;
    }

    /**
     * Notes that property {@code id} was seen, and rejects a second one of those that may stand once only, and more than so
     * many of the user's.
     */
    static long once(long seen, int id) throws Rejected {
        if (id == MqttProperties.USER_PROPERTY) {
            if (seen / ONE_USER_PROPERTY == MAX_USER_PROPERTIES) {
                throw tooMany("more than " + MAX_USER_PROPERTIES + " User Properties in one packet");
            }
            return seen + ONE_USER_PROPERTY;
        }
        if ((seen & 1L << id) != 0) {
            throw reject(ReasonCode.PROTOCOL_ERROR, "property " + id + " more than once [MQTT 5 §2.2.2.2]");
        }
        return seen | 1L << id;
    }

    static int nonZero(int value, int property) throws Rejected {
        if (value == 0) {
            throw reject(ReasonCode.PROTOCOL_ERROR, "property " + property + " with value 0");
        }
        return value;
    }

    static boolean bool(ByteBuf in, int end, int property) throws Rejected {
        int value = unsignedByte(in, end);
        if (value > 1) {
            throw reject(ReasonCode.PROTOCOL_ERROR, "property " + property + " with value " + value);
        }
        return value == 1;
    }

    static int variableByteInteger(ByteBuf in, int end) throws Rejected {
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

    static int packetId(ByteBuf in, int end) throws Rejected {
        int id = unsignedShort(in, end);
        if (id == 0) {
            throw reject(ReasonCode.PROTOCOL_ERROR, "Packet Identifier 0 [MQTT-2.2.1-3]");
        }
        return id;
    }

    static int unsignedByte(ByteBuf in, int end) throws Rejected {
        require(in, end, 1);
        return in.readUnsignedByte();
    }

    static int unsignedShort(ByteBuf in, int end) throws Rejected {
        require(in, end, 2);
        return in.readUnsignedShort();
    }

    static long unsignedInt(ByteBuf in, int end) throws Rejected {
        require(in, end, 4);
        return in.readUnsignedInt();
    }

    static String string(ByteBuf in, int end) throws Rejected {
        int length = skipString(in, end);
        return length == 0 ? "" : in.toString(in.readerIndex() - length, length, StandardCharsets.UTF_8);
    }

    /** Reads a UTF-8 Encoded String for its form only, and says how many bytes it has. */
    static int skipString(ByteBuf in, int end) throws Rejected {
        int length = unsignedShort(in, end);
        require(in, end, length);
        var scratch = SCRATCH.get();
        in.readBytes(scratch, 0, length);
        if (!Utf8.isWellFormed(scratch, 0, length)) {
            throw reject(ReasonCode.MALFORMED_PACKET, "a string that is not well-formed UTF-8 [MQTT-1.5.4-1]");
        }
        return length;
    }

    static void skipStringPair(ByteBuf in, int end) throws Rejected {
        skipString(in, end);
        skipString(in, end);
    }

    static byte[] binary(ByteBuf in, int end) throws Rejected {
        int length = unsignedShort(in, end);
        require(in, end, length);
        var bytes = new byte[length];
        in.readBytes(bytes);
        return bytes;
    }

    static void skipBinary(ByteBuf in, int end) throws Rejected {
        int length = unsignedShort(in, end);
        require(in, end, length);
        in.skipBytes(length);
    }

    static void require(ByteBuf in, int end, int bytes) throws Rejected {
        if (end - in.readerIndex() < bytes) {
            throw reject(ReasonCode.MALFORMED_PACKET, "a field that ends behind its packet");
        }
    }

    static Rejected notAllowed(int property) {
        return reject(ReasonCode.MALFORMED_PACKET, "property " + property + " in this packet [MQTT 5 §2.2.2.2]");
    }

    /** Beyond a limit of ours, not of the protocol. */
    static Rejected tooMany(String detail) {
        return reject(ReasonCode.QUOTA_EXCEEDED, detail);
    }

    /** Says how many Topic Filters were read of one packet, before the next is. */
    static void requireRoomForFilter(int count) throws Rejected {
        if (count == MAX_FILTERS) {
            throw tooMany("more than " + MAX_FILTERS + " Topic Filters in one packet");
        }
    }

    static Rejected reject(ReasonCode reason, String detail) {
        return new Rejected(reason, detail);
    }

    /** Leaves the depth of a packet; never leaves the decoder. */
    static final class Rejected extends Exception {
        static final long serialVersionUID = 1L;

        final ReasonCode reason;
        final String detail;

        Rejected(ReasonCode reason, String detail) {
            super(detail, null, false, false);
            this.reason = reason;
            this.detail = detail;
        }
    }
}
