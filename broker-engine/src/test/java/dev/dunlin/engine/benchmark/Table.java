package dev.dunlin.engine.benchmark;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What all rounds found: medians, ratios to the other brokers, and whether our brokers stay below their ceilings. */
final class Table {
    private final Map<String, Line> lines = new LinkedHashMap<>();
    private final List<String> missed = new ArrayList<>();
    private int judged;
    private int held;

    /** Adds what one round found. */
    void add(Load load, BrokerKind broker, Load.Sample sample) {
        for (var row : load.rows()) {
            var value = sample.values().get(row);
            if (value != null) {
                lines.computeIfAbsent(row.title(), title -> new Line(row))
                        .of(broker)
                        .add(value, sample);
            }
        }
    }

    /** Adds that a broker did not get through a round: none of its ceilings holds. */
    void addFailure(Load load, BrokerKind broker) {
        for (var row : load.rows()) {
            lines.computeIfAbsent(row.title(), title -> new Line(row)).of(broker).isFaulty = true;
        }
    }

    void print(PrintStream out) {
        lines.values().forEach(line -> print(out, line));
        out.printf("%nTotal: %d of %d ceilings hold%s%n", held, judged, missed.isEmpty() ? "" : "; missed:");
        missed.forEach(miss -> out.println("  " + miss));
    }

    private void print(PrintStream out, Line line) {
        out.printf("%n%s [%s]%n", line.row.title(), line.row.unit());
        line.cells.forEach((broker, cell) -> out.printf(
                "  %-10s %,10.2f (%,.2f to %,.2f)  %,10.0f/s%s%s%s%n",
                broker.argument(),
                cell.median(),
                cell.lowest(),
                cell.highest(),
                cell.perSecond(),
                cell.isFaulty ? "  FAULTY" : "",
                ratios(line, broker, cell),
                broker.isOurs() ? verdicts(line, broker, cell) : ""));
    }

    private static String ratios(Line line, BrokerKind broker, Cell cell) {
        var text = new StringBuilder();
        for (var against : List.of(Row.Against.MOSQUITTO, Row.Against.HIVEMQ, Row.Against.FLOOR)) {
            var other = line.cells.get(against.broker());
            if (other != null && against.broker() != broker) {
                text.append("  %.2f %s".formatted(cell.median() / other.median(), against.sign()));
            }
        }
        return text.toString();
    }

    private String verdicts(Line line, BrokerKind broker, Cell cell) {
        var text = new StringBuilder();
        for (var ceiling : line.row.ceilings()) {
            var reference = reference(line, broker, ceiling.against());
            if (reference.isEmpty()) {
                continue;
            }
            double share = cell.median() / reference.get();
            boolean holds = share <= ceiling.factor() && !cell.isFaulty;
            var verdict = "%s %s %s"
                    .formatted(
                            ceiling.name(),
                            number(ceiling.factor()),
                            ceiling.against().sign())
                    .trim();
            text.append("  | ").append(verdict).append(holds ? " holds" : " MISSED");
            judged++;
            if (holds) {
                held++;
            } else {
                missed.add("%s: %s, %s: is %s".formatted(broker.argument(), line.row.title(), verdict, number(share)));
            }
        }
        return text.toString();
    }

    private static String number(double value) {
        return value >= 100 ? "%,.0f".formatted(value) : "%.2f".formatted(value);
    }

    /** What a ceiling is a multiple of; nothing if that was not measured. */
    private Optional<Double> reference(Line line, BrokerKind broker, Row.Against against) {
        if (against == Row.Against.UNIT) {
            return Optional.of(1.0);
        }
        var otherLine = against.rowTitle() == null ? line : lines.get(against.rowTitle());
        var otherBroker = against.broker() == null ? broker : against.broker();
        return Optional.ofNullable(otherLine)
                .map(other -> other.cells.get(otherBroker))
                .map(Cell::median);
    }

    private static final class Line {
        private final Row row;
        private final Map<BrokerKind, Cell> cells = new EnumMap<>(BrokerKind.class);

        Line(Row row) {
            this.row = row;
        }

        Cell of(BrokerKind broker) {
            return cells.computeIfAbsent(broker, key -> new Cell());
        }
    }

    /** A broker's rounds. */
    private static final class Cell {
        private final List<Double> values = new ArrayList<>();
        private final List<Double> rates = new ArrayList<>();
        private boolean isFaulty;

        void add(double value, Load.Sample sample) {
            values.add(value);
            rates.add(sample.perSecond());
            isFaulty |= sample.isFaulty();
        }

        double median() {
            return median(values);
        }

        double perSecond() {
            return median(rates);
        }

        double lowest() {
            return values.stream().min(Comparator.naturalOrder()).orElse(Double.NaN);
        }

        double highest() {
            return values.stream().max(Comparator.naturalOrder()).orElse(Double.NaN);
        }

        private static double median(List<Double> of) {
            var sorted = of.stream().sorted().toList();
            if (sorted.isEmpty()) {
                return Double.NaN;
            }
            int middle = sorted.size() / 2;
            return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
        }
    }
}
