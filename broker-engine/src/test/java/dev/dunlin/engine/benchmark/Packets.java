package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.testkit.Wire;
import io.netty.buffer.ByteBuf;

/** Where control packets end, and a PUBLISH packet to be sent many times. */
final class Packets {
    static final int CONNECT = 1;
    static final int CONNACK = 2;
    static final int PUBLISH = 3;
    static final int PUBACK = 4;
    static final int PUBREC = 5;
    static final int PUBREL = 6;
    static final int PUBCOMP = 7;
    static final int SUBSCRIBE = 8;
    static final int SUBACK = 9;
    static final int PINGREQ = 12;
    static final int DISCONNECT = 14;

    /** Of every message of every load. */
    static final int PAYLOAD_BYTES = 100;

    private Packets() {}

    /** The length of the fixed header at the reader index, 0 if it is not all there. */
    static int headerBytes(ByteBuf in) {
        for (int i = 1; i < Math.min(5, in.readableBytes()); i++) {
            if (in.getByte(in.readerIndex() + i) >= 0) {
                return i + 1;
            }
        }
        return 0;
    }

    /** Of a packet whose fixed header is there. */
    static int remainingLength(ByteBuf in) {
        int length = 0;
        for (int i = 1; ; i++) {
            byte part = in.getByte(in.readerIndex() + i);
            length |= (part & 0x7F) << (7 * (i - 1));
            if (part >= 0) {
                return length;
            }
        }
    }

    /** A PUBLISH packet with an empty payload of {@value #PAYLOAD_BYTES} bytes, and where packet id and payload stand. */
    record Template(byte[] bytes, int packetIdAt, int payloadAt) {
        static Template of(String topic, int qos, boolean retain) {
            int idBytes = qos > 0 ? 2 : 0;
            var bytes = Wire.packet(
                    0x30 | qos << 1 | (retain ? 1 : 0), Wire.string(topic), new byte[idBytes + PAYLOAD_BYTES]);
            int payloadAt = bytes.length - PAYLOAD_BYTES;
            return new Template(bytes, payloadAt - idBytes, payloadAt);
        }
    }
}
