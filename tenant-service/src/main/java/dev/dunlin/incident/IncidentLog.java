package dev.dunlin.incident;

import dev.dunlin.database.BackgroundWriter;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;

/**
 * What was refused in a tenant. What comes in is folded in memory and written after a quarter of a second. The memory is bounded by
 * {@value #MAX_WAITING} different incidents, of one tenant by {@value #MAX_WAITING_PER_TENANT}: what comes on top is counted
 * without its client id and topic, and at last only in {@link #dropped}.
 */
@Service
public class IncidentLog {
    private static final int MAX_WAITING = 20_000;
    private static final int MAX_WAITING_PER_TENANT = 200;
    private static final int MAX_KEPT_PER_TENANT = 1_000;
    private static final Duration MAX_AGE = Duration.ofDays(14);
    private static final int BATCH = 1_000;

    private final JdbcClient jdbc;
    private final Clock clock;
    private final BackgroundWriter.Task writing;
    private final BackgroundWriter.Task trimming;
    private final AtomicLong withoutTenant = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final Object lock = new Object();
    // Guarded by lock
    private Map<IncidentRow.Key, IncidentRow> waiting = new LinkedHashMap<>();
    private Map<TenantId, Integer> waitingOfTenant = new HashMap<>();

    private final Set<TenantId> grown = new HashSet<>(); // touched by writer tasks alone, under itself
    private volatile BiConsumer<TenantId, IncidentView> listener = (tenant, incident) -> {};

    IncidentLog(JdbcClient jdbc, Clock clock, BackgroundWriter writer) {
        this.jdbc = jdbc;
        this.clock = clock;
        writing = writer.task(Duration.ofMillis(250), "incidents", this::write);
        trimming = writer.task(Duration.ofMinutes(1), "incidents", this::trim);
        trimming.request();
    }

    /** The latest, newest first. */
    public List<IncidentView> recent(TenantId tenant, int limit) {
        return jdbc.sql("select * from incident where tenant_id = ? order by last_at desc, id desc limit ?")
                .params(tenant.value(), limit)
                .query((row, number) -> view(row))
                .list();
    }

    public void clear(TenantId tenant) {
        synchronized (lock) {
            waiting.keySet().removeIf(key -> key.tenant().equals(tenant));
            waitingOfTenant.remove(tenant);
        }
        jdbc.sql("delete from incident where tenant_id = ?")
                .param(tenant.value())
                .update();
    }

    /** Takes an incident; returns at once, on any thread. */
    public void report(Incident incident) {
        var tenant = incident.tenant();
        if (tenant == null) {
            withoutTenant.incrementAndGet();
            return;
        }
        var key = IncidentRow.keyOf(tenant, incident);
        synchronized (lock) {
            var row = waiting.get(key);
            if (row == null) {
                row = room(key, incident.at());
            }
            if (row == null) {
                dropped.incrementAndGet();
            } else {
                row.add(incident);
            }
        }
        writing.request();
    }

    private @Nullable IncidentRow room(IncidentRow.Key key, Instant at) {
        var room = key;
        if (waitingOfTenant.getOrDefault(key.tenant(), 0) >= MAX_WAITING_PER_TENANT) {
            room = new IncidentRow.Key(key.tenant(), key.kind(), key.reason(), null, null, null);
            var row = waiting.get(room);
            if (row != null) {
                return row;
            }
        }
        if (waiting.size() >= MAX_WAITING) {
            return null;
        }
        var row = new IncidentRow(room, at);
        waiting.put(room, row);
        waitingOfTenant.merge(key.tenant(), 1, Integer::sum);
        return row;
    }

    /** How many incidents named no tenant that exists. */
    public long withoutTenant() {
        return withoutTenant.get();
    }

    /** How many found no room in memory. */
    public long dropped() {
        return dropped.get();
    }

    /** Tells of each incident when it has been written, on a thread of the writer. */
    public void listen(BiConsumer<TenantId, IncidentView> newListener) {
        listener = newListener;
    }

    private void write() {
        Map<IncidentRow.Key, IncidentRow> taken;
        synchronized (lock) {
            if (waiting.isEmpty()) {
                return;
            }
            taken = waiting;
            waiting = new LinkedHashMap<>();
            waitingOfTenant = new HashMap<>();
        }
        var left = new ArrayList<>(taken.values());
        try {
            while (!left.isEmpty()) {
                var batch = left.subList(0, Math.min(BATCH, left.size()));
                write(batch);
                batch.clear();
            }
        } finally {
            keep(left);
        }
    }

