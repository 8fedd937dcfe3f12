package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The main flows on every listener: what lies under MQTT changes nothing of it. */
class EveryListenerTest extends WireScenario {

    static Stream<Arguments> listeners() {
        return Arrays.stream(Transport.values())
                .flatMap(transport ->
                        Arrays.stream(MqttVersion.values()).map(version -> Arguments.of(transport, version)));
    }

    private WireClient connect(Transport transport, MqttVersion version, String clientId) {
        return open(transport).connect(WireConnect.of(version, clientId).as(device));
    }

    @ParameterizedTest
    @MethodSource("listeners")
    @Conformance({
        "MQTT 5 [MQTT-4.2.0-1]",
        "MQTT 3.1.1 [MQTT-7.1.1-1]",
        "MQTT 5 [MQTT-6.0.0-2]",
        "MQTT 3.1.1 [MQTT-6.0.0-2]"
    })
    void carriesMessagesOfEveryQosAndSize(Transport transport, MqttVersion version) {
        // given
        var subscriber = connect(transport, version, "sub");
        assertThat(subscriber.subscribe(2, "plant/#")).isEqualTo(2);
        var publisher = connect(transport, version, "pub");
        for (var payload : List.of("", "21.5", "x".repeat(100_000))) {
            for (int qos = 0; qos <= 2; qos++) {
                // when
                assertThat(publisher.publish("plant/boiler", payload, qos, false))
                        .isZero();
                // then
                var message = subscriber.receiveMessage();
                assertThat(message.qos()).isEqualTo(qos);
                assertThat(message.topic()).isEqualTo("plant/boiler");
                assertThat(message.payload().equals(payload)).isTrue();
            }
        }
        // and what is kept comes to the next subscription
        publisher.publish("plant/pump", "kept", 1, true);
        subscriber.receiveMessage();
        unsubscribe(subscriber, version, "plant/#");
        subscriber.subscribe(1, "plant/pump");
        assertThat(subscriber.receiveMessage().isRetained()).isTrue();
        assertThat(subscriber.ping()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("listeners")
    @Conformance({"MQTT 3.1.1 [MQTT-4.4.0-1]", "MQTT 5 [MQTT-4.4.0-1]", "MQTT 5 [MQTT-3.1.4-3]"})
    void carriesASessionFromOneListenerToAnother(Transport transport, MqttVersion version) {
        // given a client that has not acknowledged
        var first = open(transport).connect(keeping(version, "boiler"));
        first.subscribe(2, "plant/#");
        var publisher = connect(version, "pub");
        publisher.publish("plant/a", "one", 1, false);
        publisher.publish("plant/a", "two", 2, false);
        int one = first.expect(WirePacket.PUBLISH).packetId();
        int two = first.expect(WirePacket.PUBLISH).packetId();
        // when it comes again on the next listener, the first connection still open
        var next = Transport.values()[(transport.ordinal() + 1) % Transport.values().length];
        var second = open(next).connect(keeping(version, "boiler"));
        // then that one is told, and this one gets all again
        assertThat(first.awaitClose())
                .extracting(WirePacket::reason)
                .isEqualTo(version.hasProperties() ? List.of(0x8E) : List.of());
        for (int packetId : new int[] {one, two}) {
            var again = second.receiveMessage();
            assertThat(again.packetId()).isEqualTo(packetId);
            assertThat(again.isDuplicate()).isTrue();
        }
        assertThat(second.ping()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("listeners")
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.2-8]", "MQTT 5 [MQTT-3.1.2-8]"})
    void publishesTheWillOfWhoBreaksOffAndOfNobodyElse(Transport transport, MqttVersion version) {
        // given
        var subscriber = connect(version, "sub");
        subscriber.subscribe(1, "plant/alarm");
        var connect = WireConnect.of(version, "doomed").as(device).will("plant/alarm", "gone", 1, false);
        // when one disconnects and one breaks off
        open(transport).connect(connect).disconnect();
        open(transport).connect(connect).close();
        // then
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("gone");
        assertNothingMore(connect(version, "pub"), subscriber);
    }

    @ParameterizedTest
    @MethodSource("listeners")
    @Conformance({"MQTT 3.1.1 [MQTT-4.8.0-1]", "MQTT 5 [MQTT-4.13.1-1]"})
    void closesOnAPacketThatIsNone(Transport transport, MqttVersion version) {
        var client = connect(transport, version, "boiler");
        client.send(Wire.bytes(0, 0));
        assertThat(client.awaitClose())
                .extracting(WirePacket::reason)
                .isEqualTo(version.hasProperties() ? List.of(0x81) : List.of());
        // and on a first packet that is no CONNECT
        assertThat(open(transport).send(Wire.pingreq()).awaitClose()).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("listeners")
    void refusesAWrongSecret(Transport transport, MqttVersion version) {
        var client = open(transport);
        var connack = client.login(WireConnect.of(version, "boiler").as(device.userName(), "wrong"));
        assertThat(connack.reason()).isEqualTo(reasonFor(version, 0x86, 4));
        assertThat(client.awaitClose()).isEmpty();
    }
}
