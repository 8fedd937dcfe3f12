package dev.dunlin.engineport;

import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.engine.port.Tenants;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A tenant and all its credentials, as they were when they were read. Never changes. */
record TenantSnapshot(
        TenantId id,
        String slug,
        boolean suspended,
        TenantLimits limits,
        Map<CredentialId, CredentialSnapshot> credentials,
        Map<String, CredentialId> names)
        implements Tenants.Known {

    /** A tenant's row with the plan's limits. */
    record Row(TenantId id, String slug, boolean suspended, TenantLimits limits) {}

    /** Everything read anew. */
    static TenantSnapshot of(Row row, Collection<CredentialSnapshot.Row> credentials, @Nullable TenantSnapshot old) {
        var byId = new HashMap<CredentialId, CredentialSnapshot>();
        for (var credential : credentials) {
            byId.put(
                    credential.id(),
                    CredentialSnapshot.of(credential, old == null ? null : old.credentials.get(credential.id())));
        }
        return of(row, byId);
    }

    /** The row and the credentials in {@code touched} read anew, of which {@code found} are there. */
    static TenantSnapshot of(
            Row row, Set<CredentialId> touched, Collection<CredentialSnapshot.Row> found, TenantSnapshot old) {
        var byId = new HashMap<>(old.credentials);
        byId.keySet().removeAll(touched);
        for (var credential : found) {
            byId.put(credential.id(), CredentialSnapshot.of(credential, old.credentials.get(credential.id())));
        }
        return of(row, byId);
    }

    private static TenantSnapshot of(Row row, Map<CredentialId, CredentialSnapshot> byId) {
        var names = new HashMap<String, CredentialId>();
        byId.values().forEach(credential -> names.put(credential.name(), credential.id()));
        return new TenantSnapshot(row.id(), row.slug(), row.suspended(), row.limits(), byId, names);
    }

    @Nullable
    CredentialSnapshot credential(CredentialId wanted) {
        return credentials.get(wanted);
    }

    @Nullable
    CredentialSnapshot credential(String name) {
        var wanted = names.get(name);
        return wanted == null ? null : credentials.get(wanted);
    }

    @Override
    public Tenants.@Nullable Holder holder(CredentialId wanted) {
        var credential = credentials.get(wanted);
        return credential == null ? null : new Tenants.Holder(credential.name(), credential.access());
    }

    /** What it costs to keep, in credentials. */
    int weight() {
        return 1 + credentials.size();
    }
}
