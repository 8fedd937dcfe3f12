package dev.dunlin.engine.packet;

/** Quality of Service (MQTT 5 §4.3). */
public enum QoS {
    AT_MOST_ONCE,
    AT_LEAST_ONCE,
    EXACTLY_ONCE;

    private static final QoS[] VALUES = values();

    /** @param value 0, 1 or 2 */
    public static QoS of(int value) {
        return VALUES[value];
    }

    public int value() {
        return ordinal();
    }

    public QoS atMost(QoS other) {
        return ordinal() <= other.ordinal() ? this : other;
    }
}
