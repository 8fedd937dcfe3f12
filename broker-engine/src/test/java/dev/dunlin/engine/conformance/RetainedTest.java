package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Retained messages (MQTT 5 §3.3.1.3, §3.8.3.1). */
class RetainedTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.3.1-5]",
        "MQTT 5 [MQTT-3.3.1-5]",
        "MQTT 3.1.1 [MQTT-3.3.1-6]",
        "MQTT 5 [MQTT-3.3.1-9]",
        "MQTT 3.1.1 [MQTT-3.3.1-7]",
        "MQTT 3.1.1 [MQTT-3.3.1-8]",
        "MQTT 3.1.1 [MQTT-3.3.1-9]",
        "MQTT 5 [MQTT-3.3.1-12]",
        "MQTT 3.1.1 [MQTT-3.1.2-7]",
        "MQTT 3.1 §2.1-4"
    })
    void keepsTheLastMessageOfATopicForThoseWhoComeLater(MqttVersion version) {
        var early = connect(version, "early");
        early.subscribe(2, "plant/#");
        for (int qos = 0; qos <= 2; qos++) {
            // when
            var publisher = connect(version, "pub");
            publisher.publish("plant/a", "older", qos, true);
            publisher.publish("plant/a", "qos " + qos, qos, true);
            publisher.disconnect();
            // then who was there has both, without the flag
            for (int i = 0; i < 2; i++) {
                assertThat(early.receiveMessage().isRetained()).isFalse();
            }
            // and who comes now has the last, with it
            for (int granted = 0; granted <= 2; granted++) {
                var late = connect(version, "late");
                late.subscribe(granted, "plant/#");
                var message = late.receiveMessage();
                assertThat(message.payload()).isEqualTo("qos " + qos);
                assertThat(message.isRetained()).isTrue();
                assertThat(message.qos()).isEqualTo(Math.min(qos, granted));
                assertThat(message.isDuplicate()).isFalse();
                assertThat(late.ping()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.3.1-10]",
        "MQTT 5 [MQTT-3.3.1-6]",
        "MQTT 3.1.1 [MQTT-3.3.1-11]",
        "MQTT 5 [MQTT-3.3.1-7]"
    })
    void forgetsTheMessageOfATopicAtAnEmptyOne(MqttVersion version) {
        // given
        var publisher = connect(version, "pub");
        publisher.publish("plant/a", "kept", 1, true);
        var early = connect(version, "early");
        early.subscribe(0, "plant/#");
        early.receiveMessage();
        // when
        publisher.publish("plant/a", "", 1, true);
        publisher.publish("plant/never", "", 1, true);
        // then it is delivered as any other
        assertThat(early.receiveMessage().payload()).isEmpty();
        assertThat(early.receiveMessage().payload()).isEmpty();
        // and nothing is kept
        var late = connect(version, "late");
        late.subscribe(0, "plant/#");
        assertThat(late.ping()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.3.1-12]", "MQTT 5 [MQTT-3.3.1-8]"})
    void leavesTheKeptMessageAloneWithoutTheFlag(MqttVersion version) {
        var publisher = connect(version, "pub");
        publisher.publish("plant/a", "kept", 1, true);
        publisher.publish("plant/a", "passing", 1, false);
        publisher.publish("plant/a", "", 1, false);
        var late = connect(version, "late");
        late.subscribe(0, "plant/#");
        assertThat(payloads(late.ping())).containsExactly("kept");
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.1-9]", "MQTT 5 [MQTT-3.3.1-10]", "MQTT 5 [MQTT-3.3.1-11]"})
    void sendsKeptMessagesAsRetainHandlingSays() {
        connect(V5, "pub").publish("plant/a", "kept", 1, true);
        // given a client that is subscribed already, and one that is not
        for (boolean isSubscribed : new boolean[] {false, true}) {
            for (int handling = 0; handling <= 2; handling++) {
                var client = connect(V5, "boiler");
                if (isSubscribed) {
                    client.subscribe(0, "plant/#");
                    client.receiveMessage();
                }
                // when
                client.send(Mqtt5.subscribe(9, "plant/#", options(0, false, false, handling)));
                client.expect(WirePacket.SUBACK);
                // then
                boolean sent = handling == 0 || handling == 1 && !isSubscribed;
                assertThat(client.ping()).hasSize(sent ? 1 : 0);
            }
        }
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.3.1-10]")
    void doesNotTakeASessionsSubscriptionForANewOne() {
        connect(V5, "pub").publish("plant/a", "kept", 1, true);
        var client = connect(keeping(V5, "boiler"));
        client.subscribe(0, "plant/#");
        client.receiveMessage();
        client.disconnect();
        var again = connect(keeping(V5, "boiler"));
        again.send(Mqtt5.subscribe(9, "plant/#", options(0, false, false, 1)));
        again.expect(WirePacket.SUBACK);
        assertThat(again.ping()).isEmpty();
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.1-12]", "MQTT 5 [MQTT-3.3.1-13]"})
    void passesTheFlagOnWhereTheSubscriptionSaysSo() {
        var publisher = connect(V5, "pub");
        for (boolean asPublished : new boolean[] {false, true}) {
            var client = connect(V5, "boiler");
            client.send(Mqtt5.subscribe(1, "plant/#", options(0, false, asPublished, 2)));
            client.expect(WirePacket.SUBACK);
            for (boolean retain : new boolean[] {false, true}) {
                publisher.publish("plant/a", "m", 1, retain);
                assertThat(client.receiveMessage().isRetained()).isEqualTo(retain && asPublished);
            }
        }
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.3.1-13]")
    void keepsTheFlagOfWhatWaitsForAnAbsentClient() {
        var client = connect(keeping(V5, "boiler"));
        client.send(Mqtt5.subscribe(1, "plant/#", options(1, false, true, 2)));
        client.expect(WirePacket.SUBACK);
        client.disconnect();
        connect(V5, "pub").publish("plant/a", "m", 1, true);
        assertThat(connect(keeping(V5, "boiler")).receiveMessage().isRetained()).isTrue();
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.2-6]", "MQTT 5 §3.3.2.3.3"})
    void forgetsAKeptMessageThatHasExpired() {
        // given one that expires in a second and one that does not
        var publisher = connect(V5, "pub");
        publisher.send(
                Mqtt5.publish("plant/brief", "brief", 1, true, 1, Mqtt5.int32(Mqtt5.MESSAGE_EXPIRY, 1)),
                Mqtt5.publish("plant/long", "long", 1, true, 2, Mqtt5.int32(Mqtt5.MESSAGE_EXPIRY, 1_000)));
        publisher.expect(WirePacket.PUBACK);
        publisher.expect(WirePacket.PUBACK);
        waitForTwoSeconds();
        // then
        var late = connect(V5, "late");
        late.subscribe(0, "plant/#");
        var messages = late.ping();
        assertThat(payloads(messages)).containsExactly("long");
        assertThat(Integer.parseInt(Mqtt5.requiredProperty(messages.get(0), Mqtt5.MESSAGE_EXPIRY)))
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

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.3.1-6]", "MQTT 5 [MQTT-3.3.1-9]"})
    void sendsManyKeptMessagesAtTheClientsPace(MqttVersion version) {
        // given more than may be in flight
        var publisher = connect(version, "pub");
        for (int i = 1; i <= 3_000; i++) {
            publisher.send(Wire.publish(version, "plant/" + i, String.valueOf(i), 1, true, i));
        }
        for (int i = 1; i <= 3_000; i++) {
            publisher.expect(WirePacket.PUBACK);
        }
        // when
        var late = connect(version, "late");
        late.subscribe(1, "plant/+");
        // then all come, each once
        assertThat(receive(late, 3_000)).hasSize(3_000);
        assertThat(late.ping()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.3.1-6]", "MQTT 5 [MQTT-3.3.1-9]"})
    void bringsTheRestOfTheKeptMessagesToASessionThatWasInterrupted(MqttVersion version) {
        // given more than may be in flight, and a client that goes before it has acknowledged
        var publisher = connect(version, "pub");
        for (int i = 1; i <= 1_500; i++) {
            publisher.send(Wire.publish(version, "plant/" + i, String.valueOf(i), 1, true, i));
        }
        for (int i = 1; i <= 1_500; i++) {
            publisher.expect(WirePacket.PUBACK);
        }
        var client = connect(keeping(version, "boiler"));
        client.subscribe(1, "plant/+");
        client.expect(WirePacket.PUBLISH);
        client.close();
        // when it is back, then all come
        var again = connect(keeping(version, "boiler"));
        assertThat(receive(again, 1_500)).hasSize(1_500);
    }

    private static Set<String> receive(WireClient client, int count) {
        var received = new HashSet<String>();
        for (int i = 0; i < count; i++) {
            received.add(client.receiveMessage().payload());
        }
        return received;
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void sendsKeptMessagesOfEachFilterOfASubscribe(MqttVersion version) {
        var publisher = connect(version, "pub");
        publisher.publish("plant/a", "a", 1, true);
        publisher.publish("plant/b", "b", 1, true);
        publisher.publish("other", "c", 1, true);
        var late = connect(version, "late");
        late.subscribe(0, "plant/a", "other", "nothing/here");
        assertThat(payloads(late.ping())).containsExactlyInAnyOrderElementsOf(List.of("a", "c"));
    }
}
