package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Packets that are none: the connection is closed, and MQTT 5 clients are told why (MQTT 5 §4.13). */
class MalformedPacketTest extends WireScenario {

    /** Has a connected client send {@code bytes}, and fails unless it is closed for that. */
    private void assertCloses(MqttVersion version, String bytes, int reason) {
        var bystander = connect(version, "bystander");
        var client = connect(version, "boiler").send(Wire.hex(bytes));
        var last = client.awaitClose();
        if (version.hasProperties()) {
            assertThat(last).as(bytes).singleElement().satisfies(packet -> {
                assertThat(packet.type()).isEqualTo(WirePacket.DISCONNECT);
                assertThat(packet.reason()).as(bytes).isEqualTo(reason);
                assertThat(Mqtt5.property(packet, Mqtt5.REASON_STRING)).isNotEmpty();
                assertThat(Mqtt5.property(packet, Mqtt5.SESSION_EXPIRY)).isNull();
            });
        } else {
            assertThat(last).as(bytes).isEmpty();
        }
        // and that is all that happens
        assertThat(bystander.ping()).isEmpty();
        await().untilAsserted(() -> assertThat(incidents()).singleElement().satisfies(incident -> {
            assertThat(incident.kind()).isEqualTo(Incident.Kind.CONNECTION);
            assertThat(incident.clientId()).isEqualTo("boiler");
            assertThat(incident.decidedBy()).isNotEmpty();
        }));
    }

