package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** UTF-8 to the letter, in every string of every packet that a client may send (MQTT 5 §1.5.4, MQTT 3.1.1 §1.5.3). */
class Utf8Test extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    private static final List<String> ILL_FORMED = List.of(
            "00", // U+0000
            "61 00 62",
            "C0 80", // U+0000, overlong
            "C1 BF",
            "E0 9F BF",
            "F0 8F BF BF",
            "ED A0 80", // surrogates, alone and in a pair
            "ED BF BF",
            "ED A0 80 ED B0 80",
            "F4 90 80 80", // above U+10FFFF
            "F5 80 80 80",
            "FE",
            "FF",
            "80", // a continuation alone
            "C3 28", // cut off, within and at the end
            "E2 82",
            "F0 9F 98");

    private static final List<String> WELL_FORMED = List.of(
            "\u0001",
            "\u007F",
            "\u0080",
            "\u07FF",
            "\u0800",
            "\uD7FF",
            "\uE000",
            "\uFEFFa\uFEFF",
            "\uFFFE",
            "\uFFFF",
            "\uD800\uDC00",
            "\uDBFF\uDFFF");

    /** One string of a packet. */
    private record Field(String name, MqttVersion version, Function<byte[], byte[]> packet) {
        boolean isOfConnect() {
            return name.startsWith("CONNECT");
        }

        @Override
        public String toString() {
            return version + " " + name;
        }
    }

    static Stream<Field> strings() {
        var fields = new ArrayList<Field>();
        for (var version : MqttVersion.values()) {
            var none = version.hasProperties() ? Wire.bytes(0) : new byte[0];
            add(fields, version, "CONNECT Client Identifier", s -> connect(version, 0x02, none, Wire.string(s)));
            add(
                    fields,
                    version,
                    "CONNECT Will Topic",
                    s -> connect(version, 0x06, none, Wire.string("c"), none, Wire.string(s), Wire.string("m")));
            add(
                    fields,
                    version,
                    "CONNECT User Name",
                    s -> connect(version, 0x82, none, Wire.string("c"), Wire.string(s)));
            add(fields, version, "PUBLISH Topic Name", s -> Wire.packet(0x30, Wire.string(s), none));
            add(
                    fields,
                    version,
                    "SUBSCRIBE Topic Filter",
                    s -> Wire.packet(
                            0x82, Wire.int16(1), none, Wire.string("a"), Wire.bytes(0), Wire.string(s), Wire.bytes(0)));
            add(
                    fields,
                    version,
                    "UNSUBSCRIBE Topic Filter",
                    s -> Wire.packet(0xA2, Wire.int16(1), none, Wire.string("a"), Wire.string(s)));
        }
        addInProperties(
                fields,
                "CONNECT",
                p -> connect(V5, 0x02, Wire.counted(p), Wire.string("c")),
                Mqtt5.AUTHENTICATION_METHOD);
        addInProperties(
                fields,
                "CONNECT Will",
                p -> connect(
                        V5, 0x06, Wire.bytes(0), Wire.string("c"), Wire.counted(p), Wire.string("t"), Wire.string("m")),
                Mqtt5.CONTENT_TYPE,
                Mqtt5.RESPONSE_TOPIC);
        addInProperties(
                fields,
                "PUBLISH",
                p -> Wire.packet(0x30, Wire.string("a"), Wire.counted(p)),
                Mqtt5.CONTENT_TYPE,
                Mqtt5.RESPONSE_TOPIC);
        for (int type = WirePacket.PUBACK; type <= WirePacket.PUBCOMP; type++) {
            int acknowledgement = type;
            addInProperties(
                    fields,
                    "acknowledgement " + type,
                    p -> Mqtt5.acknowledge(acknowledgement, 1, 0, p),
                    Mqtt5.REASON_STRING);
        }
        addInProperties(
                fields,
                "SUBSCRIBE",
                p -> Wire.packet(0x82, Wire.int16(1), Wire.counted(p), Wire.string("a"), Wire.bytes(0)));
        addInProperties(
                fields, "UNSUBSCRIBE", p -> Wire.packet(0xA2, Wire.int16(1), Wire.counted(p), Wire.string("a")));
        addInProperties(fields, "DISCONNECT", p -> Mqtt5.disconnect(0, p), Mqtt5.REASON_STRING);
        addInProperties(
                fields,
                "AUTH",
                p -> Wire.packet(0xF0, Wire.bytes(0x18), Wire.counted(p)),
                Mqtt5.AUTHENTICATION_METHOD,
                Mqtt5.REASON_STRING);
        return fields.stream();
    }

    private static void add(List<Field> fields, MqttVersion version, String name, Function<byte[], byte[]> packet) {
        fields.add(new Field(name, version, packet));
    }

    /** Both strings of a User Property, and the properties that are strings. */
    private static void addInProperties(
            List<Field> fields, String packet, Function<byte[], byte[]> with, int... properties) {
        for (int id : properties) {
            add(fields, V5, packet + " property " + id, s -> with.apply(Wire.concat(Wire.bytes(id), Wire.string(s))));
        }
        add(
                fields,
                V5,
                packet + " User Property name",
                s -> with.apply(Wire.concat(Wire.bytes(Mqtt5.USER_PROPERTY), Wire.string(s), Wire.string("v"))));
        add(
                fields,
                V5,
                packet + " User Property value",
                s -> with.apply(Wire.concat(Wire.bytes(Mqtt5.USER_PROPERTY), Wire.string("n"), Wire.string(s))));
    }

    private static byte[] connect(MqttVersion version, int flags, byte[] properties, byte[]... payload) {
        return Wire.packet(
                0x10,
                Wire.string(version.protocolName()),
                Wire.bytes(version.level(), flags),
                Wire.int16(60),
                properties,
                Wire.concat(payload));
    }

    @ParameterizedTest
    @MethodSource("strings")
    @Conformance({
        "MQTT 3.1 §2.5-1", "MQTT 3.1.1 [MQTT-1.5.3-1]", "MQTT 3.1.1 [MQTT-1.5.3-2]", "MQTT 5 [MQTT-1.5.4-1]",
        "MQTT 5 [MQTT-1.5.4-2]", "MQTT 5 [MQTT-1.5.7-1]", "MQTT 3.1.1 [MQTT-3.1.3-4]", "MQTT 5 [MQTT-3.1.3-4]",
        "MQTT 3.1.1 [MQTT-3.1.3-10]", "MQTT 5 [MQTT-3.1.3-11]", "MQTT 3.1.1 [MQTT-3.1.3-11]", "MQTT 5 [MQTT-3.1.3-12]",
        "MQTT 3.1.1 [MQTT-3.3.2-1]", "MQTT 5 [MQTT-3.3.2-1]", "MQTT 3.1.1 [MQTT-3.8.3-1]", "MQTT 5 [MQTT-3.8.3-1]",
        "MQTT 3.1.1 [MQTT-3.10.3-1]", "MQTT 5 [MQTT-3.10.3-1]", "MQTT 5 [MQTT-3.3.2-13]", "MQTT 5 [MQTT-3.3.2-19]",
        "MQTT 3.1.1 [MQTT-4.7.3-2]", "MQTT 5 [MQTT-4.7.3-2]"
    })
    void closesOnAStringThatIsIllFormed(Field field) {
        for (var bytes : ILL_FORMED) {
            // when
            var client = field.isOfConnect() ? open() : connect(field.version(), "boiler");
            var packet = field.packet().apply(Wire.hex(bytes));
            var last = (field.isOfConnect() && field.version() == V5 ? client.login5(packet) : client.send(packet))
                    .awaitClose();
            // then
            if (field.version() == V5) {
                assertThat(last).as(bytes).singleElement().satisfies(answer -> {
                    assertThat(answer.type())
                            .isEqualTo(field.isOfConnect() ? WirePacket.CONNACK : WirePacket.DISCONNECT);
                    assertThat(answer.reason()).isEqualTo(0x81);
                });
            } else {
                assertThat(last).as(bytes).isEmpty();
            }
            client.close();
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-1.5.3-3]", "MQTT 5 [MQTT-1.5.4-3]"})
    void takesEveryOtherStringAsItIs(MqttVersion version) {
        for (var text : WELL_FORMED) {
            var client = connect(version, text);
            client.subscribe(1, text + "/+");
            client.publish(text + "/" + text, text, 1, false);
            var message = client.receiveMessage();
            assertThat(message.topic()).isEqualTo(text + "/" + text);
            assertThat(message.payload()).isEqualTo(text);
            client.disconnect();
        }
    }
}
