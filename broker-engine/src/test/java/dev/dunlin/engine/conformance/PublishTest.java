package dev.dunlin.engine.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** PUBLISH at QoS 0 and 1, order, and delivery again (MQTT 5 §3.3, §4.3 to §4.6). */
class PublishTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.8.4-6]",
        "MQTT 5 [MQTT-3.8.4-8]",
        "MQTT 3.1.1 [MQTT-3.3.4-1]",
        "MQTT 5 [MQTT-3.3.4-1]",
        "MQTT 3.1.1 [MQTT-4.3.1-1]",
        "MQTT 5 [MQTT-4.3.1-1]",
        "MQTT 3.1.1 [MQTT-4.3.2-1]",
        "MQTT 5 [MQTT-4.3.2-2]",
        "MQTT 3.1.1 [MQTT-4.3.3-1]",
        "MQTT 5 [MQTT-4.3.3-2]",
        "MQTT 5 [MQTT-2.2.1-2]",
        "MQTT 3.1.1 [MQTT-2.3.1-5]",
        "MQTT 3.1 §3.8-2",
        "MQTT 3.1 §4.1-1"
    })
    void deliversAtTheLowerQosOfPublisherAndSubscription(MqttVersion version) {
        var publisher = connect(version, "pub");
        for (int granted = 0; granted <= 2; granted++) {
            var subscriber = connect(version, "sub");
            subscriber.subscribe(granted, "plant/#");
            for (var receiver : MqttVersion.values()) {
                var other = connect(receiver, "sub in " + receiver);
                other.subscribe(granted, "plant/#");
                for (int qos = 0; qos <= 2; qos++) {
                    // when
                    publisher.publish("plant/a", "qos " + qos, qos, false);
                    // then
                    for (var client : List.of(subscriber, other)) {
                        var message = client.receiveMessage();
                        assertThat(message.qos()).isEqualTo(Math.min(qos, granted));
                        assertThat(message.payload()).isEqualTo("qos " + qos);
                        assertThat(message.topic()).isEqualTo("plant/a");
                        assertThat(message.isDuplicate()).isFalse();
                        assertThat(message.isRetained()).isFalse();
                    }
                }
                other.disconnect();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-4.3.2-2]",
        "MQTT 5 [MQTT-4.3.2-4]",
        "MQTT 3.1.1 [MQTT-2.3.1-6]",
        "MQTT 5 [MQTT-2.2.1-5]",
        "MQTT 5 [MQTT-4.3.2-5]",
        "MQTT 5 [MQTT-3.4.2-1]",
        "MQTT 3.1 §4.1-2"
    })
    void acknowledgesEachMessageByItsIdentifierAndTakesTheNextWithItForANewOne(MqttVersion version) {
        // given
        var subscriber = connect(version, "sub");
        subscriber.subscribe(0, "plant/#");
        var publisher = connect(version, "pub");
        for (int packetId : new int[] {1, 7, 65_535}) {
            for (int dup : new int[] {0, 8}) {
                // when, DUP set or not
                var publish = Wire.publish(version, "plant/a", "m", 1, false, packetId);
                publish[0] |= (byte) dup;
                publisher.send(publish);
                // then
                assertThat(publisher.expect(WirePacket.PUBACK).packetId()).isEqualTo(packetId);
                assertThat(subscriber.receiveMessage().isDuplicate()).isFalse();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.3.1-3]", "MQTT 5 [MQTT-3.3.1-3]"})
    void doesNotPassTheDupFlagOn(MqttVersion version) {
        var subscriber = connect(version, "sub");
        subscriber.subscribe(2, "plant/#");
        var publisher = connect(version, "pub");
        for (int qos = 1; qos <= 2; qos++) {
            var publish = Wire.publish(version, "plant/a", "m", qos, false, 10 + qos);
            publish[0] |= 8;
            publisher.send(publish);
            assertThat(subscriber.receiveMessage().isDuplicate()).isFalse();
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 5 [MQTT-2.2.1-4]",
        "MQTT 3.1.1 [MQTT-2.3.1-4]",
        "MQTT 5 [MQTT-4.3.2-1]",
        "MQTT 5 [MQTT-4.3.3-1]",
        "MQTT 3.1 §2.4-2"
    })
    void givesEachUnacknowledgedMessageAnIdentifierOfItsOwn(MqttVersion version) {
        // given
        var subscriber = connect(version, "sub");
        subscriber.subscribe(2, "plant/#");
        var publisher = connect(version, "pub");
        // when nothing is acknowledged
        for (int i = 0; i < 500; i++) {
            publisher.send(Wire.publish(version, "plant/a", "m", 1 + i % 2, false, i + 1));
        }
        // then
        var ids = new HashSet<Integer>();
        for (int i = 0; i < 500; i++) {
            ids.add(subscriber.expect(WirePacket.PUBLISH).packetId());
        }
        assertThat(ids).hasSize(500).doesNotContain(0);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-4.6.0-5]",
        "MQTT 3.1.1 [MQTT-4.6.0-6]",
        "MQTT 5 [MQTT-4.6.0-5]",
        "MQTT 5 [MQTT-4.6.0-6]",
        "MQTT 3.1 §4.3-1"
    })
    void keepsTheOrderOfMessagesOfOneQos(MqttVersion version) {
        // given subscribers on both event loops
        var subscribers = List.of(connect(version, "a"), connect(version, "b"), connect(version, "c"));
        subscribers.forEach(subscriber -> subscriber.subscribe(2, "plant/a"));
        var publisher = connect(version, "pub");
        // when
        var batch = new ArrayList<byte[]>();
        for (int i = 0; i < 300; i++) {
            batch.add(Wire.publish(version, "plant/a", String.valueOf(i), i % 3, false, i + 1));
        }
        publisher.send(batch.toArray(byte[][]::new));
        // then
        for (var subscriber : subscribers) {
            var last = new int[] {-1, -1, -1};
            for (int i = 0; i < 300; i++) {
                var message = subscriber.expect(WirePacket.PUBLISH);
                int number = Integer.parseInt(message.payload());
                assertThat(number).isGreaterThan(last[message.qos()]);
                last[message.qos()] = number;
            }
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 5 [MQTT-4.6.0-2]",
        "MQTT 3.1.1 [MQTT-4.6.0-2]",
        "MQTT 5 [MQTT-4.6.0-3]",
        "MQTT 3.1.1 [MQTT-4.6.0-3]"
    })
    void acknowledgesInTheOrderOfTheMessages(MqttVersion version) {
        var publisher = connect(version, "pub");
        var batch = new ArrayList<byte[]>();
        for (int i = 1; i <= 200; i++) {
            batch.add(Wire.publish(version, "plant/a", "m", 1 + i % 2, false, i));
        }
        publisher.send(batch.toArray(byte[][]::new));
        for (int i = 1; i <= 200; i++) {
            var answer = publisher.expect(i % 2 == 0 ? WirePacket.PUBACK : WirePacket.PUBREC);
            assertThat(answer.packetId()).isEqualTo(i);
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.3.1-1]",
        "MQTT 5 [MQTT-3.3.1-1]",
        "MQTT 3.1.1 [MQTT-4.4.0-1]",
        "MQTT 5 [MQTT-4.4.0-1]",
        "MQTT 5 [MQTT-4.3.2-3]",
        "MQTT 5 [MQTT-4.3.3-3]",
        "MQTT 3.1.1 [MQTT-4.6.0-1]",
        "MQTT 5 [MQTT-4.6.0-1]",
        "MQTT 3.1 §4.2-1"
    })
    void sendsWhatIsNotAcknowledgedAgainInItsOrder(MqttVersion version) {
        // given a client that acknowledges only the second of four
        var client = connect(keeping(version, "boiler"));
        client.subscribe(2, "plant/#");
        var publisher = connect(version, "pub");
        var ids = new ArrayList<Integer>();
        for (int i = 1; i <= 4; i++) {
            publisher.publish("plant/a", String.valueOf(i), i % 2 == 0 ? 1 : 2, false);
            ids.add(client.expect(WirePacket.PUBLISH).packetId());
        }
        client.send(Wire.acknowledge(WirePacket.PUBACK, ids.get(1)));
        assertThat(client.ping()).isEmpty();
        client.disconnect(); // and is gone before the next comes
        // when
        publisher.publish("plant/a", "5", 1, false);
        var again = connect(keeping(version, "boiler"));
        // then
        for (int i : new int[] {1, 3, 4}) {
            var message = again.expect(WirePacket.PUBLISH);
            assertThat(message.payload()).isEqualTo(String.valueOf(i));
            assertThat(message.packetId()).isEqualTo(ids.get(i - 1));
            assertThat(message.isDuplicate()).isTrue();
            assertThat(message.qos()).isEqualTo(i % 2 == 0 ? 1 : 2);
        }
        var first = again.expect(WirePacket.PUBLISH);
        assertThat(first.payload()).isEqualTo("5");
        assertThat(first.isDuplicate()).isFalse();
        // and at no other time
        assertThat(again.ping()).isEmpty();
    }

    @Test
    @Conformance("MQTT 5 [MQTT-4.4.0-2]")
    void sendsNothingAgainThatWasRefused() {
        // given
        var client = connect(keeping(V5, "boiler"));
        client.subscribe(2, "plant/#");
        var publisher = connect(V5, "pub");
        publisher.publish("plant/a", "one", 1, false);
        publisher.publish("plant/a", "two", 2, false);
        // when
        client.send(Mqtt5.acknowledge(
                WirePacket.PUBACK, client.expect(WirePacket.PUBLISH).packetId(), 0x83));
        client.send(Mqtt5.acknowledge(
                WirePacket.PUBREC, client.expect(WirePacket.PUBLISH).packetId(), 0x97));
        assertThat(client.ping()).isEmpty();
        client.close();
        // then
        assertThat(connect(keeping(V5, "boiler")).ping()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void letsAcknowledgementsPassThatAnswerNothing(MqttVersion version) {
        var client = connect(version, "boiler");
        client.send(
                Wire.acknowledge(WirePacket.PUBACK, 9),
                Wire.acknowledge(WirePacket.PUBCOMP, 9),
                Wire.acknowledge(WirePacket.PUBACK, 65_535));
        assertThat(client.ping()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 126, 127, 128, 16_383, 16_384, 100_000, 2_097_152})
    @Conformance({"MQTT 5 §1.5.5", "MQTT 3.1.1 §2.2.3", "MQTT 3.1 §2.1-2"})
    void carriesPayloadsOfAnyLength(int length) {
        var payload = "x".repeat(length);
        for (var version : MqttVersion.values()) {
            var subscriber = connect(version, "sub");
            subscriber.subscribe(1, "plant/#");
            connect(version, "pub").publish("plant/a", payload, 1, false);
            assertThat(subscriber.receiveMessage().payload().equals(payload)).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-1.5.3-3]",
        "MQTT 5 [MQTT-1.5.4-3]",
        "MQTT 3.1.1 [MQTT-4.7.3-4]",
        "MQTT 5 [MQTT-4.7.3-4]",
        "MQTT 3.1.1 [MQTT-3.3.2-3]",
        "MQTT 5 [MQTT-3.3.2-3]"
    })
    void takesTopicsToTheLetter(MqttVersion version) {
        // given subscribers to what a reader could hold for the same
        var topics = List.of(
                "\uFEFFplant",
                "plant",
                "Plant",
                " plant",
                "plant/",
                "/plant",
                "caf\u00E9",
                "cafe\u0301",
                "\uD83C\uDF21");
        var subscriber = connect(version, "sub");
        var publisher = connect(version, "pub");
        for (var topic : topics) {
            subscriber.subscribe(1, topic);
            // when each is published to
            topics.forEach(other -> publisher.publish(other, other, 1, false));
            // then the subscriber has its own, byte for byte
            var message = subscriber.receiveMessage();
            var utf8 = topic.getBytes(UTF_8);
            assertThat(Arrays.copyOfRange(message.body(), 2, 2 + utf8.length)).isEqualTo(utf8);
            assertThat(message.topic()).isEqualTo(topic);
            unsubscribe(subscriber, version, topic);
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-4.7.3-3]", "MQTT 5 [MQTT-4.7.3-3]"})
    void takesTopicsOfUpTo65535Bytes(MqttVersion version) {
        var topic = "t".repeat(65_535);
        var client = connect(version, "boiler");
        client.subscribe(1, topic);
        client.publish(topic, "m", 1, false);
        assertThat(client.receiveMessage().topic()).isEqualTo(topic);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void deliversToAPublisherWhatItIsSubscribedToItself(MqttVersion version) {
        var client = connect(version, "boiler");
        client.subscribe(2, "plant/#");
        client.publish("plant/a", "own", 2, false);
        assertThat(client.receiveMessage().payload()).isEqualTo("own");
    }

    @Test
    @Conformance("MQTT 5 [MQTT-4.6.0-5]")
    void keepsTheOrderOfQos0BehindRetainedMessagesThatWait() {
        // given a client that takes one message at a time, and two retained ones for it
        var publisher = connect(V5, "pub");
        publisher.publish("plant/a", "retained", 1, true);
        publisher.publish("plant/b", "retained", 1, true);
        var client = connect(WireConnect.of(V5, "boiler").as(device).properties(Mqtt5.int16(Mqtt5.RECEIVE_MAXIMUM, 1)));
        client.subscribe(1, "#");
        var first = client.expect(WirePacket.PUBLISH);
        // when messages come behind them, one of QoS 0 behind two that have to wait
        // (its own, since those of another might come from another event loop, and later)
        client.publish("plant/c", "acknowledged", 1, false);
        client.publish("plant/c", "waits", 1, false);
        client.publish("plant/d", "1", 0, false);
        assertThat(client.ping()).isEmpty();
        client.send(Wire.acknowledge(WirePacket.PUBACK, first.packetId()));
        var second = client.expect(WirePacket.PUBLISH);
        client.send(Wire.acknowledge(WirePacket.PUBACK, second.packetId()));
        var third = client.expect(WirePacket.PUBLISH);
        assertThat(third.payload()).isEqualTo("acknowledged");
        client.publish("plant/d", "2", 0, false);
        var received = payloads(client.ping());
        client.send(Wire.acknowledge(WirePacket.PUBACK, third.packetId()));
        // then those of QoS 0 come in their order
        assertThat(received).isEmpty();
        assertThat(List.of(client.receiveMessage(), client.receiveMessage(), client.receiveMessage()))
                .extracting(WirePacket::payload)
                .containsExactly("waits", "1", "2");
    }
}
