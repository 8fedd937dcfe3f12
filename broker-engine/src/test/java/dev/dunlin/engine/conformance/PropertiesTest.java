package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What MQTT 5 sends beside a message: properties, and their time (MQTT 5 §3.3.2.3). */
class PropertiesTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    private static final byte[][] ALL = {
        Mqtt5.user("b", "1"),
        Mqtt5.text(Mqtt5.CONTENT_TYPE, "application/json; charset=\u00FCtf-8"),
        Mqtt5.user("a", ""),
        Mqtt5.text(Mqtt5.RESPONSE_TOPIC, "answers/for/me"),
        Mqtt5.user("b", "2"),
        Mqtt5.data(Mqtt5.CORRELATION_DATA, (byte) 0, (byte) -1, (byte) 65),
        Mqtt5.user("", "\uFEFFx"),
        Mqtt5.int8(Mqtt5.PAYLOAD_FORMAT, 1),
        Mqtt5.user("b", "1"),
    };

    private static void assertHasAll(WirePacket message) {
        var properties = Mqtt5.propertiesOf(message);
        assertThat(properties)
                .contains(
                        new Mqtt5.Property(Mqtt5.CONTENT_TYPE, "application/json; charset=\u00FCtf-8"),
                        new Mqtt5.Property(Mqtt5.RESPONSE_TOPIC, "answers/for/me"),
                        new Mqtt5.Property(Mqtt5.CORRELATION_DATA, "00ff41"),
                        new Mqtt5.Property(Mqtt5.PAYLOAD_FORMAT, "1"))
                .hasSize(9);
        assertThat(properties)
                .filteredOn(property -> property.id() == Mqtt5.USER_PROPERTY)
                .extracting(Mqtt5.Property::value)
                .containsExactly("b=1", "a=", "b=2", "=\uFEFFx", "b=1");
    }

    @Test
    @Conformance({
        "MQTT 5 [MQTT-3.3.2-4]",
        "MQTT 5 [MQTT-3.3.2-15]",
        "MQTT 5 [MQTT-3.3.2-16]",
        "MQTT 5 [MQTT-3.3.2-17]",
        "MQTT 5 [MQTT-3.3.2-18]",
        "MQTT 5 [MQTT-3.3.2-20]"
    })
    void sendsPropertiesOnUnaltered() {
        // given subscribers live, absent and late, and one who knows no properties
        var live = connect(V5, "live");
        live.subscribe(1, "plant/#");
        var older = connect(MqttVersion.V3_1_1, "older");
        older.subscribe(1, "plant/#");
        var absent = connect(keeping(V5, "absent"));
        absent.subscribe(1, "plant/#");
        absent.disconnect();
        // when
        var publisher = connect(V5, "pub");
        publisher.send(Mqtt5.publish("plant/a", "payload", 1, true, 1, ALL));
        publisher.expect(WirePacket.PUBACK);
        // then
        var late = connect(V5, "late");
        late.subscribe(0, "plant/#");
        for (var client : List.of(live, connect(keeping(V5, "absent")), late)) {
            var message = client.receiveMessage();
            assertHasAll(message);
            assertThat(message.payload()).isEqualTo("payload");
        }
        assertThat(older.receiveMessage().payload()).isEqualTo("payload");
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.2-17]", "MQTT 5 [MQTT-2.2.2-1]"})
    void sendsNoPropertyThatWasNotThere() {
        var client = connect(V5, "boiler");
        client.subscribe(2, "plant/#");
        var publisher = connect(V5, "pub");
        publisher.publish("plant/a", "m", 2, false);
        connect(MqttVersion.V3_1_1, "older").publish("plant/a", "m", 1, false);
        assertThat(Mqtt5.propertiesOf(client.receiveMessage())).isEmpty();
        assertThat(Mqtt5.propertiesOf(client.receiveMessage())).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10, 14, 15, 16, 130, 1_700, 2_000})
    @Conformance("MQTT 5 §2.2.2.1")
    void sendsPropertiesOfAnyLengthOn(int count) {
        // given as many user properties, around the lengths where a length takes a byte more
        var properties = new byte[count][];
        for (int i = 0; i < count; i++) {
            properties[i] = Mqtt5.user("n", String.valueOf(i));
        }
        var client = connect(V5, "boiler");
        client.subscribe(1, "plant/#");
        // when
        connect(V5, "pub").send(Mqtt5.publish("plant/a", "m", 1, false, 1, properties));
        // then
        var message = client.receiveMessage();
        assertThat(message.payload()).isEqualTo("m");
        var received = Mqtt5.propertiesOf(message);
        assertThat(received).hasSize(count);
        for (int i = 0; i < count; i++) {
            assertThat(received.get(i).value()).isEqualTo("n=" + i);
        }
    }

    // Message expiry

    @Test
    @Conformance("MQTT 5 [MQTT-3.3.2-6]")
    void sendsTheExpiryIntervalOn() {
        var client = connect(V5, "boiler");
        client.subscribe(0, "plant/#");
        for (long seconds : new long[] {1, 60, 0xFFFF_FFFFL}) {
            client.send(Mqtt5.publish("plant/a", "m", 0, false, 0, Mqtt5.int32(Mqtt5.MESSAGE_EXPIRY, seconds)));
            assertThat(Mqtt5.property(client.receiveMessage(), Mqtt5.MESSAGE_EXPIRY))
                    .isEqualTo(String.valueOf(seconds));
        }
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.2-5]", "MQTT 5 [MQTT-3.3.2-6]"})
    void countsTheExpiryIntervalDownWhileAMessageWaits() {
        // given an absent client, and one who holds back acknowledgements
        var absent = connect(keeping(V5, "absent"));
        absent.subscribe(1, "plant/#");
        absent.disconnect();
        var slow = connect(WireConnect.of(V5, "slow").as(device).properties(Mqtt5.int16(Mqtt5.RECEIVE_MAXIMUM, 1)));
        slow.subscribe(1, "plant/#");
        var publisher = connect(V5, "pub");
        publisher.publish("plant/a", "first", 1, false);
        var first = slow.expect(WirePacket.PUBLISH);
        // when
        publisher.send(
                Mqtt5.publish("plant/a", "brief", 1, false, 11, Mqtt5.int32(Mqtt5.MESSAGE_EXPIRY, 1)),
                Mqtt5.publish("plant/a", "long", 1, false, 12, Mqtt5.int32(Mqtt5.MESSAGE_EXPIRY, 1_000)));
        publisher.expect(WirePacket.PUBACK);
        publisher.expect(WirePacket.PUBACK);
        waitForTwoSeconds();
        // then the brief one is gone, and the other's time shorter
        slow.send(Wire.acknowledge(WirePacket.PUBACK, first.packetId()));
        assertCounted(slow.receiveMessage());
        assertThat(slow.ping()).isEmpty();
        var again = connect(keeping(V5, "absent"));
        assertThat(again.receiveMessage().payload()).isEqualTo("first");
        assertCounted(again.receiveMessage());
        assertThat(again.ping()).isEmpty();
    }

    private static void assertCounted(WirePacket message) {
        assertThat(message.payload()).isEqualTo("long");
        assertThat(Integer.parseInt(Mqtt5.requiredProperty(message, Mqtt5.MESSAGE_EXPIRY)))
                .isBetween(900, 998);
    }

    private void waitForTwoSeconds() {
        var witness = connect(V5, "witness");
        witness.subscribe(0, "second/over");
        connect(WireConnect.of(V5, "clock")
                        .as(device)
                        .sessionExpiry(60)
                        .will(new WireConnect.Will("second/over", "", 0, false, Mqtt5.int32(Mqtt5.WILL_DELAY, 2))))
                .close();
        witness.receiveMessage();
    }

    // Reason strings

    @Test
    @Conformance({"MQTT 5 [MQTT-3.1.2-29]", "MQTT 5 §3.1.2.11.7"})
    void explainsARefusalToWhoeverWantsItExplained() {
        device.permit(dev.dunlin.engine.port.PermissionRule.of(
                "1",
                dev.dunlin.engine.port.PermissionRule.Effect.DENY,
                dev.dunlin.engine.port.PermissionRule.Action.ALL,
                "secret/#"));
        for (int wanted = 0; wanted <= 1; wanted++) {
            var client = connect(WireConnect.of(V5, "boiler")
                    .as(device)
                    .properties(Mqtt5.int8(Mqtt5.REQUEST_PROBLEM_INFORMATION, wanted)));
            client.send(
                    Wire.publish(V5, "secret/a", "m", 1, false, 1),
                    Wire.publish(V5, "secret/a", "m", 2, false, 2),
                    Wire.subscribe(V5, 3, 0, "secret/a"));
            for (int type : new int[] {WirePacket.PUBACK, WirePacket.PUBREC, WirePacket.SUBACK}) {
                var answer = client.expect(type);
                assertThat(answer.reason()).isEqualTo(0x87);
                if (wanted == 1) {
                    assertThat(Mqtt5.property(answer, Mqtt5.REASON_STRING)).contains("deny all secret/#");
                } else {
                    assertThat(Mqtt5.propertiesOf(answer)).isEmpty();
                }
            }
        }
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.4.2-2]", "MQTT 5 [MQTT-3.5.2-2]", "MQTT 5 [MQTT-3.9.2-1]", "MQTT 5 [MQTT-3.14.2-3]"})
    void leavesOutAnExplanationThatIsTooLongForTheClient() {
        device.permit(); // nothing
        var client =
                connect(WireConnect.of(V5, "boiler").as(device).properties(Mqtt5.int32(Mqtt5.MAXIMUM_PACKET_SIZE, 20)));
        client.send(
                Wire.publish(V5, "secret/a", "m", 1, false, 1),
                Wire.publish(V5, "secret/a", "m", 2, false, 2),
                Wire.subscribe(V5, 3, 0, "secret/a"),
                Wire.bytes(0, 0));
        assertThat(client.awaitClose()).hasSize(4).allSatisfy(packet -> {
            assertThat(packet.reason()).isGreaterThanOrEqualTo(0x80);
            assertThat(Mqtt5.propertiesOf(packet)).isEmpty();
        });
    }
}