    /** Back to those that wait; what has come since counts first. */
    private void keep(Collection<IncidentRow> unwritten) {
        synchronized (lock) {
            for (var row : unwritten) {
                var newer = waiting.get(row.key);
                if (newer != null) {
                    newer.add(row);
                } else if (waiting.size() < MAX_WAITING) {
                    waiting.put(row.key, row);
                    waitingOfTenant.merge(row.key.tenant(), 1, Integer::sum);
                } else {
                    dropped.addAndGet(row.count);
                }
            }
        }
    }

    private void write(List<IncidentRow> batch) {
        int size = batch.size();
        var tenants = new UUID[size];
        var digests = new byte[size][];
        var texts = new @Nullable String[7][size];
        var counts = new Long[size];
        var times = new String[2][size];
        for (int i = 0; i < size; i++) {
            var row = batch.get(i);
            tenants[i] = row.key.tenant().value();
            digests[i] = row.key.digest();
            texts[0][i] = row.key.kind().name();
            texts[1][i] = row.key.reason().name();
            texts[2][i] = row.key.credential();
            texts[3][i] = row.key.clientId();
            texts[4][i] = row.remoteAddress;
            texts[5][i] = row.key.topic();
            texts[6][i] = row.decidedBy;
            counts[i] = row.count;
            times[0][i] = row.firstAt.toString();
            times[1][i] = row.lastAt.toString();
        }
        // The join leaves out tenants that were deleted in between
        jdbc.sql("""
                insert into incident (tenant_id, fold_key, kind, reason, credential, client_id, remote_address, topic,
                    decided_by, count, first_at, last_at)
                select s.*
                from unnest(?::uuid[], ?::bytea[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[], ?::text[],
                    ?::text[], ?::bigint[], ?::timestamptz[], ?::timestamptz[])
                    as s (tenant_id, fold_key, kind, reason, credential, client_id, remote_address, topic,
                      decided_by, count, first_at, last_at)
                  join tenant t on t.id = s.tenant_id
                order by s.tenant_id, s.fold_key
                on conflict (tenant_id, fold_key) do update set
                  count = incident.count + excluded.count,
                  remote_address = excluded.remote_address,
                  decided_by = excluded.decided_by,
                  first_at = least(incident.first_at, excluded.first_at),
                  last_at = greatest(incident.last_at, excluded.last_at)
                returning *
                """)
                .params(
                        tenants, digests, texts[0], texts[1], texts[2], texts[3], texts[4], texts[5], texts[6], counts,
                        times[0], times[1])
                .query(row -> {
                    listener.accept(new TenantId(row.getObject("tenant_id", UUID.class)), view(row));
                });
        synchronized (grown) {
            batch.forEach(row -> grown.add(row.key.tenant()));
        }
    }

    private void trim() {
        trimming.request(); // again and again: they also age
        Set<TenantId> tenants;
        synchronized (grown) {
            tenants = Set.copyOf(grown);
            grown.clear();
        }
        for (var tenant : tenants) {
            jdbc.sql("""
                    delete from incident where tenant_id = :tenant and id in (
                      select id from incident where tenant_id = :tenant
                      order by last_at desc, id desc offset :kept)
                    """)
                    .param("tenant", tenant.value())
                    .param("kept", MAX_KEPT_PER_TENANT)
                    .update();
        }
        jdbc.sql("delete from incident where last_at < ?")
                .param(clock.instant().minus(MAX_AGE).atOffset(ZoneOffset.UTC))
                .update();
    }

    private static IncidentView view(ResultSet row) throws SQLException {
        return new IncidentView(
                row.getLong("id"),
                Incident.Kind.valueOf(row.getString("kind")),
                Incident.Reason.valueOf(row.getString("reason")),
                row.getString("credential"),
                row.getString("client_id"),
                row.getString("remote_address"),
                row.getString("topic"),
                row.getString("decided_by"),
                row.getLong("count"),
                row.getObject("first_at", OffsetDateTime.class).toInstant(),
                row.getObject("last_at", OffsetDateTime.class).toInstant());
    }
}
