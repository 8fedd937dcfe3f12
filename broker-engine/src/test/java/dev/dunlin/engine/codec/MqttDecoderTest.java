package dev.dunlin.engine.codec;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.packet.Packet;
import dev.dunlin.engine.packet.Packet.Connect;
import dev.dunlin.engine.packet.Packet.Malformed;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.topic.TopicCache;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.mqtt.MqttMessage;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class MqttDecoderTest {
    private static final int LIMIT = 4_096;

    private static byte[] connect(MqttVersion version) {
        return WireConnect.of(version, "client").encode();
    }

    private static MqttDecoder connected(MqttVersion version) {
        var decoder = new MqttDecoder(LIMIT, System::nanoTime, new TopicCache());
        assertThat(decoder.decode(Unpooled.wrappedBuffer(connect(version)))).isInstanceOf(Connect.class);
        return decoder;
    }

    private static @Nullable Packet decode(MqttVersion version, String hex) {
        return connected(version).decode(Unpooled.wrappedBuffer(Wire.hex(hex)));
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void readsPacketsHoweverTheyAreCut(MqttVersion version) {
        // given packets one behind the other
        var stream = Wire.concat(
                connect(version),
                Wire.publish(version, "plant/boiler", "21.5", 1, true, 7),
                Wire.subscribe(version, 8, 2, "plant/#", "+/state"),
                Wire.pingreq());
        for (int cut = 0; cut <= stream.length; cut++) {
            // when they arrive in two pieces
            var decoder = new MqttDecoder(LIMIT, System::nanoTime, new TopicCache());
            var in = Unpooled.buffer();
            var packets = new ArrayList<Packet>();
            in.writeBytes(stream, 0, cut);
            readAll(decoder, in, packets);
            in.writeBytes(stream, cut, stream.length - cut);
            readAll(decoder, in, packets);
            // then they are the same
            assertThat(packets).as("cut at %d", cut).hasSize(4);
            var publish = (Publish) packets.get(1);
            assertThat(publish.topic().toString()).isEqualTo("plant/boiler");
            assertThat(publish.payload()).asString().isEqualTo("21.5");
            assertThat(publish.packetId()).isEqualTo(7);
            assertThat(publish.retain()).isTrue();
            assertThat(((Packet.Subscribe) packets.get(2)).requests()).hasSize(2);
        }
    }

    private static void readAll(MqttDecoder decoder, ByteBuf in, List<Packet> packets) {
        for (var packet = decoder.decode(in); packet != null; packet = decoder.decode(in)) {
            packets.add(packet);
        }
    }

    @Test
    void refusesALargePacketByItsAnnouncedLength() {
        var decoder = connected(MqttVersion.V5);
        assertThat(decoder.decode(Unpooled.wrappedBuffer(Wire.hex("30 ff ff ff 7f"))))
                .isInstanceOfSatisfying(
                        Malformed.class,
                        refused -> assertThat(refused.reason()).isEqualTo(ReasonCode.PACKET_TOO_LARGE));
    }

    @ParameterizedTest
    @ValueSource(strings = {"00", "10", "30", "c0", "82", "f0", "47 45 54 20"})
    void refusesByItsFirstByteWhatIsNoConnect(String hex) {
        var decoder = new MqttDecoder(LIMIT, System::nanoTime, new TopicCache());
        boolean isConnect = hex.equals("10");
        var packet = decoder.decode(Unpooled.wrappedBuffer(Wire.hex(hex)));
        assertThat(packet instanceof Malformed).isEqualTo(!isConnect);
    }

    @ParameterizedTest
    @CsvSource({
        "V3_1_1, 36 03 00 01 61, QoS 3",
        "V3_1_1, 38 03 00 01 61, DUP at QoS 0",
        "V3_1_1, 32 05 00 01 61 00 00, packet id 0",
        "V3_1_1, 30 03 00 01 2b, wildcard +",
        "V3_1_1, 30 03 00 01 23, wildcard #",
        "V3_1_1, 30 03 00 01 00, U+0000",
        "V3_1_1, 30 05 00 03 ed a0 80, surrogate",
        "V3_1_1, 30 04 00 02 c0 80, overlong",
        "V3_1_1, 30 03 00 01 ff, no UTF-8",
        "V3_1_1, 30 06 00 04 f4 90 80 80, beyond U+10FFFF",
        "V3_1_1, 30 03 00 05 61, topic behind the end",
        "V3_1_1, 30 02 00 00, empty topic",
        "V5, 30 03 00 00 00, neither topic nor alias",
        "V5, 30 06 00 00 03 23 00 00, alias 0",
        "V5, 30 06 00 00 03 23 00 01, unknown alias",
        "V5, 30 06 00 00 03 23 ff ff, alias too high",
        "V5, 30 08 00 01 61 04 01 00 01 00, property twice",
        "V5, 30 06 00 01 61 02 01 02, payload format 2",
        "V5, 30 06 00 01 61 02 0b 01, subscription id from a client",
        "V5, 30 06 00 01 61 02 7f 00, unknown property",
        "V5, 30 05 00 01 61 7f 00, properties longer than the packet",
        "V5, 30 05 00 01 61 80 00, length that is not minimal",
        "V3_1_1, 40 03 00 01 00, long PUBACK before 5",
        "V3_1_1, 42 02 00 01, flags of PUBACK",
        "V3_1_1, 60 02 00 01, flags of PUBREL",
        "V5, 40 03 00 01 01, reason code of PUBACK",
        "V3_1_1, 80 06 00 01 00 01 61 00, flags of SUBSCRIBE",
        "V3_1_1, 82 02 00 01, no filter",
        "V3_1_1, 82 06 00 01 00 01 61 03, QoS 3 asked for",
        "V3_1_1, 82 06 00 01 00 01 61 04, reserved option before 5",
        "V5, 82 07 00 01 00 00 01 61 c0, reserved option",
        "V5, 82 07 00 01 00 00 01 61 30, retain handling 3",
        "V5, 82 09 00 01 02 0b 00 00 01 61 00, subscription id 0",
        "V5, 82 13 00 01 00 00 0b 24 73 68 61 72 65 2f 67 2f 61 61 61 04 00, no local on a shared subscription",
        "V3_1_1, a2 02 00 01, no filter to unsubscribe",
        "V3_1_1, c1 00, flags of PINGREQ",
        "V3_1_1, c0 01 00, long PINGREQ",
        "V3_1_1, e0 01 00, long DISCONNECT before 5",
        "V5, e0 01 01, reason code of DISCONNECT",
        "V3_1_1, f0 00, AUTH before 5",
        "V3_1_1, 20 02 00 00, CONNACK from a client",
        "V3_1_1, 90 03 00 01 00, SUBACK from a client",
        "V3_1_1, d0 00, PINGRESP from a client",
        "V3_1_1, 00 00, packet type 0"
    })
    void refusesWhatNoClientMaySend(MqttVersion version, String hex, String what) {
        assertThat(decode(version, hex)).as(what).isInstanceOf(Malformed.class);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void refusesASecondConnect(MqttVersion version) {
        assertThat(connected(version).decode(Unpooled.wrappedBuffer(connect(version))))
                .isInstanceOf(Malformed.class);
    }

    @Test
    void keepsPropertiesThatTravelAsTheyCameAndInTheirOrder() {
        // given user properties around an alias and an expiry, which stay behind
        var travels = Wire.concat(
                Wire.hex("26"), Wire.string("b"), Wire.string("2"), Wire.hex("03"), Wire.string("text/plain"));
        var last = Wire.concat(Wire.hex("26"), Wire.string("a"), Wire.string("1"));
        var properties = Wire.concat(travels, Wire.hex("23 00 05"), Wire.hex("02 00 00 00 3c"), last);
        var packet = Wire.packet(0x30, Wire.string("a"), Wire.counted(properties), Wire.bytes('x'));
        // when
        var publish = (Publish) connected(MqttVersion.V5).decode(Unpooled.wrappedBuffer(packet));
        // then
        assertThat(publish).isNotNull();
        assertThat(publish.properties().forwarded()).isEqualTo(Wire.concat(travels, last));
        assertThat(publish.properties().expirySeconds()).isEqualTo(60);
        assertThat(publish.payload()).asString().isEqualTo("x");
    }

    /**
     * Mutated packets, beside netty-codec-mqtt's decoder: whatever ours accepts, Netty's accepts too, but for what the
     * specification allows and Netty does not; nothing throws; nothing is read beyond its packet.
     */
    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void acceptsNothingMutatedThatNettyRefuses(MqttVersion version) {
        long seed = System.nanoTime();
        var random = new Random(seed);
        var samples = List.of(
                Wire.publish(version, "plant/boiler", "21.5", 1, true, 7),
                Wire.publish(version, "plant/kühl", "", 0, false, 0),
                Wire.subscribe(version, 8, 2, "plant/#", "+/state"),
                Wire.unsubscribe(version, 9, "plant/#"),
                Wire.acknowledge(4, 1),
                Wire.acknowledge(5, 2),
                Wire.acknowledge(6, 3),
                Wire.acknowledge(7, 4),
                Wire.disconnect(),
                Wire.pingreq());
        for (int round = 0; round < 30_000; round++) {
            var bytes = mutate(random, samples.get(random.nextInt(samples.size())));
            var in = Unpooled.wrappedBuffer(bytes);
            var ours = connected(version).decode(in);
            if (ours != null && !(ours instanceof Malformed)) {
                var consumed = Arrays.copyOf(bytes, in.readerIndex());
                assertThat(nettyAccepts(version, consumed))
                        .as("seed %d, %s: %s", seed, version, HexFormat.of().formatHex(consumed))
                        .isTrue();
            }
        }
    }

    private static byte[] mutate(Random random, byte[] sample) {
        var bytes = sample.clone();
        int changes = 1 + random.nextInt(3);
        for (int i = 0; i < changes; i++) {
            bytes[random.nextInt(bytes.length)] =
                    random.nextBoolean() ? (byte) random.nextInt(256) : (byte) random.nextInt(8);
        }
        return random.nextInt(4) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length) + 1) : bytes;
    }

    private static boolean nettyAccepts(MqttVersion version, byte[] packet) {
        var channel = new EmbeddedChannel(new io.netty.handler.codec.mqtt.MqttDecoder(LIMIT));
        try {
            channel.writeInbound(Unpooled.wrappedBuffer(connect(version)));
            channel.<MqttMessage>readInbound();
            channel.writeInbound(Unpooled.wrappedBuffer(packet));
            MqttMessage message = channel.readInbound();
            boolean isDupOfMqtt31 = version == MqttVersion.V3_1 && (packet[0] & 0x0F) == 0x0A;
            boolean accepted =
                    isDupOfMqtt31 || message != null && message.decoderResult().isSuccess();
            ReferenceCountUtil.release(message);
            return accepted;
        } finally {
            channel.finishAndReleaseAll();
        }
    }
}
