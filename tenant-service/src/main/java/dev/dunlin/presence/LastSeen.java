package dev.dunlin.presence;

import dev.dunlin.database.BackgroundWriter;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.TenantId;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;

/**
 * When a client of a credential last connected or disconnected. What is noted is written after a second in one statement;
 * while the database is away it stays in memory, one entry per credential and at most {@value #MAX_WAITING}.
 */
@Service
public class LastSeen {
    private static final int MAX_WAITING = 100_000;
    private static final int BATCH = 5_000;

    private record Key(TenantId tenant, CredentialId credential) {}

    private final JdbcClient jdbc;
    private final BackgroundWriter.Task writing;
    private final Map<Key, Instant> waiting = new ConcurrentHashMap<>();

    LastSeen(JdbcClient jdbc, BackgroundWriter writer) {
        this.jdbc = jdbc;
        writing = writer.task(Duration.ofSeconds(1), "last-seen times", this::write);
    }

    /** Returns at once. */
    public void note(TenantId tenant, CredentialId credential, Instant at) {
        if (waiting.size() < MAX_WAITING) {
            waiting.merge(new Key(tenant, credential), at, (one, other) -> one.isAfter(other) ? one : other);
        }
        writing.request();
    }

    /** Of all credentials of the tenant that were ever seen. */
    public Map<CredentialId, Instant> of(TenantId tenant) {
        var seen = new HashMap<CredentialId, Instant>();
        jdbc.sql("select credential_id, last_seen_at from credential_seen where tenant_id = ?")
                .param(tenant.value())
                .query(row -> {
                    seen.put(
                            new CredentialId(row.getObject(1, UUID.class)),
                            row.getObject(2, OffsetDateTime.class).toInstant());
                });
        return seen;
    }

    /** Of one credential; absent if it was never seen. */
    public @Nullable Instant of(TenantId tenant, CredentialId credential) {
        return jdbc.sql("select last_seen_at from credential_seen where tenant_id = ? and credential_id = ?")
                .params(tenant.value(), credential.value())
                .query((row, number) -> row.getObject(1, OffsetDateTime.class).toInstant())
                .optional()
                .orElse(null);
    }

    private void write() {
        while (!waiting.isEmpty()) {
            var batch = List.copyOf(waiting.entrySet().stream().limit(BATCH).toList());
            var tenants = new ArrayList<UUID>();
            var credentials = new ArrayList<UUID>();
            var times = new ArrayList<OffsetDateTime>();
            for (var entry : batch) {
                tenants.add(entry.getKey().tenant().value());
                credentials.add(entry.getKey().credential().value());
                times.add(entry.getValue().atOffset(ZoneOffset.UTC));
            }
            // The join leaves out what was deleted in between, and people, who are no credentials
            jdbc.sql("""
                    insert into credential_seen (tenant_id, credential_id, last_seen_at)
                    select c.tenant_id, c.id, s.at
                    from unnest(?::uuid[], ?::uuid[], ?::timestamptz[]) as s (tenant_id, id, at)
                      join credential c on c.tenant_id = s.tenant_id and c.id = s.id
                    order by c.tenant_id, c.id
                    on conflict (tenant_id, credential_id) do update
                      set last_seen_at = greatest(credential_seen.last_seen_at, excluded.last_seen_at)
                    """)
                    .params(
                            tenants.toArray(new UUID[0]),
                            credentials.toArray(new UUID[0]),
                            times.stream().map(OffsetDateTime::toString).toArray(String[]::new))
                    .update();
            batch.forEach(entry -> waiting.remove(entry.getKey(), entry.getValue()));
        }
    }
}
