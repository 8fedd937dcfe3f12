package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** CONNECT and CONNACK (MQTT 5 §3.1, §3.2). */
class ConnectTest extends WireScenario {
    private static final String ID_CHARACTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    // Client identifiers

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.1.3-5]",
        "MQTT 5 [MQTT-3.1.3-5]",
        "MQTT 3.1.1 [MQTT-3.1.4-4]",
        "MQTT 5 [MQTT-3.1.4-5]",
        "MQTT 3.1 §3.1-4"
    })
    void acceptsEveryClientIdOfUpTo23LettersAndDigits(MqttVersion version) {
        for (int i = 0; i < ID_CHARACTERS.length(); i++) {
            var clientId = (ID_CHARACTERS + ID_CHARACTERS).substring(i, i + 1 + i % 23);
            var connack = open().login(WireConnect.of(version, clientId).as(device));
            assertThat(connack.reason()).as(clientId).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void takesAnyUnicodeTextAsClientId(MqttVersion version) {
        var clientId = "Кессель/7 ☕ +#$";
        connect(version, clientId).ping();
        assertThat(broker.ports().connected()).anySatisfy(client -> {
            assertThat(client.tenant()).isEqualTo(acme.id());
            assertThat(client.clientId()).isEqualTo(clientId);
        });
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.1.3-6]", "MQTT 5 [MQTT-3.1.3-7]", "MQTT 5 [MQTT-3.2.2-16]"})
    void assignsAClientIdThatNobodyElseHas() {
        // given two clients without one
        var connect = WireConnect.of(MqttVersion.V5, "").as(device).sessionExpiry(3_600);
        var first = open();
        var firstId = Mqtt5.requiredProperty(first.login(connect), Mqtt5.ASSIGNED_CLIENT_ID);
        var secondId = Mqtt5.requiredProperty(open().login(connect), Mqtt5.ASSIGNED_CLIENT_ID);
        // then each has one of its own
        assertThat(firstId).isNotEmpty().isNotEqualTo(secondId);
        // and it is the name of the session from now on
        first.disconnect();
        var again = WireConnect.of(MqttVersion.V5, firstId).as(device).resuming();
        assertThat(open().login(again).isSessionPresent()).isTrue();
    }

    @Test
    @Conformance("MQTT 3.1.1 [MQTT-3.1.3-6]")
    void takesAnEmptyClientIdWithCleanSession() {
        var first = connect(MqttVersion.V3_1_1, "");
        var second = connect(MqttVersion.V3_1_1, "");
        assertThat(first.ping()).isEmpty();
        assertThat(second.ping()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(
            value = MqttVersion.class,
            names = {"V3_1", "V3_1_1"})
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.1.3-7]",
        "MQTT 3.1.1 [MQTT-3.1.3-8]",
        "MQTT 3.1.1 [MQTT-3.2.2-4]",
        "MQTT 3.1.1 [MQTT-3.2.2-5]"
    })
    void refusesAnEmptyClientIdWithoutCleanSession(MqttVersion version) {
        var client = open();
        var connack = client.login(WireConnect.of(version, "").as(device).resuming());
        assertThat(connack.reason()).isEqualTo(2);
        assertThat(connack.isSessionPresent()).isFalse();
        assertThat(client.awaitClose()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.3-9]", "MQTT 5 [MQTT-3.1.3-8]", "MQTT 5 [MQTT-3.2.2-7]", "MQTT 5 [MQTT-3.2.2-6]"
    })
    void refusesAClientIdThatIsTooLong(MqttVersion version) {
        var client = open();
        var connack = client.login(WireConnect.of(version, "x".repeat(1_025)).as(device));
        assertThat(connack.reason()).isEqualTo(reasonFor(version, 0x85, 2));
        assertThat(connack.isSessionPresent()).isFalse();
        assertThat(client.awaitClose()).isEmpty();
    }

    // What is no CONNECT

    @ParameterizedTest
    @ValueSource(
            strings = {
                "C0 00", // PINGREQ
                "E0 00", // DISCONNECT
                "30 03 00 01 61", // PUBLISH
                "32 05 00 01 61 00 01", // PUBLISH, QoS 1
                "82 06 00 01 00 01 61 00", // SUBSCRIBE
                "A2 05 00 01 00 01 61", // UNSUBSCRIBE
                "40 02 00 01", // PUBACK
                "62 02 00 01", // PUBREL
                "20 02 00 00", // CONNACK
                "F0 00", // AUTH
                "00 00",
                "16 03 01 02 00 01", // TLS
                "47 45 54 20 2F 20 48 54 54 50 2F 31 2E 31 0D 0A 0D 0A", // GET / HTTP/1.1
            })
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.0-1]", "MQTT 5 [MQTT-3.1.0-1]", "MQTT 5 [MQTT-3.14.0-1]", "MQTT 3.1 §3.1-2"})
    void closesWhenTheFirstPacketIsNotConnect(String bytes) {
        var client = open().send(Wire.hex(bytes));
        assertThat(client.awaitClose()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.0-2]", "MQTT 5 [MQTT-3.1.0-2]", "MQTT 5 [MQTT-3.2.0-2]", "MQTT 3.1 §3.1-3"})
    void closesOnASecondConnect(MqttVersion version) {
        // given
        var connect = WireConnect.of(version, "boiler").as(device);
        var client = connect(connect);
        // when
        client.send(connect.encode());
        // then there is no second CONNACK
        var last = client.awaitClose();
        if (version.hasProperties()) {
            assertThat(last).singleElement().satisfies(packet -> {
                assertThat(packet.type()).isEqualTo(WirePacket.DISCONNECT);
                assertThat(packet.reason()).isEqualTo(0x82);
            });
        } else {
            assertThat(last).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"mqtt", "MQTT ", "MQIsdq", "HTTP", ""})
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.2-1]", "MQTT 5 [MQTT-3.1.2-1]"})
    void closesOnAnotherProtocol(String name) {
        var client = open().send(
                        Wire.packet(0x10, Wire.string(name), Wire.bytes(4, 2), Wire.int16(60), Wire.string("boiler")));
        assertThat(client.awaitClose()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 6, 0x84, 255})
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.2-2]", "MQTT 5 [MQTT-3.1.2-2]"})
    void saysThatItDoesNotKnowAProtocolVersion(int level) {
        // given
        long before = reported(Incident.Reason.UNSUPPORTED_PROTOCOL_VERSION);
        // when
        var client = open().send(Wire.packet(
                0x10, Wire.string("MQTT"), Wire.bytes(level, 2), Wire.int16(60), Wire.string("boiler")));
        // then
        var connack = client.expect(WirePacket.CONNACK);
        assertThat(connack.reason()).isEqualTo(1);
        assertThat(client.awaitClose()).isEmpty();
        await().untilAsserted(() -> assertThat(reported(Incident.Reason.UNSUPPORTED_PROTOCOL_VERSION))
                .isEqualTo(before + 1));
    }

    private static long reported(Incident.Reason reason) {
        return broker.ports().incidentReasons().filter(reason::equals).count();
    }

    // Malformed CONNECT

    static Stream<byte[]> malformedConnects() {
        return Stream.of(
                // reserved flag
                connect(4, 0x03, Wire.string("c")),
                connect(5, 0x03, Wire.bytes(0), Wire.string("c")),
                // Will QoS, Will Retain without a Will; Will QoS 3
                connect(4, 0x0A, Wire.string("c")),
                connect(4, 0x22, Wire.string("c")),
                connect(5, 0x0A, Wire.bytes(0), Wire.string("c")),
                connect(5, 0x22, Wire.bytes(0), Wire.string("c")),
                connect(4, 0x1E, Wire.string("c"), Wire.string("t"), Wire.string("m")),
                connect(5, 0x1E, Wire.bytes(0), Wire.string("c"), Wire.bytes(0), Wire.string("t"), Wire.string("m")),
                // a password without a user name, before MQTT 5
                connect(4, 0x42, Wire.string("c"), Wire.string("p")),
                // fields that are not there, and fields too many
                connect(4, 0x02),
                connect(4, 0x82, Wire.string("c")),
                connect(4, 0xC2, Wire.string("c"), Wire.string("u")),
                connect(4, 0x06, Wire.string("c"), Wire.string("t")),
                connect(4, 0x02, Wire.string("c"), Wire.string("u")),
                connect(4, 0x82, Wire.string("c"), Wire.string("u"), Wire.string("p")),
                connect(5, 0x02, Wire.string("c")),
                connect(5, 0x02, Wire.bytes(0), Wire.string("c"), Wire.string("u")),
                // ill-formed UTF-8 in client id, will topic, user name
                connect(4, 0x02, Wire.hex("00 02 C3 28")),
                connect(4, 0x02, Wire.hex("00 03 ED A0 80")),
                connect(4, 0x02, Wire.hex("00 01 00")),
                connect(4, 0x06, Wire.string("c"), Wire.hex("00 01 FF"), Wire.string("m")),
                connect(4, 0x82, Wire.string("c"), Wire.hex("00 01 FF")),
                connect(5, 0x82, Wire.bytes(0), Wire.string("c"), Wire.hex("00 01 00")),
                // will topics that are none
                connect(4, 0x06, Wire.string("c"), Wire.string("a/#"), Wire.string("m")),
                connect(4, 0x06, Wire.string("c"), Wire.string("+"), Wire.string("m")),
                connect(4, 0x06, Wire.string("c"), Wire.string(""), Wire.string("m")),
                // fixed header flags
                Wire.packet(0x11, Wire.string("MQTT"), Wire.bytes(4, 2), Wire.int16(60), Wire.string("c")),
                // cut off
                Wire.packet(0x10),
                Wire.packet(0x10, Wire.string("MQTT")),
                Wire.packet(0x10, Wire.string("MQTT"), Wire.bytes(4, 2)));
    }

    private static byte[] connect(int level, int flags, byte[]... rest) {
        return Wire.packet(0x10, Wire.string("MQTT"), Wire.bytes(level, flags), Wire.int16(60), Wire.concat(rest));
    }

    @ParameterizedTest
    @MethodSource("malformedConnects")
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.1.4-1]",
        "MQTT 5 [MQTT-3.1.4-1]",
        "MQTT 3.1.1 [MQTT-3.1.2-3]",
        "MQTT 5 [MQTT-3.1.2-3]",
        "MQTT 3.1.1 [MQTT-3.1.2-11]",
        "MQTT 3.1.1 [MQTT-3.1.2-13]",
        "MQTT 5 [MQTT-3.1.2-11]",
        "MQTT 3.1.1 [MQTT-3.1.2-14]",
        "MQTT 5 [MQTT-3.1.2-12]",
        "MQTT 3.1.1 [MQTT-3.1.2-15]",
        "MQTT 5 [MQTT-3.1.2-13]",
        "MQTT 3.1.1 [MQTT-3.1.2-22]",
        "MQTT 3.1.1 [MQTT-3.1.3-3]",
        "MQTT 5 [MQTT-3.1.3-3]",
        "MQTT 3.1.1 [MQTT-3.1.2-9]",
        "MQTT 5 [MQTT-3.1.2-9]",
        "MQTT 3.1.1 [MQTT-3.1.2-18]",
        "MQTT 3.1.1 [MQTT-3.1.2-19]",
        "MQTT 3.1.1 [MQTT-3.1.2-20]",
        "MQTT 3.1.1 [MQTT-3.1.2-21]",
        "MQTT 5 [MQTT-3.1.2-16]",
        "MQTT 5 [MQTT-3.1.2-17]",
        "MQTT 3.1.1 [MQTT-3.1.3-4]",
        "MQTT 5 [MQTT-3.1.3-4]",
        "MQTT 3.1.1 [MQTT-3.1.3-10]",
        "MQTT 5 [MQTT-3.1.3-11]",
        "MQTT 3.1.1 [MQTT-3.1.3-11]",
        "MQTT 5 [MQTT-3.1.3-12]",
        "MQTT 3.1.1 [MQTT-3.2.2-6]"
    })
    void closesOnAMalformedConnect(byte[] connect) {
        var client = open().send(connect);
        assertThat(client.awaitClose())
                .allSatisfy(packet -> assertThat(packet.reason()).isGreaterThanOrEqualTo(0x80));
    }

    static Stream<byte[]> malformedProperties() {
        return Stream.of(
                Mqtt5.int16(Mqtt5.RECEIVE_MAXIMUM, 0),
                Mqtt5.int32(Mqtt5.MAXIMUM_PACKET_SIZE, 0),
                Mqtt5.int8(Mqtt5.REQUEST_PROBLEM_INFORMATION, 2),
                Mqtt5.int8(Mqtt5.REQUEST_RESPONSE_INFORMATION, 2),
                Mqtt5.data(Mqtt5.AUTHENTICATION_DATA, (byte) 1),
                // twice
                Wire.concat(Mqtt5.int32(Mqtt5.SESSION_EXPIRY, 1), Mqtt5.int32(Mqtt5.SESSION_EXPIRY, 1)),
                Wire.concat(Mqtt5.int16(Mqtt5.RECEIVE_MAXIMUM, 1), Mqtt5.int16(Mqtt5.RECEIVE_MAXIMUM, 1)),
                Wire.concat(Mqtt5.int32(Mqtt5.MAXIMUM_PACKET_SIZE, 99), Mqtt5.int32(Mqtt5.MAXIMUM_PACKET_SIZE, 99)),
                Wire.concat(Mqtt5.text(Mqtt5.AUTHENTICATION_METHOD, "a"), Mqtt5.text(Mqtt5.AUTHENTICATION_METHOD, "a")),
                // of other packets, and of none
                Mqtt5.int16(Mqtt5.TOPIC_ALIAS, 1),
                Mqtt5.varint(Mqtt5.SUBSCRIPTION_ID, 1),
                Mqtt5.text(Mqtt5.REASON_STRING, "why"),
                Mqtt5.int32(Mqtt5.WILL_DELAY, 1),
                Wire.bytes(0x00, 0),
                Wire.bytes(0x7F, 0),
                Wire.bytes(0x80, 0x01, 0),
                // cut off, ill-formed
                Wire.bytes(Mqtt5.SESSION_EXPIRY, 0, 0),
                Wire.concat(Wire.bytes(Mqtt5.USER_PROPERTY), Wire.string("name")),
                Wire.concat(Wire.bytes(Mqtt5.USER_PROPERTY), Wire.string("name"), Wire.hex("00 01 FF")));
    }

    @ParameterizedTest
    @MethodSource("malformedProperties")
    @Conformance({
        "MQTT 5 [MQTT-4.13.1-1]",
        "MQTT 5 §2.2.2.2",
        "MQTT 5 [MQTT-1.5.7-1]",
        "MQTT 5 §3.1.2.11.3",
        "MQTT 5 §3.1.2.11.4",
        "MQTT 5 §3.1.2.11.10"
    })
    void closesOnConnectPropertiesThatAreWrong(byte[] properties) {
        var client = open().send(WireConnect.of(MqttVersion.V5, "boiler")
                .as(device)
                .properties(properties)
                .encode());
        assertThat(client.awaitClose())
                .allSatisfy(packet -> assertThat(packet.reason()).isGreaterThanOrEqualTo(0x80));
    }

    @Test
    void takesEveryPropertyThatConnectMayHave() {
        var client = connect(WireConnect.of(MqttVersion.V5, "boiler")
                .as(device)
                .properties(
                        Mqtt5.user("b", "1"),
                        Mqtt5.int32(Mqtt5.SESSION_EXPIRY, 0xFFFF_FFFFL),
                        Mqtt5.int16(Mqtt5.RECEIVE_MAXIMUM, 65_535),
                        Mqtt5.int32(Mqtt5.MAXIMUM_PACKET_SIZE, 0xFFFF_FFFFL),
                        Mqtt5.int16(Mqtt5.TOPIC_ALIAS_MAXIMUM, 10),
                        Mqtt5.int8(Mqtt5.REQUEST_RESPONSE_INFORMATION, 1),
                        Mqtt5.int8(Mqtt5.REQUEST_PROBLEM_INFORMATION, 1),
                        Mqtt5.user("a", "2"),
                        Mqtt5.user("b", "1")));
        assertThat(client.ping()).isEmpty();
    }

    @Test
    @Conformance("MQTT 3.1 §3.1-14")
    void overlooksTheReservedFlagOfMqtt31() {
        var client = open().send(Wire.packet(
                0x10,
                Wire.string("MQIsdp"),
                Wire.bytes(3, 0xC3),
                Wire.int16(60),
                Wire.string("boiler"),
                Wire.string(device.userName()),
                Wire.string(device.secret())));
        assertThat(client.expect(WirePacket.CONNACK).reason()).isZero();
    }

    @Test
    void refusesToHoldMoreThanAConnectCanNeed() {
        // when a CONNECT announces more than a stranger may make us hold
        var client = open().send(Wire.bytes(0x10), Wire.varint(200_000));
        // then its bytes are not waited for
        assertThat(client.awaitClose()).isEmpty();
    }

    // Log-in

    @Test
    @Conformance({"MQTT 5 [MQTT-3.1.4-2]", "MQTT 5 [MQTT-3.1.2-18]", "MQTT 5 [MQTT-3.1.2-19]"})
    void letsNobodyInWithAPasswordAlone() {
        var client = open();
        assertThat(client.login(WireConnect.of(MqttVersion.V5, "boiler").as(null, device.secret()))
                        .reason())
                .isEqualTo(0x86);
        assertThat(client.awaitClose()).isEmpty();
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-4.12.0-1]", "MQTT 5 [MQTT-4.13.2-1]"})
    void refusesAnAuthenticationMethodThatItDoesNotKnow() {
        var client = open();
        var connack = client.login(WireConnect.of(MqttVersion.V5, "boiler")
                .as(device)
                .properties(Mqtt5.text(Mqtt5.AUTHENTICATION_METHOD, "SCRAM-SHA-1")));
        assertThat(connack.reason()).isEqualTo(0x8C);
        assertThat(client.awaitClose()).isEmpty();
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-4.12.0-7]", "MQTT 5 [MQTT-4.12.0-6]"})
    void closesOnAuthWithoutAnAuthenticationMethod() {
        var client = connect(MqttVersion.V5, "boiler").send(Wire.hex("F0 00"));
        assertThat(client.awaitClose())
                .singleElement()
                .satisfies(packet -> assertThat(packet.reason()).isEqualTo(0x82));
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.2.0-1]", "MQTT 5 [MQTT-3.2.0-1]"})
    void servesWhatComesBehindConnectOnceTheLogInIsDecided(MqttVersion version) {
        // given
        broker.ports().holdLogins();
        var client = open();
        var packets = Wire.concat(
                Wire.subscribe(version, 1, 1, "plant/#"),
                Wire.publish(version, "plant/boiler", "early", 1, false, 2),
                Wire.pingreq());
        // when a client does not wait for CONNACK
        client.send(WireConnect.of(version, "boiler").as(device).encode(), packets);
        client.send(packets);
        broker.ports().answerLogins();
        // then CONNACK comes first, and all the rest in its order
        var types =
                Stream.generate(client::receive).limit(9).map(WirePacket::type).toList();
        assertThat(types.get(0)).isEqualTo(WirePacket.CONNACK);
        assertThat(types.stream().filter(type -> type != WirePacket.PUBLISH))
                .containsExactly(
                        WirePacket.CONNACK,
                        WirePacket.SUBACK,
                        WirePacket.PUBACK,
                        WirePacket.PINGRESP,
                        WirePacket.SUBACK,
                        WirePacket.PUBACK,
                        WirePacket.PINGRESP);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.4-5]", "MQTT 5 [MQTT-3.1.4-6]"})
    void looksAtNothingThatComesBehindARefusedConnect(MqttVersion version) {
        // given
        var subscriber = connect(version, "sub");
        subscriber.subscribe(0, "#");
        // when
        var stranger = open().send(
                        WireConnect.of(version, "stranger")
                                .as(device.userName(), "wrong")
                                .encode(),
                        Wire.publish(version, "plant/boiler", "sneaked in", 0, true, 0));
        // then
        assertThat(stranger.awaitClose()).hasSize(1);
        assertNothingMore(connect(version, "pub"), subscriber);
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.2.2-1]", "MQTT 5 [MQTT-3.2.2-8]", "MQTT 5 §3.2.2.3", "MQTT 5 [MQTT-3.2.2-22]"})
    void saysInConnackWhatItCanDo() {
        var connack = open().login(WireConnect.of(MqttVersion.V5, "boiler").as(device));
        assertThat(connack.body()[0]).isZero();
        assertThat(connack.reason()).isZero();
        // then QoS 2, retained messages, wildcards, identifiers and shared subscriptions are there: absent means so
        assertThat(Mqtt5.propertiesOf(connack))
                .extracting(Mqtt5.Property::id)
                .containsExactlyInAnyOrder(Mqtt5.RECEIVE_MAXIMUM, Mqtt5.TOPIC_ALIAS_MAXIMUM);
    }

    // Takeover

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({
        "MQTT 3.1.1 [MQTT-3.1.4-2]",
        "MQTT 5 [MQTT-3.1.4-3]",
        "MQTT 3.1.1 [MQTT-3.1.3-2]",
        "MQTT 5 [MQTT-3.1.3-2]",
        "MQTT 3.1 §3.1-7"
    })
    void endsTheConnectionOfAClientThatConnectsAgain(MqttVersion version) {
        // given
        var first = connect(version, "boiler");
        // when
        var second = connect(version, "boiler");
        // then
        var last = first.awaitClose();
        assertThat(last).extracting(WirePacket::reason).isEqualTo(version.hasProperties() ? List.of(0x8E) : List.of());
        assertThat(second.ping()).isEmpty();
        await().untilAsserted(() ->
                assertThat(incidents()).extracting(Incident::reason).containsExactly(Incident.Reason.TAKEN_OVER));
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.1.4-3]", "MQTT 3.1.1 [MQTT-3.1.4-2]"})
    void endsTheConnectionOfAClientThatConnectsAgainInAnotherVersion() {
        var previous = connect(MqttVersion.V3_1, "boiler");
        for (var version : new MqttVersion[] {MqttVersion.V5, MqttVersion.V3_1_1, MqttVersion.V5}) {
            var next = connect(version, "boiler");
            previous.awaitClose();
            assertThat(next.ping()).isEmpty();
            previous = next;
        }
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.1.4-1]", "MQTT 5 [MQTT-4.13.1-1]"})
    void saysWhatIsWrongWithAnMqtt5Connect() {
        // given a CONNECT with Receive Maximum 0
        var client = open();
        client.send(WireConnect.of(MqttVersion.V5, "boiler")
                .as(device)
                .properties(Wire.hex("21 00 00"))
                .encode());
        // then
        var answers = client.awaitClose();
        assertThat(answers).hasSize(1);
        assertThat(answers.get(0).type()).isEqualTo(WirePacket.CONNACK);
        assertThat(answers.get(0).body()[1] & 0xFF).isEqualTo(0x82);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.3-1]", "MQTT 5 [MQTT-3.1.3-1]"})
    void readsTheFieldsOfThePayloadInTheirOrder(MqttVersion version) {
        // given
        var subscriber = connect(version, "sub");
        subscriber.subscribe(0, "will topic");
        // when a client has them all
        var connect = WireConnect.of(version, "client id").as(device).will("will topic", "will message", 0, false);
        connect(connect).close();
        // then each was taken for what it is
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("will message");
        assertThat(broker.ports().connected()).anySatisfy(client -> {
            assertThat(client.tenant()).isEqualTo(acme.id());
            assertThat(client.clientId()).isEqualTo("client id");
            assertThat(client.credential()).isEqualTo(device.id());
        });
        // and in another order they are nobody's name
        var properties = version.hasProperties() ? Wire.bytes(0) : new byte[0];
        var client = open().send(Wire.packet(
                0x10,
                Wire.string(version.protocolName()),
                Wire.bytes(version.level(), 0xC2),
                Wire.int16(60),
                properties,
                Wire.string(device.userName()),
                Wire.string(device.secret()),
                Wire.string("client id")));
        assertThat(client.expect(WirePacket.CONNACK).body()[1]).isNotZero();
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.1.2-28]")
    void returnsNoResponseInformation() {
        for (var wanted : new byte[][] {
            new byte[0],
            Mqtt5.int8(Mqtt5.REQUEST_RESPONSE_INFORMATION, 0),
            Mqtt5.int8(Mqtt5.REQUEST_RESPONSE_INFORMATION, 1)
        }) {
            var connack = open().login(
                            WireConnect.of(MqttVersion.V5, "boiler").as(device).properties(wanted));
            assertThat(connack.reason()).isZero();
            assertThat(Mqtt5.property(connack, Mqtt5.RESPONSE_INFORMATION)).isNull();
        }
    }

    // Maximum Packet Size

    private static byte[] maximumPacketSize(int bytes) {
        return Mqtt5.int32(Mqtt5.MAXIMUM_PACKET_SIZE, bytes);
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.2.2-19]")
    void leavesOutTheReasonOfARefusalThatIsTooLongForTheClient() {
        // given a tenant that may have no connection
        acme.setLimits(Limits.NONE.connections(0).build());
        for (int bytes : new int[] {1_000, 20}) {
            // when
            var client = open();
            var connack = client.login(
                    WireConnect.of(MqttVersion.V5, "boiler").as(device).properties(maximumPacketSize(bytes)));
            // then
            assertThat(connack.reason()).isEqualTo(0x97);
            var reasonString = Mqtt5.property(connack, Mqtt5.REASON_STRING);
            if (bytes == 20) {
                assertThat(reasonString).isNull();
            } else {
                assertThat(reasonString).isNotEmpty();
            }
            assertThat(client.awaitClose()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 5, 10})
    @Conformance("MQTT 5 [MQTT-3.1.2-24]")
    void refusesAClientThatCouldNotReadItsConnack(int bytes) {
        // given a client that is there
        var present = connect(keeping(MqttVersion.V5, "boiler"));
        // when it comes again, and takes no packet of the size of the CONNACK that it would get
        var connect = keeping(MqttVersion.V5, "boiler");
        var client = open();
        client.login5(connect.properties(connect.properties(), maximumPacketSize(bytes))
                .encode());
        // then it is told so, as far as it can be told, and nothing else happens
        var last = client.awaitClose();
        if (bytes < 5) {
            assertThat(last).isEmpty();
        } else {
            assertThat(last).singleElement().satisfies(connack -> {
                assertThat(connack.type()).isEqualTo(WirePacket.CONNACK);
                assertThat(connack.reason()).isEqualTo(0x95);
                assertThat(connack.body()).hasSize(3);
            });
        }
        assertThat(present.ping()).isEmpty();
        await().untilAsserted(() ->
                assertThat(incidents()).extracting(Incident::reason).containsExactly(Incident.Reason.PACKET_TOO_LARGE));
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.1.2-24]")
    void servesAClientThatCanJustReadItsConnack() {
        var client = open();
        var connack =
                client.login(WireConnect.of(MqttVersion.V5, "boiler").as(device).properties(maximumPacketSize(11)));
        assertThat(connack.body()).hasSize(9);
        assertThat(client.publish("a", "m", 1, false)).isZero();
        assertThat(client.ping()).isEmpty();
    }
}
