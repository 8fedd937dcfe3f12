package dev.dunlin.presence;

import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.TenantId;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.springframework.stereotype.Service;

/** Who is connected to this process now. As large as the number of connections, which the engine bounds. */
@Service
public class PresenceBoard {
    private final Map<TenantId, Map<Long, ConnectedClient>> clients = new ConcurrentHashMap<>();

    /** Longest connected first; includes people's live pages, whose credential names begin with a tilde. */
    public List<ConnectedClient> online(TenantId tenant) {
        return of(tenant)
                .sorted(Comparator.comparing(ConnectedClient::connectedAt).thenComparing(ConnectedClient::connectionId))
                .toList();
    }

    public List<ConnectedClient> online(TenantId tenant, CredentialId credential) {
        return online(tenant).stream()
                .filter(client -> client.credential().equals(credential))
                .toList();
    }

    private Stream<ConnectedClient> of(TenantId tenant) {
        return clients.getOrDefault(tenant, Map.of()).values().stream();
    }

    /** Tenants with at least one connection. */
    public Set<TenantId> tenantsOnline() {
        return Set.copyOf(clients.keySet());
    }

    public void add(ConnectedClient client) {
        clients.compute(client.tenant(), (tenant, present) -> {
            var all = present == null ? new ConcurrentHashMap<Long, ConnectedClient>() : present;
            all.put(client.connectionId(), client);
            return all;
        });
    }

    public void remove(ConnectedClient client) {
        clients.computeIfPresent(client.tenant(), (tenant, all) -> {
            all.remove(client.connectionId());
            return all.isEmpty() ? null : all;
        });
    }
}
