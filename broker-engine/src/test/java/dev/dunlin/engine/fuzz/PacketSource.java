package dev.dunlin.engine.fuzz;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Scram;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.io.ByteArrayOutputStream;
import java.util.SplittableRandom;

/** Packets as clients send them, drawn at random: well-formed but for a few values that the protocol forbids. */
final class PacketSource {
    private static final String[] TOPICS = {
        "a",
        "plant/boiler",
        "plant/boiler/temperature",
        "/",
        "plant//x",
        "größe/μ/🌡",
        "x/".repeat(40),
        "t".repeat(300),
    };

    /** Refused, or the end of the connection. */
    private static final String[] FORBIDDEN_TOPICS = {"", "$SYS/clients", "x/".repeat(200), "plant/+"};

    private static final String[] FILTERS = {
        "a",
        "#",
        "plant/#",
        "plant/+/temperature",
        "+",
        "+/+",
        "/#",
        "",
        "plant/#/x",
        "plant+",
        "$share/group/plant/#",
        "$share//a",
        "$share/group",
        "$share/g+/a",
        "$SYS/#",
        "größe/#",
        "+/".repeat(60) + "#",
        "x/".repeat(300),
    };

    private static final int[] ACKNOWLEDGEMENTS = {
        WirePacket.PUBACK, WirePacket.PUBREC, WirePacket.PUBREL, WirePacket.PUBCOMP
    };

    private static final String USER = "acme.boiler-7";
    private static final int CLIENTS = 300;
    private static final int PACKET_IDS = 12;

    private final SplittableRandom random;

    PacketSource(SplittableRandom random) {
        this.random = random;
    }

    private boolean oneIn(int chances) {
        return random.nextInt(chances) == 0;
    }

    private String topic() {
        return any(oneIn(40) ? FORBIDDEN_TOPICS : TOPICS);
    }

    private <T> T any(T[] choices) {
        return choices[random.nextInt(choices.length)];
    }

    MqttVersion version() {
        return any(MqttVersion.values());
    }

    byte[] connect(MqttVersion version) {
        // a few share an id, and throw each other out
        var clientId = oneIn(64) ? "shared" : oneIn(32) ? "" : "client-" + random.nextInt(CLIENTS);
        var connect = WireConnect.of(version, clientId)
                .as(oneIn(32) ? "acme.nobody" : USER, oneIn(32) ? "wrong" : TestBroker.SECRET)
                .keepAlive(random.nextInt(0x1_0000));
        if (oneIn(3)) {
            connect = connect.resuming();
        }
        if (oneIn(4)) {
            var properties = version.hasProperties() ? some(1, 2, 3, 8, 9, 0x18, 0x26) : new byte[0];
            connect = connect.will(
                    new WireConnect.Will(topic(), payload(), random.nextInt(3), random.nextBoolean(), properties));
        }
        if (version.hasProperties()) {
            connect = connect.properties(some(0x11, 0x21, 0x27, 0x22, 0x19, 0x17, 0x26));
            if (oneIn(16)) {
                connect = connect.properties(Wire.bytes(0x15), Wire.string(Scram.METHOD), property(0x16));
            }
        }
        return connect.encode();
    }

    /** Any packet but CONNECT. */
    byte[] packet(MqttVersion version) {
        return switch (random.nextInt(12)) {
            case 0, 1, 2, 3 -> publish(version);
            case 4, 5 -> subscribe(version);
            case 6 -> Wire.unsubscribe(version, packetId(), any(FILTERS), any(FILTERS));
            case 7, 8, 9 -> acknowledgement(version);
            case 10 -> oneIn(4) ? rare(version) : Wire.pingreq();
            default -> publish(version);
        };
    }

