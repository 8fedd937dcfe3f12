package dev.dunlin.engine.benchmark;

import java.util.Arrays;
import java.util.Locale;

/** The brokers that can be measured. */
enum BrokerKind {
    /** Our whole product, from its jar. */
    DUNLIN,
    /** Our engine with ports in memory. */
    ENGINE,
    MOSQUITTO,
    HIVEMQ,
    MOQUETTE,
    /** What Netty alone costs. */
    FLOOR;

    static BrokerKind of(String argument) {
        return Arrays.stream(values())
                .filter(kind -> kind.argument().equals(argument))
                .findAny()
                .orElseThrow(() -> new IllegalArgumentException("Unknown broker: " + argument));
    }

    String argument() {
        return name().toLowerCase(Locale.ROOT);
    }

    boolean isOurs() {
        return this == DUNLIN || this == ENGINE;
    }
}
