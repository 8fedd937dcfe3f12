package dev.dunlin.engine.packet;

/** The version of MQTT that a connection speaks, from its CONNECT packet on. */
public enum ProtocolVersion {
    MQTT_3_1("MQIsdp", 3, "MQTT 3.1"),
    MQTT_3_1_1("MQTT", 4, "MQTT 3.1.1"),
    MQTT_5("MQTT", 5, "MQTT 5");

    private final String protocolName;
    private final int level;
    private final String text;

    ProtocolVersion(String protocolName, int level, String text) {
        this.protocolName = protocolName;
        this.level = level;
        this.text = text;
    }

    public String protocolName() {
        return protocolName;
    }

    /** The Protocol Level (3.x) or Protocol Version (5) byte of CONNECT. */
    public int level() {
        return level;
    }

    public boolean isMqtt5() {
        return this == MQTT_5;
    }

    /** As people write it. */
    @Override
    public String toString() {
        return text;
    }
}
