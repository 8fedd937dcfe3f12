package dev.dunlin.tenant;

import dev.dunlin.engine.port.TenantId;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Service;

/** Workspaces and who belongs to them. */
@Service
public class Tenants {
    public Optional<Tenant> find(TenantId id) {
        throw new UnsupportedOperationException();
    }

    public Optional<Tenant> findBySlug(String slug) {
        throw new UnsupportedOperationException();
    }

    public List<Membership> membershipsOf(AccountId account) {
        throw new UnsupportedOperationException();
    }
}
