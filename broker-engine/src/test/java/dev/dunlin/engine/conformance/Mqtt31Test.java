package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What MQTT 3.1 has of its own, as it is met in the field. */
class Mqtt31Test extends WireScenario {
    private static final MqttVersion V3_1 = MqttVersion.V3_1;

    private static byte[] connect(String protocol, int level, int flags, byte[]... payload) {
        return Wire.packet(0x10, Wire.string(protocol), Wire.bytes(level, flags), Wire.int16(60), Wire.concat(payload));
    }

    @Test
    @Conformance({"MQTT 3.1 §3.1-1", "MQTT 3.1 §3.2-1"})
    void isKnownByItsNameAndVersion() {
        var client = open().send(connect(
                "MQIsdp",
                3,
                0xC2,
                Wire.string("boiler"),
                Wire.string(device.userName()),
                Wire.string(device.secret())));
        assertThat(client.expect(WirePacket.CONNACK).body()).isEqualTo(Wire.bytes(0, 0));
        assertThat(client.ping()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"MQIsdp, 4", "MQIsdp, 5", "MQIsdp, 2", "MQTT, 3"})
    @Conformance("MQTT 3.1 §3.1-1")
    void isNotTakenForAnotherVersion(String protocol, int level) {
        var client = open().send(connect(protocol, level, 0x02, Wire.string("boiler")));
        assertThat(client.expect(WirePacket.CONNACK).body()).isEqualTo(Wire.bytes(0, 1));
        assertThat(client.awaitClose()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 23, 24, 64, 1_024})
    @Conformance({"MQTT 3.1 §3.1-4", "MQTT 3.1 §3.1-5"})
    void takesClientIdsOfUpTo23CharactersAndLongerOnes(int length) {
        assertThat(connect(V3_1, "c".repeat(length)).ping()).isEmpty();
    }

    @Test
    @Conformance({"MQTT 3.1 §3.1-6", "MQTT 3.1 §3.2-1"})
    void takesNoEmptyClientId() {
        for (var connect : new WireConnect[] {
            WireConnect.of(V3_1, "").as(device),
            WireConnect.of(V3_1, "").as(device).resuming()
        }) {
            var client = open();
            assertThat(client.login(connect).body()).isEqualTo(Wire.bytes(0, 2));
            assertThat(client.awaitClose()).isEmpty();
        }
    }

    @Test
    @Conformance("MQTT 3.1 §3.1-13")
    void judgesAClientWhoseUserNameOrPasswordIsMissingThoughItsFlagIsSet() {
        for (var payload :
                new byte[][] {Wire.string("boiler"), Wire.concat(Wire.string("boiler"), Wire.string(device.userName()))
                }) {
            // when
            var client = open().send(connect("MQIsdp", 3, 0xC2, payload));
            // then it is no malformed packet, but nobody who may come in
            assertThat(client.expect(WirePacket.CONNACK).reason()).isIn(4, 5);
            assertThat(client.awaitClose()).isEmpty();
        }
    }

    @Test
    @Conformance("MQTT 3.1 §3.2-1")
    void isToldNothingOfItsSession() {
        connect(keeping(V3_1, "boiler")).disconnect();
        assertThat(open().login(keeping(V3_1, "boiler")).body()).isEqualTo(Wire.bytes(0, 0));
    }
}
