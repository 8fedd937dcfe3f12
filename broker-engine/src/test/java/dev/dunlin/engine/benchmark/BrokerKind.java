package dev.dunlin.engine.benchmark;

import java.util.Arrays;
import java.util.Locale;

/** The brokers that can be measured. */
enum BrokerKind {
    DUNLIN("the whole product from its jar, with PostgreSQL: log-in, permissions, limits and metrics on"),
    ENGINE("our engine with log-in, permissions and limits on, and ports in memory"),
    MOSQUITTO("password file and access list on, persistence off, no queue limits"),
    HIVEMQ("HiveMQ CE with an extension that checks name and hashed password, persistence in memory"),
    MOQUETTE("checks name and password, permits by name, persistence off"),
    FLOOR("bare Netty: forwards packets and does nothing else");

    private final String setting;

    BrokerKind(String setting) {
        this.setting = setting;
    }

    /** How it runs here, to be read beside the table. */
    String setting() {
        return setting;
    }

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
