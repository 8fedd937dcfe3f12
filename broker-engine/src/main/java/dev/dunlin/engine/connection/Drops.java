package dev.dunlin.engine.connection;

import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.tenant.TenantSpace;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Tells of messages that were dropped. All are counted, by reason too; a tenant's are reported at most a hundred times a second, since a
 * slow consumer may miss a hundred thousand, and telling must not cost more than delivering.
 */
public final class Drops implements TenantSpace.DropListener {
    private final IncidentCounters incidents;

    public Drops(IncidentCounters incidents) {
        this.incidents = incidents;
    }

    @Override
    public void onDropped(TenantSpace space, Session session, Publish message, Incident.Reason reason) {
        session.home().counters().countDropped();
        if (!space.mayReportDrop()) {
            incidents.count(reason);
        } else {
            incidents.report(new Incident(
                    Instant.now(),
                    Incident.Kind.DELIVER,
                    reason,
                    space.id(),
                    session.credentialName(),
                    session.clientId(),
                    null,
                    message.topic().toString(),
                    limitOf(space, reason)));
        }
    }

    private static @Nullable String limitOf(TenantSpace space, Incident.Reason reason) {
        var limits = space.limits().queues();
        return switch (reason) {
            case QUEUE_FULL ->
                "at most " + limits.messagesPerSession() + " messages of " + limits.bytesPerSession()
                        + " bytes together wait for one client";
            case QUEUES_FULL -> "messages of at most " + limits.bytes() + " bytes together wait for all clients";
            default -> null;
        };
    }
}
