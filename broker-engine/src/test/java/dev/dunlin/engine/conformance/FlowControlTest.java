package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Receive Maximum and Maximum Packet Size, both ways (MQTT 5 §4.9, §3.1.2.11.4). */
class FlowControlTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    private WireClient connectTaking(String clientId, int receiveMaximum) {
        return connect(taking(WireConnect.of(V5, clientId).as(device), receiveMaximum));
    }

    private static WireConnect taking(WireConnect connect, int receiveMaximum) {
        return connect.properties(connect.properties(), Mqtt5.int16(Mqtt5.RECEIVE_MAXIMUM, receiveMaximum));
    }

    // Receive Maximum of the client

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7})
    @Conformance({"MQTT 5 [MQTT-3.3.4-9]", "MQTT 5 [MQTT-4.9.0-1]", "MQTT 5 [MQTT-4.9.0-2]"})
    void holdsBackMessagesBeyondReceiveMaximumUntilAcknowledged(int maximum) {
        // given
        var client = connectTaking("boiler", maximum);
        client.subscribe(2, "plant/#");
        var publisher = connect(V5, "pub");
        // when
        for (int i = 0; i < 20; i++) {
            publisher.publish("plant/a", String.valueOf(i), 1 + i % 2, false);
        }
        // then
        var first = client.ping();
        assertThat(first).hasSize(maximum);
        // and each that is acknowledged to the end makes room for one
        int next = maximum;
        var unacknowledged = new java.util.ArrayDeque<>(first);
        while (next < 20) {
            var message = unacknowledged.remove();
            if (message.qos() == 1) {
                client.send(Wire.acknowledge(WirePacket.PUBACK, message.packetId()));
            } else {
                client.send(Wire.acknowledge(WirePacket.PUBREC, message.packetId()));
                client.expect(WirePacket.PUBREL);
                assertThat(client.ping()).isEmpty();
                client.send(Wire.acknowledge(WirePacket.PUBCOMP, message.packetId()));
            }
            var more = client.ping();
            assertThat(payloads(more)).containsExactly(String.valueOf(next++));
            unacknowledged.addAll(more);
        }
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.4-9]", "MQTT 5 [MQTT-4.4.0-2]"})
    void countsARefusedMessageAsDone() {
        var client = connectTaking("boiler", 1);
        client.subscribe(2, "plant/#");
        var publisher = connect(V5, "pub");
        for (int i = 0; i < 3; i++) {
            publisher.publish("plant/a", String.valueOf(i), 2, false);
        }
        for (int i = 0; i < 3; i++) {
            var message = client.expect(WirePacket.PUBLISH);
            assertThat(message.payload()).isEqualTo(String.valueOf(i));
            client.send(Mqtt5.acknowledge(WirePacket.PUBREC, message.packetId(), 0x80));
        }
        assertThat(client.ping()).isEmpty();
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.4-10]", "MQTT 5 [MQTT-4.9.0-3]"})
    void holdsNothingElseBack() {
        // given a client whose window is full
        var client = connectTaking("boiler", 1);
        client.subscribe(1, "plant/#");
        var publisher = connect(V5, "pub");
        publisher.publish("plant/a", "1", 1, false);
        publisher.publish("plant/a", "2", 1, false);
        client.expect(WirePacket.PUBLISH);
        // then all else goes on: QoS 0, its own messages, subscriptions, pings
        publisher.publish("plant/a", "qos 0", 0, false);
        assertThat(client.expect(WirePacket.PUBLISH).payload()).isEqualTo("qos 0");
        assertThat(client.publish("other", "m", 1, false)).isZero();
        assertThat(client.publish("other", "m", 2, false)).isZero();
        assertThat(client.subscribe(0, "more")).isZero();
        assertThat(client.ping()).isEmpty();
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.4-9]", "MQTT 5 [MQTT-4.4.0-1]"})
    void countsAnewOnEachConnection() {
        // given four on their way to a client that took four
        var client = connect(taking(keeping(V5, "boiler"), 4));
        client.subscribe(1, "plant/#");
        var publisher = connect(V5, "pub");
        for (int i = 1; i <= 6; i++) {
            publisher.publish("plant/a", String.valueOf(i), 1, false);
        }
        assertThat(moreFrom(publisher, client)).hasSize(4);
        client.close();
        // when it comes again and takes two
        var again = connect(taking(keeping(V5, "boiler"), 2));
        // then
        var received = new ArrayList<>(again.ping());
        assertThat(received).hasSize(2);
        for (int i = 0; i < 6; i++) {
            again.send(Wire.acknowledge(WirePacket.PUBACK, received.get(i).packetId()));
            var more = again.ping();
            assertThat(more).hasSizeLessThanOrEqualTo(1);
            received.addAll(more);
        }
        assertThat(payloads(received)).containsExactly("1", "2", "3", "4", "5", "6");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void deliversFarMoreThanFitsInFlight(MqttVersion version) {
        // given a client that acknowledges late
        var client = connect(version, "boiler");
        client.subscribe(1, "plant/#");
        var publisher = connect(version, "pub");
        for (int i = 1; i <= 5_000; i++) {
            publisher.send(Wire.publish(version, "plant/a", String.valueOf(i), 1, false, i));
        }
        for (int i = 1; i <= 5_000; i++) {
            publisher.expect(WirePacket.PUBACK);
        }
        // then
        for (int i = 1; i <= 5_000; i++) {
            assertThat(client.receiveMessage().payload()).isEqualTo(String.valueOf(i));
        }
    }

    // Receive Maximum of the server

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.4-7]", "MQTT 5 §4.9", "MQTT 5 §3.3.4"})
    void closesOnMoreUnreleasedMessagesThanItTakes() {
        // given
        var client = open();
        var connack = client.login(WireConnect.of(V5, "boiler").as(device));
        int maximum = Integer.parseInt(Mqtt5.requiredProperty(connack, Mqtt5.RECEIVE_MAXIMUM));
        // when so many come
        for (int i = 1; i <= maximum; i++) {
            client.send(Wire.publish(V5, "plant/a", "m", 2, false, i));
        }
        for (int i = 1; i <= maximum; i++) {
            assertThat(client.expect(WirePacket.PUBREC).reason()).isZero();
        }
        // then one again is no more, and one that makes room for another is not either
        client.send(Wire.publish(V5, "plant/a", "m", 2, false, 1));
        client.expect(WirePacket.PUBREC);
        client.send(Wire.acknowledge(WirePacket.PUBREL, 1), Wire.publish(V5, "plant/a", "m", 2, false, 1));
        client.expect(WirePacket.PUBCOMP);
        client.expect(WirePacket.PUBREC);
        // but one more is
        client.send(Wire.publish(V5, "plant/a", "m", 2, false, maximum + 1));
        assertThat(client.awaitClose()).extracting(WirePacket::reason).containsExactly(0x93);
    }

    // Maximum Packet Size

    @Test
    @Conformance({"MQTT 5 [MQTT-3.1.2-24]", "MQTT 5 [MQTT-3.1.2-25]"})
    void sendsNoMessageThatIsLargerThanTheClientTakes() {
        // given a client that takes 100 bytes, and one that takes any
        var client = connect(
                WireConnect.of(V5, "boiler").as(device).properties(Mqtt5.int32(Mqtt5.MAXIMUM_PACKET_SIZE, 100)));
        client.subscribe(2, "plant/#");
        var other = connect(V5, "other");
        other.subscribe(2, "plant/#");
        var publisher = connect(V5, "pub");
        for (int qos = 0; qos <= 2; qos++) {
            // 2 fixed header, 2 + 7 topic, packet id, 1 property length
            int fits = 100 - 12 - (qos > 0 ? 2 : 0);
            publisher.publish("plant/a", "x".repeat(fits), qos, false);
            publisher.publish("plant/a", "x".repeat(fits + 1), qos, false);
            publisher.publish("plant/a", "y", qos, false);
            assertThat(client.receiveMessage().body()).hasSize(98);
            assertThat(client.receiveMessage().payload()).isEqualTo("y");
            for (int i = 0; i < 3; i++) {
                other.receiveMessage();
            }
        }
        // and the tenant learns of it
        await().untilAsserted(() -> assertThat(incidents()).isNotEmpty().allSatisfy(incident -> {
            assertThat(incident.reason()).isEqualTo(Incident.Reason.PACKET_TOO_LARGE);
            assertThat(incident.kind()).isEqualTo(Incident.Kind.DELIVER);
            assertThat(incident.clientId()).isEqualTo("boiler");
        }));
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.1.2-25]", "MQTT 5 [MQTT-3.1.2-24]"})
    void passesOverWhatIsTooLargeForALaterConnection() {
        // given a message in flight and one in the queue
        var client = connect(taking(keeping(V5, "boiler"), 1));
        client.subscribe(1, "plant/#");
        var publisher = connect(V5, "pub");
        publisher.publish("plant/a", "x".repeat(500), 1, false);
        publisher.publish("plant/a", "x".repeat(500), 1, false);
        publisher.publish("plant/a", "short", 1, false);
        client.expect(WirePacket.PUBLISH);
        client.close();
        // when the client comes with less room
        var connect = taking(keeping(V5, "boiler"), 1);
        var again = connect(connect.properties(connect.properties(), Mqtt5.int32(Mqtt5.MAXIMUM_PACKET_SIZE, 200)));
        // then
        assertThat(again.receiveMessage().payload()).isEqualTo("short");
        assertThat(again.ping()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"boiler, 11", "'', 36"})
    @Conformance("MQTT 5 [MQTT-3.1.2-24]")
    void letsNobodyInWhoDoesNotTakeConnack(String clientId, int connackBytes) {
        var connect = WireConnect.of(V5, clientId).as(device);
        // given a client that takes just the CONNACK
        var client = open();
        var connack = client.login(connect.properties(Mqtt5.int32(Mqtt5.MAXIMUM_PACKET_SIZE, connackBytes)));
        assertThat(connack.reason()).isZero();
        assertThat(connack.body()).hasSize(connackBytes - 2);
        // when another takes less, then it gets a shorter one
        var narrow = open();
        connack = narrow.login(connect.properties(Mqtt5.int32(Mqtt5.MAXIMUM_PACKET_SIZE, connackBytes - 1)));
        assertThat(connack.reason()).isEqualTo(0x95);
        narrow.awaitClose();
        // or none, and its tenant learns of it
        var narrower = open();
        narrower.send(
                connect.properties(Mqtt5.int32(Mqtt5.MAXIMUM_PACKET_SIZE, 4)).encode());
        assertThat(narrower.awaitClose()).isEmpty();
        assertThat(incidents())
                .extracting(Incident::reason)
                .containsOnly(Incident.Reason.PACKET_TOO_LARGE)
                .hasSize(2);
        // and has not taken the place of the first
        assertThat(client.ping()).isEmpty();
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.1.2-24]")
    void disconnectsAClientThatDoesNotTakeTheAnswerItAsksFor() {
        // given a client that takes an acknowledgement of 15 filters
        var connect = WireConnect.of(V5, "boiler").as(device).properties(Mqtt5.int32(Mqtt5.MAXIMUM_PACKET_SIZE, 20));
        var client = connect(connect);
        var filters = IntStream.range(0, 16).mapToObj(i -> "plant/" + i).toArray(String[]::new);
        assertThat(client.subscribe(1, Arrays.copyOf(filters, 15))).isEqualTo(1);
        client.send(Wire.unsubscribe(V5, 2, Arrays.copyOf(filters, 15)));
        assertThat(client.expect(WirePacket.UNSUBACK).body()).hasSize(18);
        // when it names one more
        client.send(Wire.subscribe(V5, 3, 1, filters));
        assertThat(client.awaitClose()).extracting(WirePacket::reason).containsExactly(0x95);
        var again = connect(connect);
        again.send(Wire.unsubscribe(V5, 1, filters));
        assertThat(again.awaitClose()).extracting(WirePacket::reason).containsExactly(0x95);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 5 [MQTT-3.2.2-15]", "MQTT 5 §3.2.2.3.6"})
    void closesOnAPacketThatIsLargerThanTheTenantMaySend(MqttVersion version) {
        // given
        acme.setLimits(Limits.NONE.packetBytes(200).build());
        var client = open();
        var connack = client.login(WireConnect.of(version, "boiler").as(device));
        if (version.hasProperties()) {
            assertThat(Mqtt5.property(connack, Mqtt5.MAXIMUM_PACKET_SIZE)).isEqualTo("200");
        }
        // when a packet of that size comes, then it is taken
        int overhead = 3 + 9 + 2 + (version.hasProperties() ? 1 : 0);
        assertThat(client.publish("plant/a", "x".repeat(200 - overhead), 1, false))
                .isZero();
        // but not a larger one, whose bytes are not waited for
        client.send(Wire.bytes(0x30), Wire.varint(198));
        var last = client.awaitClose();
        if (version.hasProperties()) {
            assertThat(last).extracting(WirePacket::reason).containsExactly(0x95);
        } else {
            assertThat(last).isEmpty();
        }
        await().untilAsserted(() ->
                assertThat(incidents()).extracting(Incident::reason).containsExactly(Incident.Reason.PACKET_TOO_LARGE));
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void holdsNoMoreThanCameOfAPacketThatIsAnnounced(MqttVersion version) {
        // given a client that announces the largest packet there is
        var client = connect(version, "boiler");
        client.send(Wire.hex("30 FF FF FF 7F 00 01 61"));
        // then others are served
        assertThat(connect(version, "other").ping()).isEmpty();
    }
}