    @ParameterizedTest
    @CsvSource({
        // types that are reserved, or that only a server sends
        "00 00, 0x81",
        "20 02 00 00, 0x82",
        "90 03 00 01 00, 0x82",
        "B0 02 00 01, 0x82",
        "D0 00, 0x82",
        // flags of the fixed header
        "41 02 00 01, 0x81",
        "51 02 00 01, 0x81",
        "60 02 00 01, 0x81",
        "63 02 00 01, 0x81",
        "72 02 00 01, 0x81",
        "80 06 00 01 00 01 61 00, 0x81",
        "83 06 00 01 00 01 61 00, 0x81",
        "A0 05 00 01 00 01 61, 0x81",
        "A1 05 00 01 00 01 61, 0x81",
        "C1 00, 0x81",
        "C8 00, 0x81",
        "E1 00, 0x81",
        // QoS 3, DUP at QoS 0
        "36 07 00 01 61 00 01 00 00, 0x81",
        "38 05 00 01 61 00 00, 0x81",
        // lengths: five bytes; fields that end behind the packet; bytes left over
        "30 FF FF FF FF 01, 0x81",
        "C0 80 80 80 80 00, 0x81",
        "30 01 00, 0x81",
        "30 04 00 05 61 62, 0x81",
        "32 03 00 01 61, 0x81",
        "32 04 00 01 61 00, 0x81",
        "40 01 00, 0x81",
        "40 00, 0x81",
        "82 02 00 01, 0x81",
        "82 00, 0x81",
        "A2 00, 0x81",
        "C0 01 00, 0x81",
        // Packet Identifier 0
        "32 07 00 01 61 00 00 00 00, 0x82",
        "34 07 00 01 61 00 00 00 00, 0x82",
        "40 02 00 00, 0x82",
        "50 02 00 00, 0x82",
        "62 02 00 00, 0x82",
        "70 02 00 00, 0x82",
        "82 07 00 00 00 00 01 61 00, 0x82",
        "A2 06 00 00 00 00 01 61, 0x82",
        // Topic Names: wildcards, U+0000, surrogates, overlong, beyond U+10FFFF, cut off, a continuation alone
        "30 06 00 03 61 2F 23 00, 0x90",
        "30 04 00 01 2B 00, 0x90",
        "30 04 00 01 23 00, 0x90",
        "30 06 00 03 61 00 62 00, 0x81",
        "30 06 00 03 ED A0 80 00, 0x81",
        "30 06 00 03 ED BF BF 00, 0x81",
        "30 05 00 02 C0 AF 00, 0x81",
        "30 05 00 02 C0 80 00, 0x81",
        "30 06 00 03 E0 80 AF 00, 0x81",
        "30 07 00 04 F0 80 80 AF 00, 0x81",
        "30 07 00 04 F4 90 80 80 00, 0x81",
        "30 07 00 04 F8 88 80 80 00, 0x81",
        "30 05 00 02 E2 82 00, 0x81",
        "30 04 00 01 80 00, 0x81",
        "30 04 00 01 FF 00, 0x81",
    })
    @Conformance({
        "MQTT 3.1.1 [MQTT-2.2.2-1]",
        "MQTT 3.1.1 [MQTT-2.2.2-2]",
        "MQTT 5 [MQTT-2.1.3-1]",
        "MQTT 5 [MQTT-3.6.1-1]",
        "MQTT 3.1.1 [MQTT-3.6.1-1]",
        "MQTT 3.1.1 [MQTT-3.8.1-1]",
        "MQTT 5 [MQTT-3.8.1-1]",
        "MQTT 3.1.1 [MQTT-3.10.1-1]",
        "MQTT 5 [MQTT-3.10.1-1]",
        "MQTT 3.1.1 [MQTT-3.14.1-1]",
        "MQTT 5 [MQTT-3.14.1-1]",
        "MQTT 3.1.1 [MQTT-3.3.1-4]",
        "MQTT 5 [MQTT-3.3.1-4]",
        "MQTT 3.1.1 [MQTT-3.3.1-2]",
        "MQTT 5 [MQTT-3.3.1-2]",
        "MQTT 3.1.1 [MQTT-2.3.1-1]",
        "MQTT 5 [MQTT-2.2.1-3]",
        "MQTT 3.1.1 [MQTT-3.3.2-2]",
        "MQTT 5 [MQTT-3.3.2-2]",
        "MQTT 3.1.1 [MQTT-4.7.1-1]",
        "MQTT 5 [MQTT-4.7.0-1]",
        "MQTT 3.1.1 [MQTT-1.5.3-1]",
        "MQTT 5 [MQTT-1.5.4-1]",
        "MQTT 3.1.1 [MQTT-1.5.3-2]",
        "MQTT 5 [MQTT-1.5.4-2]",
        "MQTT 3.1.1 [MQTT-4.7.3-2]",
        "MQTT 5 [MQTT-4.7.3-2]",
        "MQTT 3.1.1 [MQTT-3.3.2-1]",
        "MQTT 5 [MQTT-3.3.2-1]",
        "MQTT 3.1.1 [MQTT-4.8.0-1]",
        "MQTT 5 [MQTT-4.13.1-1]",
        "MQTT 5 [MQTT-3.14.2-1]",
        "MQTT 5 [MQTT-3.14.2-2]",
        "MQTT 5 [MQTT-3.14.4-2]",
        "MQTT 3.1 §2.1-3",
        "MQTT 3.1 §2.4-1",
        "MQTT 3.1 §3.3-1"
    })
    void closesOnWhatNoVersionKnows(String bytes, int reason) {
        for (var version : MqttVersion.values()) {
            addTenant();
            assertCloses(version, bytes, reason);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "F0 00", // AUTH
                "30 02 00 00", // an empty Topic Name
                "30 03 00 00 6D",
                "40 03 00 01 00", // reason codes of MQTT 5
                "50 03 00 01 00",
                "62 03 00 01 00",
                "70 03 00 01 00",
                "E0 01 00",
                // SUBSCRIBE: QoS 3, reserved bits, no filter, a filter without QoS, one that is cut off, ill-formed
                // ones
                "82 06 00 01 00 01 61 03",
                "82 06 00 01 00 01 61 04",
                "82 06 00 01 00 01 61 80",
                "82 02 00 01",
                "82 05 00 01 00 01 61",
                "82 06 00 01 00 09 61 00",
                "82 06 00 01 00 01 FF 00",
                "82 06 00 01 00 01 00 00",
                // UNSUBSCRIBE
                "A2 02 00 01",
                "A2 05 00 01 00 01 FF",
                "A2 05 00 01 00 02 61",
            })
    @Conformance({
        "MQTT 3.1.1 [MQTT-4.7.3-1]", "MQTT 3.1.1 [MQTT-3.8.3-1]", "MQTT 3.1.1 [MQTT-3.8.3-3]",
        "MQTT 3.1.1 [MQTT-3.8.3-4]", "MQTT 3.1.1 [MQTT-3.10.3-1]", "MQTT 3.1.1 [MQTT-3.10.3-2]",
        "MQTT 3.1.1 [MQTT-4.8.0-1]"
    })
    void closesOnWhatMqtt311DoesNotKnow(String bytes) {
        assertCloses(MqttVersion.V3_1_1, bytes, 0);
    }

