package dev.dunlin.engine.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import org.jspecify.annotations.Nullable;

/**
 * The parts of a CONNECT packet, well-formed or not.
 *
 * @param properties of MQTT 5, without their length
 */
public record WireConnect(
        MqttVersion version,
        String clientId,
        boolean isClean,
        int keepAliveSeconds,
        @Nullable String userName,
        byte @Nullable [] password,
        byte[] properties,
        @Nullable Will will) {

    /** The will of a client; {@code properties} without their length. */
    public record Will(String topic, String payload, int qos, boolean retain, byte[] properties) {}

    /** A clean session without log-in. */
    public static WireConnect of(MqttVersion version, String clientId) {
        return new WireConnect(version, clientId, true, 60, null, null, new byte[0], null);
    }

    public WireConnect as(MemoryPorts.Credential credential) {
        return as(credential.userName(), credential.secret());
    }

    public WireConnect as(@Nullable String user, @Nullable String secret) {
        var bytes = secret == null ? null : secret.getBytes(UTF_8);
        return new WireConnect(version, clientId, isClean, keepAliveSeconds, user, bytes, properties, will);
    }

    /** Clean Session 0, Clean Start 0. */
    public WireConnect resuming() {
        return new WireConnect(version, clientId, false, keepAliveSeconds, userName, password, properties, will);
    }

    public WireConnect keepAlive(int seconds) {
        return new WireConnect(version, clientId, isClean, seconds, userName, password, properties, will);
    }

    public WireConnect properties(byte[]... parts) {
        return new WireConnect(
                version, clientId, isClean, keepAliveSeconds, userName, password, Wire.concat(parts), will);
    }

    /** MQTT 5: the session outlives its connection for so long. */
    public WireConnect sessionExpiry(int seconds) {
        return properties(properties, Wire.bytes(0x11), Wire.int32(seconds));
    }

    public WireConnect will(String topic, String payload, int qos, boolean retain) {
        return will(new Will(topic, payload, qos, retain, new byte[0]));
    }

    public WireConnect will(Will newWill) {
        return new WireConnect(version, clientId, isClean, keepAliveSeconds, userName, password, properties, newWill);
    }

    public byte[] encode() {
        int flags = (isClean ? 0x02 : 0) | (userName != null ? 0x80 : 0) | (password != null ? 0x40 : 0);
        var willPart = new byte[0];
        if (will != null) {
            flags |= 0x04 | will.qos << 3 | (will.retain ? 0x20 : 0);
            willPart = Wire.concat(
                    version.hasProperties() ? Wire.counted(will.properties) : new byte[0],
                    Wire.string(will.topic),
                    Wire.string(will.payload));
        }
        return Wire.packet(
                0x10,
                Wire.string(version.protocolName()),
                Wire.bytes(version.level(), flags),
                Wire.int16(keepAliveSeconds),
                version.hasProperties() ? Wire.counted(properties) : new byte[0],
                Wire.string(clientId),
                willPart,
                userName != null ? Wire.string(userName) : new byte[0],
                password != null ? Wire.string(password) : new byte[0]);
    }
}
