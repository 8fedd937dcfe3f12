package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Topic Aliases of clients (MQTT 5 §3.3.2.3.4). */
@SuppressWarnings("NullAway.Init") // set before each test
class TopicAliasTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    private WireClient subscriber;
    private WireClient publisher;
    private int maximum;

    @BeforeEach
    void connectBoth() {
        subscriber = connect(V5, "sub");
        subscriber.subscribe(2, "plant/#");
        publisher = open();
        var connack = publisher.login(keeping(V5, "pub"));
        maximum = Integer.parseInt(Mqtt5.requiredProperty(connack, Mqtt5.TOPIC_ALIAS_MAXIMUM));
    }

    private void publish(WireClient client, String topic, int alias) {
        client.send(Mqtt5.publish(topic, "m", 0, false, 0, Mqtt5.int16(Mqtt5.TOPIC_ALIAS, alias)));
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.2-12]", "MQTT 5 §3.3.2.3.4"})
    void takesEveryAliasThatItOffers() {
        for (int alias = 1; alias <= maximum; alias++) {
            publish(publisher, "plant/" + alias, alias);
            assertThat(subscriber.receiveMessage().topic()).isEqualTo("plant/" + alias);
        }
        for (int alias = maximum; alias >= 1; alias--) {
            publish(publisher, "", alias);
            assertThat(subscriber.receiveMessage().topic()).isEqualTo("plant/" + alias);
        }
    }

    @Test
    @Conformance("MQTT 5 §3.3.2.3.4")
    void givesAnAliasAnotherTopic() {
        publish(publisher, "plant/a", 1);
        publish(publisher, "plant/b", 1);
        publish(publisher, "", 1);
        assertThat(subscriber.receiveMessage().topic()).isEqualTo("plant/a");
        assertThat(subscriber.receiveMessage().topic()).isEqualTo("plant/b");
        assertThat(subscriber.receiveMessage().topic()).isEqualTo("plant/b");
    }

    @Test
    void takesAliasesAtEveryQos() {
        for (int qos = 0; qos <= 2; qos++) {
            publisher.send(
                    Mqtt5.publish("plant/a", "1", qos, false, 10, Mqtt5.int16(Mqtt5.TOPIC_ALIAS, 7)),
                    Mqtt5.publish("", "2", qos, false, 11, Mqtt5.int16(Mqtt5.TOPIC_ALIAS, 7)));
            assertThat(subscriber.receiveMessage().payload()).isEqualTo("1");
            var second = subscriber.receiveMessage();
            assertThat(second.payload()).isEqualTo("2");
            assertThat(second.topic()).isEqualTo("plant/a");
            if (qos == 2) {
                publisher.send(
                        Mqtt5.acknowledge(WirePacket.PUBREL, 10, 0), Mqtt5.acknowledge(WirePacket.PUBREL, 11, 0));
            }
        }
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.2-7]", "MQTT 5 §3.3.4"})
    void forgetsAliasesWithTheConnection() {
        publish(publisher, "plant/a", 1);
        subscriber.receiveMessage();
        publisher.close();
        var again = connect(keeping(V5, "pub"));
        publish(again, "", 1);
        assertThat(again.awaitClose()).extracting(WirePacket::reason).containsExactly(0x82);
    }

    @Test
    void keepsTheAliasesOfClientsApart() {
        var other = connect(V5, "other");
        publish(publisher, "plant/a", 1);
        publish(other, "plant/b", 1);
        subscriber.receiveMessage();
        subscriber.receiveMessage();
        publish(publisher, "", 1);
        assertThat(subscriber.receiveMessage().topic()).isEqualTo("plant/a");
        publish(other, "", 1);
        assertThat(subscriber.receiveMessage().topic()).isEqualTo("plant/b");
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.1.2-26]", "MQTT 5 [MQTT-3.1.2-27]", "MQTT 5 §3.3.2.3.4"})
    void doesNotPassAliasesOn() {
        var without = connect(V5, "without");
        without.subscribe(0, "plant/#");
        publish(publisher, "plant/a", 11);
        for (var client : new WireClient[] {subscriber, without}) {
            var message = client.receiveMessage();
            assertThat(message.topic()).isEqualTo("plant/a");
            assertThat(Mqtt5.propertiesOf(message)).isEmpty();
        }
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.1.2-26]", "MQTT 5 [MQTT-3.1.2-27]", "MQTT 5 §3.3.2.3.4", "MQTT 5 [MQTT-3.3.2-11]"})
    void namesATopicOnceToAClientThatTakesAliases() {
        // given a client that takes one alias, and one that takes none
        var taker = connect(WireConnect.of(MqttVersion.V5, "taker").as(device).properties(Wire.hex("22 00 01")));
        var other = connect(MqttVersion.V5, "other");
        taker.subscribe(0, "plant/#");
        other.subscribe(0, "plant/#");
        var publisher = connect(MqttVersion.V5, "pub");
        // when
        for (var topic : new String[] {"plant/boiler", "plant/boiler", "plant/pump", "plant/boiler"}) {
            publisher.publish(topic, "m", 0, false);
        }
        // then the first topic has the one alias, and stands behind it from then on
        assertThat(moreFrom(publisher, taker))
                .extracting(WirePacket::body)
                .containsExactly(
                        Wire.concat(Wire.string("plant/boiler"), Wire.hex("03 23 00 01"), Wire.bytes('m')),
                        Wire.concat(Wire.string(""), Wire.hex("03 23 00 01"), Wire.bytes('m')),
                        Wire.concat(Wire.string("plant/pump"), Wire.hex("00"), Wire.bytes('m')),
                        Wire.concat(Wire.string(""), Wire.hex("03 23 00 01"), Wire.bytes('m')));
        assertThat(moreFrom(publisher, other))
                .extracting(WirePacket::topic)
                .containsExactly("plant/boiler", "plant/boiler", "plant/pump", "plant/boiler");
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.2-7]", "MQTT 5 §3.3.2.3.4"})
    void namesATopicAnewOnAnotherConnection() {
        // given a client that takes aliases, and knows a topic by one
        var connect = keeping(V5, "taker");
        connect = connect.properties(connect.properties(), Mqtt5.int16(Mqtt5.TOPIC_ALIAS_MAXIMUM, 5));
        var first = connect(connect);
        first.subscribe(1, "plant/#");
        for (int i = 0; i < 2; i++) {
            publisher.publish("plant/boiler", "m", 1, false);
        }
        var named = first.expect(WirePacket.PUBLISH);
        assertThat(named.topic()).isEqualTo("plant/boiler");
        assertThat(first.expect(WirePacket.PUBLISH).topic()).isEmpty();
        first.close();
        // when it comes again and takes aliases, or none
        var second = connect(connect);
        var again = second.expect(WirePacket.PUBLISH);
        assertThat(second.expect(WirePacket.PUBLISH).topic()).isEmpty();
        second.close();
        var third = connect(keeping(V5, "taker"));
        // then the topic is named before it is known
        assertThat(again.topic()).isEqualTo("plant/boiler");
        assertThat(again.packetId()).isEqualTo(named.packetId());
        for (int i = 0; i < 2; i++) {
            var message = third.expect(WirePacket.PUBLISH);
            assertThat(message.topic()).isEqualTo("plant/boiler");
            assertThat(Mqtt5.propertiesOf(message)).isEmpty();
        }
    }
}
