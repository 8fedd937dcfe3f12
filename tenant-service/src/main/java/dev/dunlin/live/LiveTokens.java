package dev.dunlin.live;

import dev.dunlin.engine.port.TenantId;
import dev.dunlin.tenant.AccountId;
import dev.dunlin.tenant.Role;
import org.springframework.stereotype.Service;

/** Issues and verifies live tokens: signed, not stored. */
@Service
public class LiveTokens {
    /** A token to subscribe to everything of the tenant, and from {@link Role#OPERATOR} on to publish everything. */
    public LiveToken issue(TenantId tenant, AccountId account, Role role) {
        throw new UnsupportedOperationException();
    }
}
