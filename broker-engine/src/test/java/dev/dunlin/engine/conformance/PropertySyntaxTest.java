package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every property in every packet that a client may send: where it may stand, how often, and how long it is (MQTT 5 §2.2.2). */
class PropertySyntaxTest extends WireScenario {
    private static final int MALFORMED = 0x81;
    private static final int PROTOCOL_ERROR = 0x82;

    /** One of each property of table 2-4, well-formed. */
    private static final Map<Integer, byte[]> SAMPLES = samples();

    private static final int[] NO_PROPERTIES = {0x00, 0x04, 0x0A, 0x0C, 0x14, 0x1B, 0x20, 0x2B, 0x7F};

    private static Map<Integer, byte[]> samples() {
        var samples = new TreeMap<Integer, byte[]>();
        for (int id : new int[] {0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2A}) {
            samples.put(id, Mqtt5.int8(id, 1));
        }
        for (int id : new int[] {0x13, 0x21, 0x22, 0x23}) {
            samples.put(id, Mqtt5.int16(id, 1));
        }
        for (int id : new int[] {0x02, 0x18, 0x27}) {
            samples.put(id, Mqtt5.int32(id, 3_600));
        }
        for (int id : new int[] {0x03, 0x08, 0x12, 0x15, 0x1A, 0x1C, 0x1F}) {
            samples.put(id, Mqtt5.text(id, "text"));
        }
        for (int id : new int[] {0x09, 0x16}) {
            samples.put(id, Mqtt5.data(id, (byte) 1, (byte) 2));
        }
        samples.put(Mqtt5.SUBSCRIPTION_ID, Mqtt5.varint(Mqtt5.SUBSCRIPTION_ID, 200));
        samples.put(Mqtt5.SESSION_EXPIRY, Mqtt5.int32(Mqtt5.SESSION_EXPIRY, 0));
        samples.put(Mqtt5.USER_PROPERTY, Mqtt5.user("name", "value"));
        return samples;
    }

    /** Where properties stand in a packet; {@code with} takes them behind their length. */
    private enum Place {
        CONNECT(
                properties -> connect(0x02, properties, Wire.string("c")),
                0x11,
                0x21,
                0x27,
                0x22,
                0x19,
                0x17,
                0x26,
                0x15,
                0x16),
        WILL(
                properties ->
                        connect(0x06, Wire.bytes(0), Wire.string("c"), properties, Wire.string("t"), Wire.string("m")),
                0x18,
                0x01,
                0x02,
                0x03,
                0x08,
                0x09,
                0x26),
        PUBLISH(
                properties -> Wire.packet(0x30, Wire.string("a"), properties, Wire.string("payload")),
                0x01,
                0x02,
                0x03,
                0x08,
                0x09,
                0x23,
                0x26),
        PUBACK(properties -> Wire.packet(0x40, Wire.int16(1), Wire.bytes(0), properties), 0x1F, 0x26),
        PUBREC(properties -> Wire.packet(0x50, Wire.int16(1), Wire.bytes(0), properties), 0x1F, 0x26),
        PUBREL(properties -> Wire.packet(0x62, Wire.int16(1), Wire.bytes(0), properties), 0x1F, 0x26),
        PUBCOMP(properties -> Wire.packet(0x70, Wire.int16(1), Wire.bytes(0), properties), 0x1F, 0x26),
        SUBSCRIBE(
                properties -> Wire.packet(0x82, Wire.int16(1), properties, Wire.string("a"), Wire.bytes(0)),
                0x0B,
                0x26),
        UNSUBSCRIBE(properties -> Wire.packet(0xA2, Wire.int16(1), properties, Wire.string("a")), 0x26),
        DISCONNECT(properties -> Wire.packet(0xE0, Wire.bytes(0), properties), 0x11, 0x1F, 0x26),
        AUTH(properties -> Wire.packet(0xF0, Wire.bytes(0x18), properties), 0x15, 0x16, 0x1F, 0x26);

        private final Function<byte[], byte[]> with;
        private final Set<Integer> allowed;

        Place(Function<byte[], byte[]> with, Integer... allowed) {
            this.with = with;
            this.allowed = Set.copyOf(Arrays.asList(allowed));
        }

        boolean isConnect() {
            return this == CONNECT || this == WILL;
        }

        private static byte[] connect(int flags, byte[] properties, byte[]... payload) {
            return Wire.packet(
                    0x10, Wire.string("MQTT"), Wire.bytes(5, flags), Wire.int16(60), properties, Wire.concat(payload));
        }
    }

    static Stream<Place> places() {
        return Arrays.stream(Place.values());
    }

    private static byte[] sample(int id) {
        return Objects.requireNonNull(SAMPLES.get(id));
    }

