package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Packets do not care how the network cuts them (MQTT 5 §4.2). */
class FramingTest extends WireScenario {
    private static final int LARGE = 100_000;

    /** What a client may send in one go, and what it gets for that, as types and identifiers. */
    private static byte[] conversation(MqttVersion version) {
        var out = new ByteArrayOutputStream();
        out.writeBytes(Wire.subscribe(version, 1, 2, "plant/#"));
        out.writeBytes(Wire.publish(version, "plant/a", "m", 0, false, 0));
        out.writeBytes(Wire.publish(version, "plant/a", "x".repeat(200), 1, false, 2));
        out.writeBytes(Wire.publish(version, "plant/a", "", 2, false, 3));
        out.writeBytes(Wire.acknowledge(WirePacket.PUBREL, 3));
        out.writeBytes(Wire.unsubscribe(version, 4, "plant/#"));
        out.writeBytes(Wire.publish(version, "plant/a", "x".repeat(LARGE), 1, false, 5));
        out.writeBytes(Wire.pingreq());
        return out.toByteArray();
    }

    private static void assertAnswered(WireClient client) {
        client.expect(WirePacket.SUBACK);
        int publishes = 0;
        int others = 0;
        var order = new int[] {
            WirePacket.PUBACK,
            WirePacket.PUBREC,
            WirePacket.PUBCOMP,
            WirePacket.UNSUBACK,
            WirePacket.PUBACK,
            WirePacket.PINGRESP
        };
        while (others < order.length) {
            var packet = client.receive();
            if (packet.type() == WirePacket.PUBLISH) {
                publishes++;
            } else {
                assertThat(packet.type()).isEqualTo(order[others++]);
            }
        }
        assertThat(publishes).isEqualTo(3);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 5 [MQTT-4.2.0-1]", "MQTT 3.1.1 §4.2"})
    void readsPacketsThatAreJoined(MqttVersion version) {
        var client = open().send(WireConnect.of(version, "boiler").as(device).encode(), conversation(version));
        client.expect(WirePacket.CONNACK);
        assertAnswered(client);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 5 [MQTT-4.2.0-1]", "MQTT 3.1.1 §4.2"})
    void readsPacketsByteByByte(MqttVersion version) {
        var client = open();
        var bytes = Wire.concat(WireConnect.of(version, "boiler").as(device).encode(), conversation(version));
        int slow = bytes.length - LARGE;
        for (int i = 0; i < slow; i++) {
            client.send(new byte[] {bytes[i]});
        }
        client.send(Arrays.copyOfRange(bytes, slow, bytes.length));
        client.expect(WirePacket.CONNACK);
        assertAnswered(client);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 5 [MQTT-4.2.0-1]", "MQTT 3.1.1 §4.2"})
    void readsPacketsThatAreCutAnywhere(MqttVersion version) {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int round = 0; round < 20; round++) {
            var client = connect(version, "boiler");
            var bytes = conversation(version);
            int from = 0;
            while (from < bytes.length) {
                int step = 1 + random.nextInt(random.nextBoolean() ? 16 : 40_000);
                int to = Math.min(bytes.length, from + step);
                client.send(Arrays.copyOfRange(bytes, from, to));
                from = to;
            }
            try {
                assertAnswered(client);
                client.disconnect(); // or the next would take over from it
            } catch (AssertionError failed) {
                throw new AssertionError("With seed " + seed, failed);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void closesInTheMiddleOfWhatIsJoined(MqttVersion version) {
        // given a subscriber
        var subscriber = connect(version, "sub");
        subscriber.subscribe(0, "plant/#");
        // when a packet that is none stands between two that are
        var client = connect(version, "boiler");
        client.send(
                Wire.publish(version, "plant/a", "before", 0, false, 0),
                Wire.bytes(0, 0),
                Wire.publish(version, "plant/a", "behind", 0, false, 0));
        client.awaitClose();
        // then the one before counts, and none behind
        assertThat(payloads(moreFrom(connect(version, "pub"), subscriber))).containsExactly("before");
    }
}
