package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** SUBSCRIBE, UNSUBSCRIBE and what matches (MQTT 5 §3.8 to §3.11, §4.7). */
class SubscribeTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.8.4-1]",
        "MQTT 5 [MQTT-3.8.4-1]",
        "MQTT 3.1.1 [MQTT-3.8.4-2]",
        "MQTT 5 [MQTT-3.8.4-2]",
        "MQTT 3.1.1 [MQTT-3.8.4-4]",
        "MQTT 5 [MQTT-3.8.4-5]",
        "MQTT 3.1.1 [MQTT-3.8.4-5]",
        "MQTT 5 [MQTT-3.8.4-6]",
        "MQTT 5 [MQTT-3.8.4-7]",
        "MQTT 3.1.1 [MQTT-3.9.3-1]",
        "MQTT 5 [MQTT-3.9.3-1]",
        "MQTT 5 [MQTT-3.9.3-2]",
        "MQTT 3.1.1 [MQTT-3.9.3-2]",
        "MQTT 3.1.1 [MQTT-2.3.1-7]",
        "MQTT 5 [MQTT-2.2.1-6]",
        "MQTT 3.1 §3.8-1",
        "MQTT 3.1 §3.9-1"
    })
    void answersForEachFilterInTheirOrder(MqttVersion version) {
        // given
        var client = connect(version, "boiler");
        var entries = Wire.concat(
                Wire.string("a"), Wire.bytes(2),
                Wire.string("b/#/c"), Wire.bytes(1),
                Wire.string("c"), Wire.bytes(0),
                Wire.string("d+"), Wire.bytes(0),
                Wire.string("e"), Wire.bytes(1));
        // when
        client.send(Wire.packet(0x82, Wire.int16(777), version.hasProperties() ? Wire.bytes(0) : new byte[0], entries));
        // then
        var suback = client.expect(WirePacket.SUBACK);
        assertThat(suback.packetId()).isEqualTo(777);
        int refused = reasonFor(version, 0x8F, 0x80);
        var body = suback.body();
        var reasons = java.util.Arrays.copyOfRange(body, body.length - 5, body.length);
        assertThat(reasons).isEqualTo(Wire.bytes(2, refused, 0, refused, 1));
        // and those that were granted work
        client.publish("e", "m", 2, false);
        assertThat(client.receiveMessage().qos()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "plant/boiler, plant/boiler, true",
        "plant/boiler, plant/boiler/, false",
        "plant/boiler, plant, false",
        "plant/+, plant/boiler, true",
        "plant/+, plant, false",
        "plant/+, plant/, true",
        "plant/+, plant/boiler/a, false",
        "plant/+/a, plant//a, true",
        "+, plant, true",
        "+, /plant, false",
        "+/+, /plant, true",
        "/+, /plant, true",
        "+/boiler/#, plant/boiler, true",
        "plant/#, plant, true",
        "plant/#, plant/, true",
        "plant/#, plant/a/b/c, true",
        "plant/#, plants, false",
        "plant/boiler/#, plant, false",
        "#, plant, true",
        "#, /, true",
        "#, a/b/c/d/e, true",
        "/#, /, true",
        "/#, plant, false",
        "+/#, plant, true",
        "a/+/+/d, a/b/c/d, true",
        "a/+/+/d, a/b/d, false",
    })
    @Conformance({
        "MQTT 3.1.1 [MQTT-4.7.1-2]",
        "MQTT 3.1.1 [MQTT-4.7.1-3]",
        "MQTT 5 [MQTT-4.7.1-1]",
        "MQTT 5 [MQTT-4.7.1-2]",
        "MQTT 3.1.1 [MQTT-3.8.3-2]",
        "MQTT 3.1.1 [MQTT-3.3.2-3]",
        "MQTT 5 [MQTT-3.3.2-3]",
        "MQTT 3.1 §A-1"
    })
    void matchesByLevels(String filter, String topic, boolean matches) {
        for (var version : MqttVersion.values()) {
            var client = connect(version, "boiler");
            // live
            client.subscribe(0, filter);
            client.publish(topic, "live", 1, true);
            assertThat(payloads(client.ping())).containsExactlyElementsOf(matches ? List.of("live") : List.of());
            // and retained
            var late = connect(version, "late");
            late.subscribe(0, filter);
            assertThat(payloads(late.ping())).containsExactlyElementsOf(matches ? List.of("live") : List.of());
            client.publish(topic, "", 1, true);
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-4.7.1-2]",
        "MQTT 3.1.1 [MQTT-4.7.1-3]",
        "MQTT 5 [MQTT-4.7.1-1]",
        "MQTT 5 [MQTT-4.7.1-2]",
        "MQTT 3.1.1 [MQTT-4.7.3-1]",
        "MQTT 5 [MQTT-4.7.3-1]"
    })
    void refusesWhatIsNoTopicFilter(MqttVersion version) {
        var client = connect(version, "boiler");
        for (var filter :
                List.of("", "#/a", "a/#/b", "a#", "a/b#", "##", "a+", "+a", "a/+b/c", "++", "a/".repeat(200))) {
            assertThat(client.subscribe(0, filter)).as(filter).isEqualTo(reasonFor(version, 0x8F, 0x80));
        }
        assertThat(client.ping()).isEmpty();
    }

    // Replacing

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.8.4-3]", "MQTT 5 [MQTT-3.8.4-3]", "MQTT 5 [MQTT-3.8.4-4]"})
    void replacesASubscriptionToTheSameFilter(MqttVersion version) {
        // given
        var publisher = connect(version, "pub");
        publisher.publish("plant/a", "retained", 2, true);
        var client = connect(version, "boiler");
        client.subscribe(2, "plant/#");
        assertThat(client.receiveMessage().qos()).isEqualTo(2);
        // when it is made again with another QoS
        client.subscribe(1, "plant/#");
        // then the retained message comes again, by the new one
        assertThat(client.receiveMessage().qos()).isEqualTo(1);
        // and what is published comes once, by the new one
        publisher.publish("plant/b", "live", 2, false);
        assertThat(client.receiveMessage().qos()).isEqualTo(1);
        assertNothingMore(publisher, client);
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.8.4-4]")
    void losesNothingWhileASubscriptionIsReplaced() {
        // given
        var publisher = connect(V5, "pub");
        var client = connect(V5, "boiler");
        client.subscribe(0, "plant/a");
        // when subscriptions and messages cross
        for (int i = 1; i <= 200; i++) {
            publisher.send(Wire.publish(V5, "plant/a", String.valueOf(i), 0, false, 0));
            client.send(Mqtt5.subscribe(i, "plant/a", options(0, false, i % 2 == 0, 2)));
        }
        // then
        int last = 0;
        while (last < 200) {
            var packet = client.receive();
            if (packet.type() == WirePacket.PUBLISH) {
                assertThat(packet.payload()).isEqualTo(String.valueOf(++last));
            }
        }
    }

    // Overlap

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.3.5-1]", "MQTT 5 [MQTT-3.3.4-2]"})
    void deliversOnceAtTheHighestQosOfOverlappingSubscriptions(MqttVersion version) {
        var client = connect(version, "boiler");
        client.subscribe(0, "plant/#");
        client.subscribe(2, "plant/+");
        client.subscribe(1, "plant/a");
        var publisher = connect(version, "pub");
        publisher.publish("plant/a", "m", 2, false);
        assertThat(client.receiveMessage().qos()).isEqualTo(2);
        assertNothingMore(publisher, client);
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.4-3]", "MQTT 5 [MQTT-3.3.4-4]"})
    void namesTheIdentifiersOfAllSubscriptionsThatMatch() {
        // given
        var client = connect(V5, "boiler");
        var ids = List.of(1, 127, 128, 268_435_455);
        var filters = List.of("plant/#", "plant/+", "plant/a", "#");
        for (int i = 0; i < 4; i++) {
            client.send(Mqtt5.subscribe(i + 1, filters.get(i), 1, Mqtt5.varint(Mqtt5.SUBSCRIPTION_ID, ids.get(i))));
            client.expect(WirePacket.SUBACK);
        }
        client.subscribe(0, "plant/a/#");
        var publisher = connect(V5, "pub");
        // when, then
        publisher.publish("plant/a", "m", 1, false);
        assertThat(Mqtt5.subscriptionIds(client.receiveMessage())).isEqualTo(ids);
        publisher.publish("other", "m", 1, false);
        assertThat(Mqtt5.subscriptionIds(client.receiveMessage())).containsExactly(268_435_455);
        // and a subscription made anew without one has none
        client.subscribe(1, "#");
        publisher.publish("other", "m", 1, false);
        assertThat(Mqtt5.subscriptionIds(client.receiveMessage())).isEmpty();
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.3.4-3]")
    void namesTheSubscriptionThatBroughtARetainedMessage() {
        connect(V5, "pub").publish("plant/a", "m", 1, true);
        var client = connect(V5, "boiler");
        client.send(Mqtt5.subscribe(1, "plant/#", 1, Mqtt5.varint(Mqtt5.SUBSCRIPTION_ID, 5)));
        client.expect(WirePacket.SUBACK);
        assertThat(Mqtt5.subscriptionIds(client.receiveMessage())).containsExactly(5);
    }

    // No Local

    @Test
    @Conformance("MQTT 5 [MQTT-3.8.3-3]")
    void keepsOwnMessagesAwayFromNoLocalSubscriptions() {
        var client = connect(V5, "boiler");
        client.send(Mqtt5.subscribe(1, "plant/#", options(1, true, false, 0)));
        client.expect(WirePacket.SUBACK);
        client.publish("plant/a", "own", 1, false);
        connect(V5, "pub").publish("plant/a", "another's", 1, false);
        assertThat(client.receiveMessage().payload()).isEqualTo("another's");
        assertThat(client.ping()).isEmpty();
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.8.3-3]", "MQTT 5 [MQTT-3.3.4-2]"})
    void deliversOwnMessagesByTheSubscriptionsThatWantThem() {
        // given two that overlap, one of them No Local
        var client = connect(V5, "boiler");
        client.send(
                Mqtt5.subscribe(1, "plant/#", options(2, true, true, 0), Mqtt5.varint(Mqtt5.SUBSCRIPTION_ID, 1)),
                Mqtt5.subscribe(2, "plant/a", options(1, false, false, 0), Mqtt5.varint(Mqtt5.SUBSCRIPTION_ID, 2)));
        client.expect(WirePacket.SUBACK);
        client.expect(WirePacket.SUBACK);
        // when
        client.publish("plant/a", "own", 2, true);
        // then it comes as if the other were alone
        var own = client.receiveMessage();
        assertThat(own.qos()).isEqualTo(1);
        assertThat(own.isRetained()).isFalse();
        assertThat(Mqtt5.subscriptionIds(own)).containsExactly(2);
        // and another's message by both
        connect(V5, "pub").publish("plant/a", "another's", 2, true);
        var others = client.receiveMessage();
        assertThat(others.qos()).isEqualTo(2);
        assertThat(others.isRetained()).isTrue();
        assertThat(Mqtt5.subscriptionIds(others)).containsExactly(1, 2);
    }

    // Reserved topics

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-4.7.2-1]", "MQTT 5 [MQTT-4.7.2-1]", "MQTT 3.1 §A-2"})
    void letsWildcardsAtTheFirstLevelMatchNoReservedTopic(MqttVersion version) {
        // given a client that may read and would write them
        var client = connect(version, "boiler");
        for (var filter : List.of("#", "+/a", "+/#", "+")) {
            client.subscribe(1, filter);
        }
        // when
        client.publish("$plant/a", "m", 0, false);
        client.publish("$plant", "m", 0, true);
        // then
        assertThat(client.ping()).isEmpty();
    }

    // UNSUBSCRIBE

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.10.4-1]",
        "MQTT 5 [MQTT-3.10.4-1]",
        "MQTT 3.1.1 [MQTT-3.10.4-2]",
        "MQTT 5 [MQTT-3.10.4-2]",
        "MQTT 3.1.1 [MQTT-3.10.4-4]",
        "MQTT 5 [MQTT-3.10.4-4]",
        "MQTT 3.1.1 [MQTT-3.10.4-5]",
        "MQTT 5 [MQTT-3.10.4-5]",
        "MQTT 3.1.1 [MQTT-3.10.4-6]",
        "MQTT 5 [MQTT-3.10.4-6]",
        "MQTT 5 [MQTT-3.11.3-1]",
        "MQTT 5 [MQTT-3.11.3-2]",
        "MQTT 3.1 §3.10-1",
        "MQTT 3.1 §3.11-1"
    })
    void endsTheSubscriptionsThatAreNamedToTheLetter(MqttVersion version) {
        // given
        var client = connect(version, "boiler");
        client.subscribe(0, "plant/#", "plant/+", "plant/a", "other");
        // when
        client.send(Wire.unsubscribe(version, 4_242, "plant/#", "never/was", "plant/b", "Plant/a", "plant/+"));
        // then
        var unsuback = client.expect(WirePacket.UNSUBACK);
        assertThat(unsuback.packetId()).isEqualTo(4_242);
        assertThat(unsuback.body())
                .isEqualTo(Wire.concat(
                        Wire.int16(4_242),
                        version.hasProperties() ? Wire.bytes(0, 0, 0x11, 0x11, 0x11, 0) : new byte[0]));
        client.publish("plant/b", "gone", 1, false);
        client.publish("plant/a", "still", 1, false);
        client.publish("other", "still", 1, false);
        assertThat(payloads(client.ping())).containsExactly("still", "still");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.10.4-3]", "MQTT 5 [MQTT-3.10.4-3]"})
    void completesWhatWasSentBeforeASubscriptionEnded(MqttVersion version) {
        // given
        WireClient client = connect(keeping(version, "boiler"));
        client.subscribe(2, "plant/#");
        connect(version, "pub").publish("plant/a", "m", 2, false);
        int packetId = client.expect(WirePacket.PUBLISH).packetId();
        // when
        unsubscribe(client, version, "plant/#");
        client.close();
        // then
        var again = connect(keeping(version, "boiler"));
        assertThat(again.expect(WirePacket.PUBLISH).packetId()).isEqualTo(packetId);
        again.send(Wire.acknowledge(WirePacket.PUBREC, packetId));
        assertThat(again.expect(WirePacket.PUBREL).packetId()).isEqualTo(packetId);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.10.4-2]", "MQTT 5 [MQTT-3.10.4-2]"})
    void bringsNoMoreOfTheKeptMessagesOnceASubscriptionHasEnded(MqttVersion version) {
        // given a client that acknowledges nothing, and more kept messages than it may have in flight
        var publisher = connect(version, "pub");
        int inFlight = 1_024;
        for (int i = 1; i <= inFlight + 1; i++) {
            publisher.send(Wire.publish(version, "plant/" + i, "kept", 1, true, i));
        }
        for (int i = 1; i <= inFlight + 1; i++) {
            publisher.expect(WirePacket.PUBACK);
        }
        var client = connect(version, "boiler");
        client.subscribe(1, "plant/+");
        var first = client.expect(WirePacket.PUBLISH);
        for (int i = 2; i <= inFlight; i++) {
            client.expect(WirePacket.PUBLISH);
        }
        // when it ends the subscription and then has room
        unsubscribe(client, version, "plant/+");
        client.send(Wire.acknowledge(WirePacket.PUBACK, first.packetId()));
        // then nothing comes for it
        assertThat(client.ping()).isEmpty();
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.8.3-3]")
    void keepsOwnKeptMessagesAwayFromNoLocalSubscriptions() {
        // given a message of the client's and one of another's that are kept
        var client = connect(V5, "boiler");
        client.publish("plant/own", "own", 1, true);
        connect(V5, "pub").publish("plant/other", "another's", 1, true);
        // when it subscribes with No Local, and without
        client.send(
                Mqtt5.subscribe(1, "plant/+", options(0, true, false, 0)),
                Mqtt5.subscribe(2, "plant/#", options(0, false, false, 0)));
        // then
        client.expect(WirePacket.SUBACK);
        assertThat(client.receiveMessage().payload()).isEqualTo("another's");
        client.expect(WirePacket.SUBACK);
        assertThat(payloads(client.ping())).containsExactlyInAnyOrder("own", "another's");
    }
}
