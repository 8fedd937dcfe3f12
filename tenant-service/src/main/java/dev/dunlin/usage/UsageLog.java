package dev.dunlin.usage;

import dev.dunlin.database.BackgroundWriter;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.port.UsageSample;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;

/**
 * Sums what each credential has used by the minute, and writes the sums after five seconds. While the database is away they
 * stay in memory, at most {@value #MAX_WAITING}; beyond that new ones are dropped.
 */
@Service
public class UsageLog {
    private static final int MAX_WAITING = 100_000;
    private static final int BATCH = 5_000;

    private record Key(TenantId tenant, CredentialId credential, Instant minute) {}

    private final JdbcClient jdbc;
    private final Clock clock;
    private final BackgroundWriter.Task writing;
    private Map<Key, UsageSample> sums = new HashMap<>();

    UsageLog(JdbcClient jdbc, Clock clock, BackgroundWriter writer) {
        this.jdbc = jdbc;
        this.clock = clock;
        writing = writer.task(Duration.ofSeconds(5), "usage counters", this::write);
    }

    /** Returns at once. */
    public synchronized void add(List<UsageSample> samples) {
        var minute = clock.instant().truncatedTo(ChronoUnit.MINUTES);
        for (var sample : samples) {
            add(new Key(sample.tenant(), sample.credential(), minute), sample);
        }
        writing.request();
    }

    private void add(Key key, UsageSample sample) {
        if (sums.size() < MAX_WAITING || sums.containsKey(key)) {
            sums.merge(key, sample, UsageLog::sum);
        }
    }

    private static UsageSample sum(UsageSample one, UsageSample other) {
        return new UsageSample(
                one.tenant(),
                one.credential(),
                one.messagesIn() + other.messagesIn(),
                one.bytesIn() + other.bytesIn(),
                one.messagesOut() + other.messagesOut(),
                one.bytesOut() + other.bytesOut(),
                one.refused() + other.refused());
    }

    private void write() {
        Map<Key, UsageSample> taken;
        synchronized (this) {
            taken = sums;
            sums = new HashMap<>();
        }
        var left = new ArrayList<>(taken.entrySet());
        try {
            while (!left.isEmpty()) {
                var batch = left.subList(Math.max(0, left.size() - BATCH), left.size());
                write(batch);
                batch.clear();
            }
        } finally {
            synchronized (this) {
                left.forEach(unwritten -> add(unwritten.getKey(), unwritten.getValue()));
            }
        }
    }

    private void write(List<Map.Entry<Key, UsageSample>> batch) {
        var tenants = new UUID[batch.size()];
        var credentials = new UUID[batch.size()];
        var minutes = new String[batch.size()];
        var counters = new Long[5][batch.size()];
        for (int i = 0; i < batch.size(); i++) {
            var key = batch.get(i).getKey();
            var sample = batch.get(i).getValue();
            tenants[i] = key.tenant().value();
            credentials[i] = key.credential().value();
            minutes[i] = key.minute().toString();
            counters[0][i] = sample.messagesIn();
            counters[1][i] = sample.bytesIn();
            counters[2][i] = sample.messagesOut();
            counters[3][i] = sample.bytesOut();
            counters[4][i] = sample.refused();
        }
        jdbc.sql("""
                insert into usage_minute (tenant_id, credential_id, minute,
                    messages_in, bytes_in, messages_out, bytes_out, refused)
                select s.*
                from unnest(?::uuid[], ?::uuid[], ?::timestamptz[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
                    ?::bigint[]) as s (tenant_id, credential_id, minute, mi, bi, mo, bo, refused)
                  join tenant t on t.id = s.tenant_id
                order by s.tenant_id, s.minute, s.credential_id
                on conflict (tenant_id, minute, credential_id) do update set
                  messages_in = usage_minute.messages_in + excluded.messages_in,
                  bytes_in = usage_minute.bytes_in + excluded.bytes_in,
                  messages_out = usage_minute.messages_out + excluded.messages_out,
                  bytes_out = usage_minute.bytes_out + excluded.bytes_out,
                  refused = usage_minute.refused + excluded.refused
                """)
                .params(tenants, credentials, minutes, counters[0], counters[1], counters[2], counters[3], counters[4])
                .update();
    }
}