    private byte[] rare(MqttVersion version) {
        return switch (random.nextInt(6)) {
            case 0 -> Wire.disconnect();
            case 1 -> Wire.packet(0xE0, Wire.bytes(any(new Integer[] {0, 4, 0x80, 0x82, 0x8B})), properties(version));
            case 2 ->
                Wire.packet(
                        0xF0,
                        Wire.bytes(any(new Integer[] {0, 0x18, 0x19})),
                        Wire.counted(Wire.concat(Wire.bytes(0x15), Wire.string(Scram.METHOD), property(0x16))));
            case 3 -> Wire.packet(random.nextInt(0x100), bytes(random.nextInt(40)));
            case 4 -> connect(version());
            default -> bytes(1 + random.nextInt(40));
        };
    }

    private byte[] properties(MqttVersion version) {
        return version.hasProperties() ? Wire.counted(some(0x11, 0x1F, 0x26)) : new byte[0];
    }

    private byte[] publish(MqttVersion version) {
        int qos = random.nextInt(3);
        boolean dup = qos > 0 && oneIn(4);
        var properties =
                version.hasProperties() ? Wire.counted(some(1, 2, 3, 8, 9, 0x23, 0x26, 0x26, 0x26)) : new byte[0];
        return Wire.packet(
                0x30 | (dup ? 8 : 0) | qos << 1 | random.nextInt(2),
                Wire.string(topic()),
                qos > 0 ? Wire.int16(packetId()) : new byte[0],
                properties,
                Wire.string(payload()));
    }

    private byte[] subscribe(MqttVersion version) {
        var out = new ByteArrayOutputStream();
        out.writeBytes(Wire.int16(packetId()));
        if (version.hasProperties()) {
            out.writeBytes(Wire.counted(some(0x0B, 0x26)));
        }
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            out.writeBytes(Wire.string(any(FILTERS)));
            out.write(random.nextInt(3)
                    | (version.hasProperties() ? random.nextInt(4) << 2 | random.nextInt(3) << 4 : 0));
        }
        return Wire.packet(0x82, out.toByteArray());
    }

    private byte[] acknowledgement(MqttVersion version) {
        int type = ACKNOWLEDGEMENTS[random.nextInt(ACKNOWLEDGEMENTS.length)];
        if (!version.hasProperties() || oneIn(2)) {
            return Wire.acknowledge(type, packetId());
        }
        int flags = type == WirePacket.PUBREL ? 2 : 0;
        return Wire.packet(
                type << 4 | flags,
                Wire.int16(packetId()),
                Wire.bytes(any(new Integer[] {0, 0, 0, type < WirePacket.PUBREL ? 0x80 : 0x92, 0x97})),
                oneIn(2) ? new byte[0] : Wire.counted(some(0x1F, 0x26)));
    }

    /** Each of the properties by chance. */
    private byte[] some(int... ids) {
        var out = new ByteArrayOutputStream();
        for (int id : ids) {
            if (oneIn(4)) {
                out.writeBytes(property(id));
            }
        }
        return out.toByteArray();
    }

    private byte[] property(int id) {
        var value = switch (id) {
            case 0x01, 0x17, 0x19 -> Wire.bytes(random.nextInt(oneIn(16) ? 3 : 2));
            case 0x13, 0x21, 0x22, 0x23 -> Wire.int16(oneIn(16) ? random.nextInt(0x1_0000) : 1 + random.nextInt(64));
            case 0x02, 0x11, 0x18, 0x27 -> Wire.int32(oneIn(4) ? random.nextInt() : random.nextInt(400));
            case 0x0B -> Wire.varint((oneIn(16) ? 0 : 1) + random.nextInt(300));
            case 0x26 -> Wire.concat(Wire.string("name"), Wire.string("x".repeat(random.nextInt(20))));
            case 0x08 -> Wire.string(topic());
            case 0x09, 0x16 -> Wire.string(bytes(random.nextInt(20)));
            default -> Wire.string("text");
        };
        return Wire.concat(Wire.bytes(id), value);
    }

    private String payload() {
        return "m".repeat(oneIn(32) ? random.nextInt(10_000) : random.nextInt(40));
    }

    private int packetId() {
        return oneIn(64) ? 0 : 1 + random.nextInt(PACKET_IDS);
    }

    private byte[] bytes(int count) {
        var bytes = new byte[count];
        random.nextBytes(bytes);
        return bytes;
    }
}