    @ParameterizedTest
    @CsvSource({
        // Remaining Length and Property Length longer than they need be
        "C0 80 00, 0x81",
        "30 07 00 01 61 80 00 6D 6D, 0x81",
        // no topic: neither name nor alias, an alias that stands for nothing, 0, too high, twice
        "30 03 00 00 00, 0x82",
        "30 06 00 00 03 23 00 01, 0x82",
        "30 07 00 01 61 03 23 00 00, 0x94",
        "30 07 00 01 61 03 23 00 41, 0x94",
        "30 0A 00 01 61 06 23 00 01 23 00 01, 0x82",
        // PUBLISH: properties cut off or too long, unknown, of other packets, twice, out of range
        "30 05 00 01 61 05 01, 0x81",
        "30 03 00 01 61, 0x81",
        "30 06 00 01 61 02 7F 00, 0x81",
        "30 06 00 01 61 02 00 00, 0x81",
        "30 09 00 01 61 05 11 00 00 00 01, 0x81",
        "30 09 00 01 61 05 18 00 00 00 01, 0x81",
        "30 06 00 01 61 02 01 02, 0x82",
        "30 08 00 01 61 04 01 00 01 00, 0x82",
        "30 06 00 01 61 02 0B 01, 0x82",
        "30 0E 00 01 61 0A 02 00 00 00 01 02 00 00 00 01, 0x82",
        "30 0C 00 01 61 08 03 00 01 61 03 00 01 61, 0x82",
        "30 0C 00 01 61 08 08 00 01 61 08 00 01 61, 0x82",
        "30 0C 00 01 61 08 09 00 01 61 09 00 01 61, 0x82",
        "30 0A 00 01 61 06 08 00 03 61 2F 23, 0x90",
        "30 08 00 01 61 04 08 00 01 2B, 0x90",
        "30 07 00 01 61 03 08 00 00, 0x82",
        "30 08 00 01 61 04 08 00 01 FF, 0x81",
        "30 08 00 01 61 04 03 00 01 FF, 0x81",
        "30 0B 00 01 61 07 26 00 01 FF 00 01 61, 0x81",
        "30 0B 00 01 61 07 26 00 01 61 00 01 00, 0x81",
        "30 08 00 01 61 04 26 00 01 61, 0x81",
        // acknowledgements: reason codes and properties that they do not have
        "40 03 00 01 01, 0x81",
        "40 03 00 01 92, 0x81",
        "50 03 00 01 04, 0x81",
        "62 03 00 01 80, 0x81",
        "70 03 00 01 10, 0x81",
        "40 06 00 01 00 02 01 00, 0x81",
        "40 0C 00 01 00 08 1F 00 01 61 1F 00 01 61, 0x82",
        "40 04 00 01 00 05, 0x81",
        // SUBSCRIBE: no filter, reserved bits, QoS 3, Retain Handling 3, identifier 0 or twice, unknown properties
        "82 03 00 01 00, 0x82",
        "82 07 00 01 00 00 01 61 40, 0x81",
        "82 07 00 01 00 00 01 61 80, 0x81",
        "82 07 00 01 00 00 01 61 03, 0x81",
        "82 07 00 01 00 00 01 61 30, 0x82",
        "82 09 00 01 02 0B 00 00 01 61 00, 0x82",
        "82 0B 00 01 04 0B 01 0B 01 00 01 61 00, 0x82",
        "82 0C 00 01 05 0B 80 80 80 80 01 00 01 61 00, 0x81",
        "82 09 00 01 02 01 00 00 01 61 00, 0x81",
        "82 07 00 01 00 00 01 FF 00, 0x81",
        "82 07 00 01 00 00 01 00 00, 0x81",
        // UNSUBSCRIBE
        "A2 03 00 01 00, 0x82",
        "A2 08 00 01 02 0B 01 00 01 61, 0x81",
        "A2 06 00 01 00 00 01 FF, 0x81",
        // DISCONNECT: reason codes of a server, properties
        "E0 01 01, 0x81",
        "E0 01 8B, 0x81",
        "E0 01 8E, 0x81",
        "E0 04 00 02 23 00, 0x81",
        "E0 06 00 04 1C 00 01 61, 0x81",
        "E0 0C 00 0A 11 00 00 00 01 11 00 00 00 01, 0x82",
        // AUTH
        "F1 00, 0x81",
        "F0 01 01, 0x81",
        "F0 02 18 00, 0x82",
    })
    @Conformance({
        "MQTT 5 [MQTT-1.5.5-1]",
        "MQTT 5 [MQTT-3.3.2-8]",
        "MQTT 5 [MQTT-3.2.2-17]",
        "MQTT 5 [MQTT-3.3.2-9]",
        "MQTT 5 [MQTT-3.3.4-6]",
        "MQTT 5 [MQTT-3.3.2-13]",
        "MQTT 5 [MQTT-3.3.2-14]",
        "MQTT 5 [MQTT-3.3.2-19]",
        "MQTT 5 [MQTT-1.5.7-1]",
        "MQTT 5 [MQTT-3.8.3-1]",
        "MQTT 5 [MQTT-3.8.3-2]",
        "MQTT 5 [MQTT-3.8.3-5]",
        "MQTT 5 [MQTT-3.10.3-1]",
        "MQTT 5 [MQTT-3.10.3-2]",
        "MQTT 5 [MQTT-3.15.1-1]",
        "MQTT 5 [MQTT-4.13.1-1]",
        "MQTT 5 [MQTT-4.13.2-1]",
        "MQTT 5 §2.2.2.2",
        "MQTT 5 [MQTT-4.7.3-1]",
        "MQTT 5 [MQTT-3.3.4-7]",
        "MQTT 5 §3.3.2.1",
        "MQTT 5 §3.3.2.3.2",
        "MQTT 5 §3.8.2.1.2",
        "MQTT 5 §3.8.3.1",
        "MQTT 5 §3.15.2.2.2"
    })
    void closesOnWhatMqtt5DoesNotKnow(String bytes, int reason) {
        assertCloses(MqttVersion.V5, bytes, reason);
    }

    @Test
    @Conformance("MQTT 3.1 §2.1-1")
    void takesTheDupFlagOfMqtt31() {
        var client = connect(MqttVersion.V3_1, "boiler");
        client.send(Wire.hex("8A 06 00 01 00 01 61 00"));
        client.expect(WirePacket.SUBACK);
        client.send(Wire.hex("6A 02 00 09"));
        client.expect(WirePacket.PUBCOMP);
        client.send(Wire.hex("AA 05 00 02 00 01 61"));
        client.expect(WirePacket.UNSUBACK);
        assertThat(client.ping()).isEmpty();
    }

    @Test
    @Conformance("MQTT 5 §4.13.1")
    void saysNothingOfTheReasonToAClientThatWantsNoReasons() {
        var client = connect(WireConnect.of(MqttVersion.V5, "boiler")
                .as(device)
                .properties(Mqtt5.int8(Mqtt5.REQUEST_PROBLEM_INFORMATION, 0)));
        client.send(Wire.hex("00 00"));
        assertThat(client.awaitClose()).singleElement().satisfies(packet -> {
            assertThat(packet.reason()).isEqualTo(0x81);
            assertThat(Mqtt5.propertiesOf(packet)).isEmpty();
        });
    }
}
