package dev.dunlin.engine.fuzz;

import dev.dunlin.engine.codec.MqttDecoder;
import dev.dunlin.engine.packet.MessageProperties;
import dev.dunlin.engine.packet.Packet;
import dev.dunlin.engine.packet.Packet.Auth;
import dev.dunlin.engine.packet.Packet.Connect;
import dev.dunlin.engine.packet.Packet.Malformed;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.Will;
import dev.dunlin.engine.topic.TopicCache;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Compares the decoder with itself: bytes that come in one piece, in a buffer outside of the heap, and the same bytes in
 * random pieces, on the heap, have to give the same packets and the same end.
 */
final class DecoderFuzz {
    private static final int CONNECT_LIMIT = 128 * 1024;
    private static final int LIMIT = 32 * 1024;
    private static final int SPLITS = 3;

    private final long seed;
    private final TopicCache topicsOfWhole = new TopicCache();
    private final TopicCache topicsOfPieces = new TopicCache();
    private ByteBuf outside = buffer(ByteBuffer.allocateDirect(64 * 1024));
    private long sequences;
    private long packets;
    private long malformed;

    DecoderFuzz(long seed) {
        this.seed = seed;
    }

    /** Runs until so many packets were read, those included that were malformed and ended their sequence. */
    void run(long wantedPackets) {
        while (packets < wantedPackets) {
            var sequence = new Sequence(seed, sequences);
            try {
                compare(sequence);
            } catch (RuntimeException | AssertionError fault) {
                throw new AssertionError(
                        "With seed=%d, sequence %d: %s"
                                .formatted(seed, sequences, HexFormat.of().formatHex(sequence.bytes())),
                        fault);
            }
            sequences++;
        }
    }

    long sequences() {
        return sequences;
    }

    long packets() {
        return packets;
    }

    /** Sequences that ended with a packet that is none. */
    long malformed() {
        return malformed;
    }

    private void compare(Sequence sequence) {
        var bytes = sequence.bytes();
        if (bytes.length > outside.capacity()) {
            outside = buffer(ByteBuffer.allocateDirect(2 * bytes.length));
        }
        var whole = new Reading(topicsOfWhole, outside.clear());
        whole.read(bytes);
        packets += whole.packets.size();
        malformed += whole.isEnded ? 1 : 0;
        for (int i = 0; i < SPLITS; i++) {
            var pieces = new Reading(topicsOfPieces, buffer(ByteBuffer.allocate(bytes.length)));
            for (var piece : sequence.pieces()) {
                pieces.read(piece);
            }
            if (!pieces.described.equals(whole.described)) {
                throw new AssertionError("In one piece " + whole.packets + ", in several " + pieces.packets);
            }
        }
    }

    /** Over {@code memory}, empty: the leak detector, which would take most of the time, does not follow such a one. */
    private static ByteBuf buffer(ByteBuffer memory) {
        return Unpooled.wrappedBuffer(memory).clear();
    }

    /** What one decoder made of what it was given. */
    private static final class Reading {
        private final MqttDecoder decoder;
        private final List<Packet> packets = new ArrayList<>();
        private final List<Object> described = new ArrayList<>();
        private final ByteBuf left;
        private boolean isEnded;

        /** @param left empty, to put what comes into */
        Reading(TopicCache topics, ByteBuf left) {
            this.left = left;
            decoder = new MqttDecoder(CONNECT_LIMIT, () -> 0, topics);
        }

        void read(byte[] arrived) {
            left.writeBytes(arrived);
            while (!isEnded) {
                int before = left.readerIndex();
                var packet = decoder.decode(left);
                if (packet == null) {
                    check(left.readerIndex() == before, "bytes are gone of a packet that is not complete");
                    return;
                }
                check(left.readerIndex() > before || packet instanceof Malformed, "a packet of no bytes");
                packets.add(packet);
                described.add(describe(packet));
                isEnded = packet instanceof Malformed;
                if (packet instanceof Connect) {
                    decoder.limit(LIMIT);
                }
            }
        }

        private static void check(boolean isRight, String fault) {
            if (!isRight) {
                throw new AssertionError(fault);
            }
        }
    }

    /** Something that equals what the same packet gives: arrays do not equal each other by themselves. */
    private static Object describe(Packet packet) {
        if (packet instanceof Publish publish) {
            return List.of(
                    publish.topic(),
                    Arrays.hashCode(publish.payload()),
                    publish.payload().length,
                    publish.qos(),
                    publish.retain(),
                    publish.dup(),
                    publish.packetId(),
                    describe(publish.properties()),
                    publish.expiresAtNanos());
        }
        if (packet instanceof Connect connect) {
            return Arrays.asList(
                    connect.version(),
                    connect.cleanStart(),
                    connect.keepAliveSeconds(),
                    connect.clientId(),
                    connect.sessionExpirySeconds(),
                    connect.receiveMaximum(),
                    connect.maximumPacketSize(),
                    connect.topicAliasMaximum(),
                    connect.requestProblemInformation(),
                    connect.authenticationMethod(),
                    Arrays.hashCode(connect.authenticationData()),
                    describe(connect.will()),
                    connect.userName(),
                    Arrays.hashCode(connect.password()));
        }
        if (packet instanceof Auth auth) {
            return Arrays.asList(auth.reason(), auth.method(), Arrays.hashCode(auth.data()));
        }
        return packet;
    }

    private static @Nullable Object describe(@Nullable Will will) {
        return will == null
                ? null
                : List.of(
                        will.topic(),
                        Arrays.hashCode(will.payload()),
                        will.qos(),
                        will.retain(),
                        describe(will.properties()),
                        will.delaySeconds());
    }

    private static Object describe(MessageProperties properties) {
        return List.of(Arrays.hashCode(properties.forwarded()), properties.expirySeconds());
    }
}
