package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a session keeps, and for how long (MQTT 5 §4.1, §3.1.2.11.2). */
class SessionTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.1.2-4]",
        "MQTT 5 [MQTT-3.1.2-5]",
        "MQTT 5 [MQTT-3.1.2-23]",
        "MQTT 3.1.1 [MQTT-3.2.2-2]",
        "MQTT 5 [MQTT-3.2.2-3]",
        "MQTT 3.1.1 [MQTT-3.1.2-5]",
        "MQTT 5 [MQTT-4.5.0-1]",
        "MQTT 3.1.1 [MQTT-4.5.0-1]",
        "MQTT 3.1.1 [MQTT-4.1.0-1]",
        "MQTT 3.1 §3.1-9"
    })
    void resumesASessionWithItsSubscriptionsAndWhatCameMeanwhile(MqttVersion version) {
        // given
        var client = connect(keeping(version, "boiler"));
        client.subscribe(2, "plant/#");
        client.disconnect();
        var publisher = connect(version, "pub");
        for (int qos = 0; qos <= 2; qos++) {
            publisher.publish("plant/a", "away " + qos, qos, false);
        }
        // when
        var again = open();
        var connack = again.login(keeping(version, "boiler"));
        // then
        assertThat(connack.isSessionPresent()).isEqualTo(version != MqttVersion.V3_1);
        assertThat(again.receiveMessage().payload()).isEqualTo("away 1");
        assertThat(again.receiveMessage().payload()).isEqualTo("away 2");
        publisher.publish("plant/a", "live", 1, false);
        assertThat(again.receiveMessage().payload()).isEqualTo("live");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 5 [MQTT-3.1.2-6]",
        "MQTT 3.1.1 [MQTT-3.2.2-3]",
        "MQTT 5 [MQTT-3.2.2-3]",
        "MQTT 3.1.1 [MQTT-3.1.2-4]"
    })
    void startsASessionWhereNoneIs(MqttVersion version) {
        var client = open();
        assertThat(client.login(keeping(version, "boiler")).isSessionPresent()).isFalse();
        assertThat(client.ping()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.1.2-6]",
        "MQTT 5 [MQTT-3.1.2-4]",
        "MQTT 5 [MQTT-3.1.4-4]",
        "MQTT 3.1.1 [MQTT-3.1.4-3]",
        "MQTT 3.1.1 [MQTT-3.2.2-1]",
        "MQTT 5 [MQTT-3.2.2-2]"
    })
    void discardsTheSessionOfAClientThatStartsClean(MqttVersion version) {
        // given
        var client = connect(keeping(version, "boiler"));
        client.subscribe(1, "plant/#");
        client.disconnect();
        var publisher = connect(version, "pub");
        publisher.publish("plant/a", "queued", 1, false);
        // when
        var clean = open();
        assertThat(clean.login(WireConnect.of(version, "boiler").as(device)).isSessionPresent())
                .isFalse();
        // then neither the message nor the subscription is there
        publisher.publish("plant/a", "live", 1, false);
        assertNothingMore(publisher, clean);
        clean.disconnect();
        // nor after it
        var again = open();
        assertThat(again.login(keeping(version, "boiler")).isSessionPresent()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.2-6]", "MQTT 5 [MQTT-4.1.0-2]", "MQTT 3.1 §3.1-8"})
    void endsACleanSessionWithItsConnection(MqttVersion version) {
        // given
        var client = connect(version, "boiler");
        client.subscribe(1, "plant/#");
        client.disconnect();
        // then
        assertThat(open().login(keeping(version, "boiler")).isSessionPresent()).isFalse();
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-4.1.0-2]", "MQTT 5 §3.1.2.11.2"})
    void endsASessionWithoutExpiryIntervalWithItsConnection() {
        // given Clean Start 0 alone
        var connect = WireConnect.of(V5, "boiler").as(device).resuming();
        connect(connect).disconnect();
        assertThat(open().login(connect).isSessionPresent()).isFalse();
    }

    @Test
    @Conformance("MQTT 5 [MQTT-4.1.0-2]")
    void endsASessionWhenItsExpiryIntervalHasPassed() {
        leaveForASecond("boiler");
        assertThat(open().login(keeping(V5, "boiler")).isSessionPresent()).isFalse();
    }

    @Test
    @Conformance("MQTT 5 [MQTT-4.1.0-1]")
    void keepsASessionForAsLongAsItsConnectionIsOpen() {
        // given a session that would expire in a second, on a connection that stays
        var client = connect(WireConnect.of(V5, "boiler").as(device).sessionExpiry(1));
        client.subscribe(1, "plant/#");
        // when another session of the same interval has come and gone
        leaveForASecond("other");
        // then the subscription is there
        connect(V5, "pub").publish("plant/a", "live", 1, false);
        assertThat(client.receiveMessage().payload()).isEqualTo("live");
    }

    /** Has a session of one second come and go; its will, which is due when it ends, tells of that. */
    private void leaveForASecond(String clientId) {
        var witness = connect(V5, "witness");
        witness.subscribe(0, "ended");
        var will = new WireConnect.Will("ended", clientId, 0, false, Mqtt5.int32(Mqtt5.WILL_DELAY, 3_600));
        connect(WireConnect.of(V5, clientId).as(device).sessionExpiry(1).will(will))
                .send(Mqtt5.disconnect(0x04))
                .awaitClose();
        assertThat(witness.receiveMessage().payload()).isEqualTo(clientId);
    }

    @Test
    @Conformance("MQTT 5 §3.1.2.11.2")
    void countsTheExpiryIntervalOfTheLastConnect() {
        // given a session that would stay
        connect(keeping(V5, "boiler")).disconnect();
        // when the next connection names no interval
        var connect = WireConnect.of(V5, "boiler").as(device).resuming();
        var client = open();
        assertThat(client.login(connect).isSessionPresent()).isTrue();
        client.disconnect();
        // then it ends with that
        assertThat(open().login(connect).isSessionPresent()).isFalse();
    }

    @Test
    @Conformance("MQTT 5 §3.1.2.11.2")
    void keepsASessionThatNeverExpires() {
        var connect = WireConnect.of(V5, "boiler").as(device).resuming().sessionExpiry(-1);
        connect(connect).disconnect();
        assertThat(open().login(connect).isSessionPresent()).isTrue();
    }

    @Test
    @Conformance("MQTT 5 §3.14.2.2.2")
    void shortensTheExpiryIntervalAtDisconnect() {
        // given
        var client = connect(keeping(V5, "boiler"));
        // when
        client.send(Mqtt5.disconnect(0, Mqtt5.int32(Mqtt5.SESSION_EXPIRY, 0)));
        assertThat(client.awaitClose()).isEmpty();
        // then
        assertThat(open().login(keeping(V5, "boiler")).isSessionPresent()).isFalse();
    }

    @Test
    @Conformance("MQTT 5 §3.14.2.2.2")
    void lengthensTheExpiryIntervalAtDisconnect() {
        // given
        var client = connect(WireConnect.of(V5, "boiler").as(device).sessionExpiry(1));
        // when it asks for an hour, and a session of a second has come and gone after it
        client.send(Mqtt5.disconnect(0, Mqtt5.int32(Mqtt5.SESSION_EXPIRY, 3_600)));
        client.awaitClose();
        leaveForASecond("other");
        // then
        assertThat(open().login(keeping(V5, "boiler")).isSessionPresent()).isTrue();
    }

    @Test
    @Conformance("MQTT 5 §3.14.2.2.2")
    void takesNoExpiryIntervalAtDisconnectAfterNone() {
        // given
        var client = connect(V5, "boiler");
        // when
        client.send(Mqtt5.disconnect(0, Mqtt5.int32(Mqtt5.SESSION_EXPIRY, 60)));
        // then
        assertThat(client.awaitClose()).extracting(WirePacket::reason).containsExactly(0x82);
        assertThat(open().login(keeping(V5, "boiler")).isSessionPresent()).isFalse();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 5 [MQTT-3.1.4-3]", "MQTT 5 [MQTT-4.4.0-1]", "MQTT 3.1.1 [MQTT-4.4.0-1]"})
    void handsTheSessionOverToTheConnectionThatTakesItOver(MqttVersion version) {
        // given a client that has not acknowledged
        var first = connect(keeping(version, "boiler"));
        first.subscribe(1, "plant/#");
        connect(version, "pub").publish("plant/a", "one", 1, false);
        int packetId = first.expect(WirePacket.PUBLISH).packetId();
        // when it comes again, the first connection still open
        var second = open();
        var connack = second.login(keeping(version, "boiler"));
        // then
        assertThat(connack.isSessionPresent()).isEqualTo(version != MqttVersion.V3_1);
        var again = second.expect(WirePacket.PUBLISH);
        assertThat(again.payload()).isEqualTo("one");
        assertThat(again.packetId()).isEqualTo(packetId);
        assertThat(again.isDuplicate()).isTrue();
        first.awaitClose();
        assertThat(second.ping()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void losesNothingToAConnectionThatBreaksOff(MqttVersion version) {
        // given
        var client = connect(keeping(version, "boiler"));
        client.subscribe(1, "plant/#");
        var publisher = connect(version, "pub");
        publisher.publish("plant/a", "1", 1, false);
        // when the client goes without a word while messages come
        client.close();
        for (int i = 2; i <= 20; i++) {
            publisher.publish("plant/a", String.valueOf(i), 1, false);
        }
        // then it gets all, in their order
        var again = connect(keeping(version, "boiler"));
        for (int i = 1; i <= 20; i++) {
            assertThat(again.receiveMessage().payload()).isEqualTo(String.valueOf(i));
        }
    }

    @Test
    @Conformance("MQTT 5 §4.1")
    void keepsTheOptionsAndIdentifiersOfSubscriptions() {
        // given
        var client = connect(keeping(V5, "boiler"));
        client.send(Mqtt5.subscribe(1, "plant/#", options(1, true, true, 0), Mqtt5.varint(Mqtt5.SUBSCRIPTION_ID, 300)));
        client.expect(WirePacket.SUBACK);
        client.disconnect();
        // when
        var again = connect(keeping(V5, "boiler"));
        again.publish("plant/a", "own", 1, false);
        connect(V5, "pub").publish("plant/a", "retained", 1, true);
        // then
        var message = again.receiveMessage();
        assertThat(message.payload()).isEqualTo("retained");
        assertThat(message.isRetained()).isTrue();
        assertThat(Mqtt5.subscriptionIds(message)).containsExactly(300);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.14.4-2]",
        "MQTT 5 [MQTT-3.14.4-1]",
        "MQTT 3.1.1 [MQTT-3.14.4-1]",
        "MQTT 3.1 §3.14-1"
    })
    void closesAtDisconnectAndLooksAtNothingBehindIt(MqttVersion version) {
        // given
        var subscriber = connect(version, "sub");
        subscriber.subscribe(0, "#");
        // when
        WireClient client = connect(version, "boiler");
        client.send(Wire.disconnect(), Wire.publish(version, "plant/a", "late", 0, false, 0), Wire.pingreq());
        // then
        assertThat(client.awaitClose()).isEmpty();
        assertNothingMore(connect(version, "pub"), subscriber);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-4.1.0-2]", "MQTT 5 [MQTT-4.1.0-1]"})
    void keepsTheStateOfACleanSessionWhileItsConnectionLasts(MqttVersion version) {
        // given a clean session with all that a session can have under way
        var client = connect(version, "boiler");
        client.subscribe(2, "plant/#");
        client.send(Wire.publish(version, "other", "m", 2, false, 7));
        client.expect(WirePacket.PUBREC);
        var publisher = connect(version, "pub");
        publisher.publish("plant/a", "sent", 2, false);
        int packetId = client.expect(WirePacket.PUBLISH).packetId();
        // when others come, go and leave their sessions behind
        for (int i = 0; i < 20; i++) {
            connect(keeping(version, "other " + i)).disconnect();
            connect(version, "clean " + i).disconnect();
            assertThat(client.ping()).isEmpty();
        }
        // then it is all there
        client.send(Wire.publish(version, "plant/no", "m", 2, false, 7));
        client.expect(WirePacket.PUBREC);
        client.send(Wire.acknowledge(WirePacket.PUBREC, packetId));
        assertThat(client.expect(WirePacket.PUBREL).packetId()).isEqualTo(packetId);
        publisher.publish("plant/a", "live", 0, false);
        assertThat(client.receiveMessage().payload()).isEqualTo("live");
    }
}
