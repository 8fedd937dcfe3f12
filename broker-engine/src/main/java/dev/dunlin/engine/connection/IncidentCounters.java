package dev.dunlin.engine.connection;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Incidents;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** Counts every refusal by its reason and passes it on. Any thread. */
public final class IncidentCounters {
    private final Incidents incidents;
    private final LongAdder[] counts = Stream.generate(LongAdder::new)
            .limit(Incident.Reason.values().length)
            .toArray(LongAdder[]::new);

    public IncidentCounters(Incidents incidents) {
        this.incidents = incidents;
    }

    public void report(Incident incident) {
        count(incident.reason());
        incidents.report(incident);
    }

    /** Counts one that is one too many to be told of. */
    void count(Incident.Reason reason) {
        counts[reason.ordinal()].increment();
    }

    /** Since the start, without the reasons that never came. */
    public Map<Incident.Reason, Long> counts() {
        var seen = new EnumMap<Incident.Reason, Long>(Incident.Reason.class);
        for (var reason : Incident.Reason.values()) {
            long count = counts[reason.ordinal()].sum();
            if (count > 0) {
                seen.put(reason, count);
            }
        }
        return seen;
    }
}
