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

/** The Will Message (MQTT 5 §3.1.2.5). */
class WillTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;
    private static final String TOPIC = "plant/alarm";

    private WireClient subscriber(MqttVersion version) {
        var subscriber = connect(version, "sub");
        subscriber.subscribe(2, TOPIC);
        return subscriber;
    }

    private WireConnect doomed(MqttVersion version) {
        return WireConnect.of(version, "doomed").as(device).will(TOPIC, "gone", 1, false);
    }

    private WireConnect doomed(byte[]... willProperties) {
        return WireConnect.of(V5, "doomed")
                .as(device)
                .will(new WireConnect.Will(TOPIC, "gone", 1, false, Wire.concat(willProperties)));
    }

    private static byte[] delay(int seconds) {
        return Mqtt5.int32(Mqtt5.WILL_DELAY, seconds);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.1.2-8]",
        "MQTT 5 [MQTT-3.1.2-7]",
        "MQTT 5 [MQTT-3.1.2-8]",
        "MQTT 3.1.1 [MQTT-3.1.2-9]",
        "MQTT 5 [MQTT-3.1.2-9]",
        "MQTT 3.1.1 [MQTT-3.1.2-14]",
        "MQTT 5 [MQTT-3.1.2-12]",
        "MQTT 3.1.1 [MQTT-3.1.2-16]",
        "MQTT 3.1.1 [MQTT-3.1.2-17]",
        "MQTT 5 [MQTT-3.1.2-14]",
        "MQTT 5 [MQTT-3.1.2-15]",
        "MQTT 3.1 §3.1-10"
    })
    void publishesTheWillOfAConnectionThatBreaksOff(MqttVersion version) {
        var subscriber = subscriber(version);
        for (int qos = 0; qos <= 2; qos++) {
            for (boolean retain : new boolean[] {false, true}) {
                // when
                connect(WireConnect.of(version, "doomed").as(device).will(TOPIC, "gone", qos, retain))
                        .close();
                // then
                var will = subscriber.receiveMessage();
                assertThat(will.payload()).isEqualTo("gone");
                assertThat(will.qos()).isEqualTo(qos);
                assertThat(will.isRetained()).isFalse();
                // and it stays only where it was asked to
                var late = connect(version, "late");
                late.subscribe(2, TOPIC);
                var kept = late.ping();
                assertThat(kept)
                        .hasSize(retain ? 1 : 0)
                        .allSatisfy(message -> assertThat(message.isRetained()).isTrue());
                subscriber.publish(TOPIC, "", 0, true);
                subscriber.receiveMessage();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.1.2-10]",
        "MQTT 5 [MQTT-3.1.2-10]",
        "MQTT 3.1.1 [MQTT-3.14.4-3]",
        "MQTT 5 [MQTT-3.14.4-3]",
        "MQTT 3.1 §3.1-11"
    })
    void discardsTheWillAtDisconnect(MqttVersion version) {
        var subscriber = subscriber(version);
        connect(doomed(version)).disconnect();
        assertNothingMore(connect(version, "pub"), subscriber);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.2-12]", "MQTT 5 [MQTT-3.1.2-11]"})
    void publishesNothingForAClientWithoutWill(MqttVersion version) {
        var subscriber = connect(version, "sub");
        subscriber.subscribe(2, "#");
        connect(version, "doomed").send(Wire.bytes(0, 0)).awaitClose();
        assertNothingMore(connect(version, "pub"), subscriber);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.2-10]", "MQTT 5 [MQTT-3.1.2-10]"})
    void publishesAWillOnce(MqttVersion version) {
        // given a session that outlives its connection, and its will
        var subscriber = subscriber(version);
        connect(keeping(version, "doomed").will(TOPIC, "gone", 1, false)).close();
        subscriber.receiveMessage();
        // when it comes and breaks off again, without a will
        var again = connect(keeping(version, "doomed"));
        again.send(Wire.bytes(0, 0)).awaitClose();
        // then
        assertNothingMore(connect(version, "pub"), subscriber);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.2-8]", "MQTT 5 [MQTT-3.1.2-8]"})
    void publishesTheWillOfAClientThatBreaksTheProtocol(MqttVersion version) {
        var subscriber = subscriber(version);
        connect(doomed(version)).send(Wire.bytes(0, 0)).awaitClose();
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("gone");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.2-24]", "MQTT 5 [MQTT-3.1.2-22]"})
    void publishesTheWillOfAClientThatFallsSilent(MqttVersion version) {
        var subscriber = subscriber(version);
        connect(doomed(version).keepAlive(1));
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("gone");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.2-8]", "MQTT 5 [MQTT-3.1.2-8]", "MQTT 5 §3.1.4"})
    void publishesTheWillOfAConnectionThatIsTakenOver(MqttVersion version) {
        var subscriber = subscriber(version);
        connect(doomed(version));
        connect(version, "doomed");
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("gone");
    }

    @Test
    @Conformance("MQTT 5 §3.14.2.1")
    void publishesTheWillAtADisconnectThatAsksForIt() {
        var subscriber = subscriber(V5);
        connect(doomed()).send(Mqtt5.disconnect(0x04)).awaitClose();
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("gone");
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.1.2-10]")
    void publishesTheWillAtADisconnectForAnyReasonButNormal() {
        var subscriber = subscriber(V5);
        for (int reason : new int[] {0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99}) {
            connect(doomed()).send(Mqtt5.disconnect(reason)).awaitClose();
            assertThat(subscriber.receiveMessage().payload())
                    .as("0x%02x", reason)
                    .isEqualTo("gone");
        }
    }

    // Delay

    @Test
    @Conformance({"MQTT 5 [MQTT-3.1.2-8]", "MQTT 5 §3.1.3.2.2"})
    void waitsForTheDelayBeforeItPublishesAWill() {
        // given
        var subscriber = subscriber(V5);
        // when
        long start = System.nanoTime();
        connect(doomed(delay(1)).sessionExpiry(60)).close();
        // then
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("gone");
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(1_000_000_000L);
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.1.3-9]", "MQTT 5 [MQTT-3.1.2-8]"})
    void dropsADelayedWillWhenItsClientComesBackInTime() {
        // given
        var subscriber = subscriber(V5);
        connect(doomed(delay(1)).sessionExpiry(60)).close();
        // when the client is back, without a will, and the delay of another has passed that began later
        var back = connect(WireConnect.of(V5, "doomed").as(device).resuming().sessionExpiry(60));
        connect(WireConnect.of(V5, "other")
                        .as(device)
                        .sessionExpiry(60)
                        .will(new WireConnect.Will(TOPIC, "other", 1, false, delay(1))))
                .close();
        // then
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("other");
        back.disconnect();
        assertNothingMore(connect(V5, "pub"), subscriber);
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.1.3-9]")
    void dropsADelayedWillWhenItsConnectionIsTakenOver() {
        var subscriber = subscriber(V5);
        connect(doomed(delay(60)).sessionExpiry(60));
        connect(WireConnect.of(V5, "doomed").as(device).resuming().sessionExpiry(60));
        assertNothingMore(connect(V5, "pub"), subscriber);
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.1.2-8]")
    void publishesADelayedWillWhenTheSessionEndsFirst() {
        var subscriber = subscriber(V5);
        // when the session ends with its connection
        connect(doomed(delay(3_600))).close();
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("gone");
        // or a second later
        connect(doomed(delay(3_600)).sessionExpiry(1)).close();
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("gone");
        // or at a DISCONNECT
        connect(doomed(delay(3_600)).sessionExpiry(60))
                .send(Mqtt5.disconnect(4, Mqtt5.int32(Mqtt5.SESSION_EXPIRY, 0)))
                .awaitClose();
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("gone");
        // or since its client starts clean
        connect(doomed(delay(3_600)).sessionExpiry(60)).close();
        connect(V5, "doomed");
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("gone");
        assertNothingMore(connect(V5, "pub"), subscriber);
    }

    // Properties

    @Test
    @Conformance({"MQTT 5 [MQTT-3.1.3-10]", "MQTT 5 §3.1.3.2"})
    void sendsThePropertiesOfAWillWithIt() {
        // given
        var subscriber = subscriber(V5);
        // when
        connect(doomed(
                        Mqtt5.user("b", "1"),
                        Mqtt5.int8(Mqtt5.PAYLOAD_FORMAT, 1),
                        Mqtt5.text(Mqtt5.CONTENT_TYPE, "text/plain"),
                        delay(0),
                        Mqtt5.user("a", "2"),
                        Mqtt5.text(Mqtt5.RESPONSE_TOPIC, "answers/here"),
                        Mqtt5.data(Mqtt5.CORRELATION_DATA, (byte) 1, (byte) 0),
                        Mqtt5.int32(Mqtt5.MESSAGE_EXPIRY, 60),
                        Mqtt5.user("b", "1")))
                .close();
        // then
        var will = subscriber.receiveMessage();
        assertThat(Mqtt5.propertiesOf(will))
                .containsExactlyInAnyOrder(
                        new Mqtt5.Property(Mqtt5.USER_PROPERTY, "b=1"),
                        new Mqtt5.Property(Mqtt5.PAYLOAD_FORMAT, "1"),
                        new Mqtt5.Property(Mqtt5.CONTENT_TYPE, "text/plain"),
                        new Mqtt5.Property(Mqtt5.USER_PROPERTY, "a=2"),
                        new Mqtt5.Property(Mqtt5.RESPONSE_TOPIC, "answers/here"),
                        new Mqtt5.Property(Mqtt5.CORRELATION_DATA, "0100"),
                        new Mqtt5.Property(Mqtt5.MESSAGE_EXPIRY, "60"),
                        new Mqtt5.Property(Mqtt5.USER_PROPERTY, "b=1"));
        assertThat(Mqtt5.propertiesOf(will))
                .filteredOn(property -> property.id() == Mqtt5.USER_PROPERTY)
                .extracting(Mqtt5.Property::value)
                .containsExactly("b=1", "a=2", "b=1");
    }

    @Test
    @Conformance("MQTT 5 §3.1.3.2.4")
    void countsTheExpiryOfAWillFromItsPublication() {
        // given an absent subscriber, and a will that expires sooner than it is due
        var absent = connect(keeping(V5, "absent"));
        absent.subscribe(1, TOPIC);
        absent.disconnect();
        var subscriber = subscriber(V5);
        connect(doomed(delay(2), Mqtt5.int32(Mqtt5.MESSAGE_EXPIRY, 1)).sessionExpiry(60))
                .close();
        // then it is alive when it is published
        var will = subscriber.receiveMessage();
        assertThat(Mqtt5.property(will, Mqtt5.MESSAGE_EXPIRY)).isEqualTo("1");
    }

    @Test
    void refusesWillPropertiesThatAreWrong() {
        for (var properties : new byte[][] {
            Wire.concat(delay(1), delay(1)),
            Mqtt5.int16(Mqtt5.TOPIC_ALIAS, 1),
            Mqtt5.varint(Mqtt5.SUBSCRIPTION_ID, 1),
            Mqtt5.int8(Mqtt5.PAYLOAD_FORMAT, 2),
            Mqtt5.text(Mqtt5.RESPONSE_TOPIC, "a/#"),
            Mqtt5.text(Mqtt5.REASON_STRING, "why")
        }) {
            var client = open().send(doomed(properties).encode());
            assertThat(client.awaitClose())
                    .allSatisfy(packet -> assertThat(packet.reason()).isGreaterThanOrEqualTo(0x80));
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void letsNoWillOutliveTheSessionOfItsOwnSubscriber(MqttVersion version) {
        // given a client that is subscribed to its own will
        var client = connect(doomed(version));
        client.subscribe(1, TOPIC);
        // when it breaks off and comes again
        client.close();
        var again = connect(version, "doomed");
        // then nothing waits for it, and it goes on as any other
        assertThat(again.ping()).isEmpty();
        again.subscribe(1, TOPIC);
        again.publish(TOPIC, "live", 1, false);
        assertThat(again.expect(WirePacket.PUBLISH).payload()).isEqualTo("live");
    }
}
