package dev.dunlin.engine.connection;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Incidents;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/** Counts every refusal by its reason and passes it on. Any thread. */
public final class IncidentCounters {
    private final Incidents incidents;
    private final Map<Incident.Reason, LongAdder> counts = new EnumMap<>(Incident.Reason.class);

    public IncidentCounters(Incidents incidents) {
        this.incidents = incidents;
        for (var reason : Incident.Reason.values()) {
            counts.put(reason, new LongAdder());
        }
    }

    public void report(Incident incident) {
        counts.get(incident.reason()).increment();
        incidents.report(incident);
    }

    /** Since the start, without the reasons that never came. */
    public Map<Incident.Reason, Long> counts() {
        var seen = new EnumMap<Incident.Reason, Long>(Incident.Reason.class);
        counts.forEach((reason, count) -> {
            if (count.sum() > 0) {
                seen.put(reason, count.sum());
            }
        });
        return seen;
    }
}
