package dev.dunlin.messagestore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.ServiceTest;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationVersion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What was queued by a release before there were journals is in them afterwards. */
class JournalMigrationTest extends ServiceTest {
    private static final String SCHEMA = "before_journals";

    @Autowired
    private DataSource dataSource;

    @Autowired
    private JdbcClient jdbc;

    @AfterEach
    void drop() {
        jdbc.sql("drop schema " + SCHEMA + " cascade").update();
    }

    private void migrate(String version) {
        Flyway.configure()
                .dataSource(dataSource)
                .schemas(SCHEMA)
                .target(MigrationVersion.fromVersion(version))
                .load()
                .migrate();
    }

    @Test
    void putsWhatIsQueuedIntoJournals() {
        // given a message with everything that one can have, queued by two sessions, and one with the least
        migrate("15");
        var tenant = UUID.randomUUID();
        jdbc.sql(
                        "insert into before_journals.mqtt_message (id, expires_at, expiry_seconds, tenant_id, qos, retain, topic,"
                                + " properties, payload) values (11, ?::timestamptz, 60, ?, 2, true, 'Anlage/Kühlung', ?, ?),"
                                + " (12, null, null, ?, 1, false, 'plant/a', null, '')")
                .params("2026-03-01T06:00:00.123456Z", tenant, new byte[] {2, 0, 0, 0, 60}, new byte[] {1, -1}, tenant)
                .update();
        jdbc.sql("insert into before_journals.mqtt_queue (session_id, position, message_id, tenant_id, qos, retain,"
                        + " received, subscription_ids, shared) values (1, 5, 11, ?, 2, true, true, null, null),"
                        + " (2, 0, 11, ?, 1, false, false, '{7,268435455}', '$share/g/Anlage/#'),"
                        + " (2, 1, 12, ?, 1, false, false, null, null), (2, 2, 404, ?, 1, false, false, null, null)")
                .params(tenant, tenant, tenant, tenant)
                .update();

        // when the database is brought to today's form
        migrate("16");

        // then the journal says the same
        var replay = new JournalReplay();
        jdbc.sql("select id, entries from before_journals.mqtt_journal where tenant_id = ? order by id")
                .param(tenant)
                .query((row, number) -> {
                    replay.add(row.getLong("id"), row.getBytes("entries"));
                    return number;
                })
                .list();
        assertThat(replay.finish(Set.of(1L, 2L))).isEmpty();
        assertThat(replay.messages())
                .usingRecursiveFieldByFieldElementComparator()
                .containsExactly(
                        new StoredMessage(
                                11,
                                "Anlage/Kühlung",
                                new byte[] {1, -1},
                                new byte[] {2, 0, 0, 0, 60},
                                2,
                                true,
                                60,
                                Instant.parse("2026-03-01T06:00:00.123456Z")),
                        new StoredMessage(12, "plant/a", new byte[0], new byte[0], 1, false, -1, null));
        assertThat(replay.queueOf(1)).containsExactly(new StoredPlace(1, 5, 11, 2, true, true, List.of(), null));
        assertThat(replay.queueOf(2))
                .containsExactly(
                        new StoredPlace(2, 0, 11, 1, false, false, List.of(7, 268_435_455), "$share/g/Anlage/#"),
                        new StoredPlace(2, 1, 12, 1, false, false, List.of(), null));
    }
}
