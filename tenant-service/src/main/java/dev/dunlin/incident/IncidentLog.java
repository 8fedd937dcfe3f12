package dev.dunlin.incident;

import dev.dunlin.engine.port.TenantId;
import java.util.List;
import org.springframework.stereotype.Service;

/** What was refused in a tenant. */
@Service
public class IncidentLog {
    /** The latest, newest first. */
    public List<IncidentView> recent(TenantId tenant, int limit) {
        throw new UnsupportedOperationException();
    }

    public void clear(TenantId tenant) {
        throw new UnsupportedOperationException();
    }
}
