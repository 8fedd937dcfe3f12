package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** QoS 2: exactly once, in both directions and across connections (MQTT 5 §4.3.3). */
class QosTwoTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    private static byte[] publish(MqttVersion version, String payload, int packetId, boolean dup) {
        var publish = Wire.publish(version, "plant/a", payload, 2, false, packetId);
        publish[0] |= (byte) (dup ? 8 : 0);
        return publish;
    }

    // From the client

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-4.3.3-2]",
        "MQTT 5 [MQTT-4.3.3-8]",
        "MQTT 5 [MQTT-4.3.3-10]",
        "MQTT 5 [MQTT-4.3.3-11]",
        "MQTT 5 [MQTT-4.3.3-12]",
        "MQTT 5 [MQTT-2.2.1-5]",
        "MQTT 3.1.1 [MQTT-2.3.1-6]",
        "MQTT 5 [MQTT-3.5.2-1]",
        "MQTT 5 [MQTT-3.7.2-1]",
        "MQTT 3.1 §4.1-3"
    })
    void publishesAMessageOnceHoweverOftenItComes(MqttVersion version) {
        // given
        var subscriber = connect(version, "sub");
        subscriber.subscribe(0, "plant/#");
        var client = connect(version, "boiler");
        // when it comes three times before it is released
        for (boolean dup : new boolean[] {false, true, false}) {
            client.send(publish(version, "once", 7, dup));
            var pubrec = client.expect(WirePacket.PUBREC);
            assertThat(pubrec.packetId()).isEqualTo(7);
            assertThat(pubrec.reason()).isZero();
        }
        client.send(Wire.acknowledge(WirePacket.PUBREL, 7));
        var pubcomp = client.expect(WirePacket.PUBCOMP);
        assertThat(pubcomp.packetId()).isEqualTo(7);
        assertThat(pubcomp.reason()).isZero();
        // then it was published once
        assertThat(payloads(moreFrom(client, subscriber))).containsExactly("once");
        // and the identifier is free for another
        client.send(publish(version, "another", 7, true));
        assertThat(client.expect(WirePacket.PUBREC).packetId()).isEqualTo(7);
        assertThat(payloads(moreFrom(client, subscriber))).containsExactly("another");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 5 [MQTT-4.3.3-10]", "MQTT 5 §4.1", "MQTT 3.1.1 [MQTT-3.1.2-4]"})
    void publishesAMessageOnceThatComesAgainOnAnotherConnection(MqttVersion version) {
        // given
        var subscriber = connect(version, "sub");
        subscriber.subscribe(0, "plant/#");
        var first = connect(keeping(version, "boiler"));
        first.send(publish(version, "once", 7, false));
        first.expect(WirePacket.PUBREC);
        first.close();
        // when
        var second = connect(keeping(version, "boiler"));
        second.send(publish(version, "once", 7, true));
        second.expect(WirePacket.PUBREC);
        second.close();
        var third = connect(keeping(version, "boiler"));
        third.send(Wire.acknowledge(WirePacket.PUBREL, 7));
        assertThat(third.expect(WirePacket.PUBCOMP).reason()).isZero();
        // then
        assertThat(payloads(moreFrom(third, subscriber))).containsExactly("once");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void forgetsWhatWasReceivedWithTheSession(MqttVersion version) {
        // given
        var subscriber = connect(version, "sub");
        subscriber.subscribe(0, "plant/#");
        var client = connect(version, "boiler");
        client.send(publish(version, "one", 7, false));
        client.expect(WirePacket.PUBREC);
        client.close();
        // when a clean session uses the identifier
        var clean = connect(version, "boiler");
        clean.send(publish(version, "two", 7, false));
        clean.expect(WirePacket.PUBREC);
        // then it is another message
        assertThat(payloads(moreFrom(clean, subscriber))).containsExactly("one", "two");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 5 [MQTT-4.3.3-11]", "MQTT 5 §3.7.2.1", "MQTT 3.1.1 [MQTT-4.3.3-2]"})
    void completesAReleaseOfWhatItDoesNotKnow(MqttVersion version) {
        var client = connect(version, "boiler");
        client.send(Wire.acknowledge(WirePacket.PUBREL, 99));
        var pubcomp = client.expect(WirePacket.PUBCOMP);
        assertThat(pubcomp.packetId()).isEqualTo(99);
        assertThat(pubcomp.reason()).isEqualTo(reasonFor(version, 0x92, 0));
    }

    @Test
    @Conformance("MQTT 5 [MQTT-4.3.3-9]")
    void takesTheIdentifierOfARefusedMessageForANewOne() {
        // given
        var limited =
                acme.addCredential("limited", "s", PermissionRule.of("1", Effect.ALLOW, Action.PUBLISH, "plant/a"));
        var subscriber = connect(V5, "sub");
        subscriber.subscribe(0, "#");
        var client = connect(V5, "boiler", limited);
        client.send(Wire.publish(V5, "secret", "no", 2, false, 7));
        assertThat(client.expect(WirePacket.PUBREC).reason()).isEqualTo(0x87);
        // when
        client.send(publish(V5, "yes", 7, false));
        assertThat(client.expect(WirePacket.PUBREC).reason()).isZero();
        // then
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("yes");
    }

    // To the client

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 5 [MQTT-4.3.3-4]", "MQTT 5 [MQTT-4.3.3-5]", "MQTT 5 [MQTT-4.3.3-6]", "MQTT 3.1.1 [MQTT-4.3.3-1]",
        "MQTT 3.1.1 [MQTT-3.6.1-1]", "MQTT 5 [MQTT-4.4.0-1]", "MQTT 3.1.1 [MQTT-4.4.0-1]", "MQTT 5 [MQTT-3.6.2-1]"
    })
    void sendsTheReleaseAgainAndNotTheMessageOnceItWasReceived(MqttVersion version) {
        // given
        var first = connect(keeping(version, "boiler"));
        first.subscribe(2, "plant/#");
        connect(version, "pub").publish("plant/a", "once", 2, false);
        int packetId = first.expect(WirePacket.PUBLISH).packetId();
        first.send(Wire.acknowledge(WirePacket.PUBREC, packetId));
        var pubrel = first.expect(WirePacket.PUBREL);
        assertThat(pubrel.first()).isEqualTo(0x62);
        assertThat(pubrel.packetId()).isEqualTo(packetId);
        // PUBREC again gets PUBREL again
        first.send(Wire.acknowledge(WirePacket.PUBREC, packetId));
        assertThat(first.expect(WirePacket.PUBREL).packetId()).isEqualTo(packetId);
        first.close();
        // when
        var second = connect(keeping(version, "boiler"));
        // then
        var again = second.expect(WirePacket.PUBREL);
        assertThat(again.packetId()).isEqualTo(packetId);
        assertThat(again.reason()).isZero();
        second.send(Wire.acknowledge(WirePacket.PUBCOMP, packetId));
        assertThat(second.ping()).isEmpty();
        second.close();
        assertThat(connect(keeping(version, "boiler")).ping()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 5 [MQTT-4.6.0-4]", "MQTT 3.1.1 [MQTT-4.6.0-4]"})
    void releasesInTheOrderInWhichTheClientReceived(MqttVersion version) {
        var client = connect(version, "boiler");
        client.subscribe(2, "plant/#");
        var publisher = connect(version, "pub");
        var ids = new int[3];
        for (int i = 0; i < 3; i++) {
            publisher.publish("plant/a", "m", 2, false);
            ids[i] = client.expect(WirePacket.PUBLISH).packetId();
        }
        for (int i : new int[] {2, 0, 1}) {
            client.send(Wire.acknowledge(WirePacket.PUBREC, ids[i]));
        }
        for (int i : new int[] {2, 0, 1}) {
            assertThat(client.expect(WirePacket.PUBREL).packetId()).isEqualTo(ids[i]);
        }
    }

    @Test
    @Conformance("MQTT 5 §3.6.2.1")
    void saysThatItDoesNotKnowWhatAClientReceived() {
        var client = connect(V5, "boiler");
        client.send(Wire.acknowledge(WirePacket.PUBREC, 99));
        assertThat(client.expect(WirePacket.PUBREL).reason()).isEqualTo(0x92);
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-4.3.3-7]", "MQTT 5 [MQTT-4.3.3-13]"})
    void completesAMessageThatExpiresOnTheWay() {
        // given a message that was sent and then expires
        var connect = keeping(V5, "boiler");
        var first = connect(connect);
        first.subscribe(2, "plant/#");
        var publisher = connect(V5, "pub");
        publisher.send(Mqtt5.publish("plant/a", "brief", 2, false, 1, Mqtt5.int32(Mqtt5.MESSAGE_EXPIRY, 1)));
        publisher.expect(WirePacket.PUBREC);
        int packetId = first.expect(WirePacket.PUBLISH).packetId();
        first.close();
        waitForASecond();
        // when
        var second = connect(connect);
        // then it is sent again, since the client may have it
        var again = second.expect(WirePacket.PUBLISH);
        assertThat(again.packetId()).isEqualTo(packetId);
        second.send(Wire.acknowledge(WirePacket.PUBREC, packetId));
        assertThat(second.expect(WirePacket.PUBREL).reason()).isZero();
    }

    /** Until a will that is due in a second has come. */
    private void waitForASecond() {
        var witness = connect(V5, "witness");
        witness.subscribe(0, "second/over");
        connect(WireConnect.of(V5, "clock")
                        .as(device)
                        .sessionExpiry(60)
                        .will(new WireConnect.Will("second/over", "", 0, false, Mqtt5.int32(Mqtt5.WILL_DELAY, 1))))
                .close();
        witness.receiveMessage();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 5 [MQTT-4.6.0-4]", "MQTT 3.1.1 [MQTT-4.6.0-4]", "MQTT 3.1.1 [MQTT-4.6.0-6]"})
    void releasesAgainInTheSameOrder(MqttVersion version) {
        // given a client that receives three messages in an order of its own
        var client = connect(keeping(version, "boiler"));
        client.subscribe(2, "plant/#");
        var publisher = connect(version, "pub");
        var ids = new int[3];
        for (int i = 0; i < 3; i++) {
            publisher.publish("plant/a", "m", 2, false);
            ids[i] = client.expect(WirePacket.PUBLISH).packetId();
        }
        for (int i : new int[] {2, 0, 1}) {
            client.send(Wire.acknowledge(WirePacket.PUBREC, ids[i]));
            client.expect(WirePacket.PUBREL);
        }
        client.close();
        // when it comes again
        var again = connect(keeping(version, "boiler"));
        // then
        for (int i : new int[] {2, 0, 1}) {
            assertThat(again.expect(WirePacket.PUBREL).packetId()).isEqualTo(ids[i]);
        }
        assertThat(again.ping()).isEmpty();
    }
}
