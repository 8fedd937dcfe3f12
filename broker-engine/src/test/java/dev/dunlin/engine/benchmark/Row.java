package dev.dunlin.engine.benchmark;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A row of the table: what is measured, and how high it may be. */
record Row(String title, String unit, List<Ceiling> ceilings) {
    static final String CPU_MICROS = "us CPU";

    Row {
        ceilings = List.copyOf(ceilings);
    }

    static Row cpu(String title, Ceiling... ceilings) {
        return new Row(title, CPU_MICROS, List.of(ceilings));
    }

    /** Below what our brokers shall stay: {@code factor} times what {@code against} says of the same run. */
    record Ceiling(String name, double factor, Against against) {
        static Ceiling must(double factor, Against against) {
            return new Ceiling("must", factor, against);
        }

        static Ceiling goal(double factor, Against against) {
            return new Ceiling("goal", factor, against);
        }
    }

    /**
     * What a value is compared with.
     *
     * @param sign how the table writes it
     * @param broker whose value of this row, null for our own
     * @param rowTitle the row of our own value, null for the same
     */
    record Against(
            String sign,
            @Nullable BrokerKind broker,
            @Nullable String rowTitle) {
        static final Against MOSQUITTO = new Against("M", BrokerKind.MOSQUITTO, null);
        static final Against HIVEMQ = new Against("H", BrokerKind.HIVEMQ, null);
        static final Against FLOOR = new Against("floor", BrokerKind.FLOOR, null);
        /** Not compared: the factor is the ceiling. */
        static final Against UNIT = new Against("", null, null);

        static Against ownRow(String sign, String title) {
            return new Against(sign, null, title);
        }
    }
}