    private WireClient send(Place place, byte[] propertiesWithLength) {
        var packet = place.with.apply(propertiesWithLength);
        return place.isConnect()
                ? open().login5(packet)
                : connect(MqttVersion.V5, "boiler").send(packet);
    }

    private void assertEnds(Place place, byte[] propertiesWithLength, int reason) {
        var client = send(place, propertiesWithLength);
        assertThat(client.awaitClose())
                .as("%s with properties %s", place, Arrays.toString(propertiesWithLength))
                .singleElement()
                .satisfies(last -> {
                    assertThat(last.type()).isEqualTo(place.isConnect() ? WirePacket.CONNACK : WirePacket.DISCONNECT);
                    assertThat(last.reason()).isEqualTo(reason);
                });
        client.close();
    }

    @ParameterizedTest
    @MethodSource("places")
    @Conformance({"MQTT 5 §2.2.2.2", "MQTT 5 §3.1.3.2", "MQTT 5 [MQTT-3.3.4-6]", "MQTT 5 [MQTT-4.13.1-1]"})
    void takesNoPropertyThatBelongsElsewhere(Place place) {
        for (int id : SAMPLES.keySet()) {
            if (!place.allowed.contains(id)) {
                boolean isOfServer = place == Place.PUBLISH && id == Mqtt5.SUBSCRIPTION_ID;
                assertEnds(place, Wire.counted(sample(id)), isOfServer ? PROTOCOL_ERROR : MALFORMED);
            }
        }
        for (int id : NO_PROPERTIES) {
            assertEnds(place, Wire.counted(Wire.bytes(id, 0)), MALFORMED);
        }
        // an identifier of two bytes, and one that needs not be so long
        assertEnds(place, Wire.counted(Wire.bytes(0x80, 0x01, 0)), MALFORMED);
        assertEnds(place, Wire.counted(Wire.bytes(0x80 | Mqtt5.USER_PROPERTY, 0, 0, 0, 0, 0)), MALFORMED);
    }

    @ParameterizedTest
    @MethodSource("places")
    @Conformance({"MQTT 5 §2.2.2.2", "MQTT 5 §3.1.3.2"})
    void takesThoseThatBelongThereInAnyOrderAndUserPropertiesAsOftenAsTheyCome(Place place) {
        var parts =
                place.allowed.stream().sorted().map(PropertySyntaxTest::sample).toArray(byte[][]::new);
        var reversed = place.allowed.stream()
                .sorted((a, b) -> b - a)
                .map(PropertySyntaxTest::sample)
                .toArray(byte[][]::new);
        for (var properties : new byte[][] {
            new byte[0],
            Wire.concat(parts),
            Wire.concat(Wire.concat(reversed), sample(Mqtt5.USER_PROPERTY), sample(Mqtt5.USER_PROPERTY))
        }) {
            var client = send(place, Wire.counted(properties));
            switch (place) {
                // refused, but for what the packet says: nobody has logged in, and no method was agreed
                case CONNECT, WILL ->
                    assertThat(client.expect(WirePacket.CONNACK).reason()).isIn(0x86, 0x8C);
                case AUTH ->
                    assertThat(client.expect(WirePacket.DISCONNECT).reason()).isEqualTo(PROTOCOL_ERROR);
                case DISCONNECT -> assertThat(client.awaitClose()).isEmpty();
                default ->
                    assertThat(client.ping()).extracting(WirePacket::type).doesNotContain(WirePacket.DISCONNECT);
            }
            client.close();
        }
    }

    @ParameterizedTest
    @MethodSource("places")
    @Conformance({"MQTT 5 §2.2.2.2", "MQTT 5 §3.8.2.1.2", "MQTT 5 §3.1.3.2"})
    void takesEachButTheUserPropertyOnce(Place place) {
        for (int id : place.allowed) {
            if (id != Mqtt5.USER_PROPERTY) {
                assertEnds(place, Wire.counted(Wire.concat(sample(id), sample(id))), PROTOCOL_ERROR);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("places")
    @Conformance({"MQTT 5 §2.2.2.2", "MQTT 5 §2.2.2.1", "MQTT 5 [MQTT-1.5.5-1]"})
    void closesOnPropertiesThatEndTooEarlyOrTooLate(Place place) {
        for (int id : place.allowed) {
            var whole = sample(id);
            for (int length = 1; length < whole.length; length++) {
                assertEnds(place, Wire.counted(Arrays.copyOf(whole, length)), MALFORMED);
            }
        }
        // a length beyond the packet, of more bytes than it needs, of more than there are
        assertEnds(place, Wire.bytes(0xFF, 0x7F), MALFORMED);
        assertEnds(place, Wire.bytes(0x80, 0x00), MALFORMED);
        assertEnds(place, Wire.bytes(0x80, 0x80, 0x80, 0x80, 0x01), MALFORMED);
    }
}
