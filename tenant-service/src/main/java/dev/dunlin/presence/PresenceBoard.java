package dev.dunlin.presence;

import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.TenantId;
import java.util.List;
import org.springframework.stereotype.Service;

/** Who is connected to this process now. */
@Service
public class PresenceBoard {
    public List<ConnectedClient> online(TenantId tenant) {
        throw new UnsupportedOperationException();
    }

    public List<ConnectedClient> online(TenantId tenant, CredentialId credential) {
        throw new UnsupportedOperationException();
    }
}
