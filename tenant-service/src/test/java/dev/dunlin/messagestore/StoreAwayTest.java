package dev.dunlin.messagestore;

import static dev.dunlin.messagestore.StoreFixture.get;
import static dev.dunlin.messagestore.StoreFixture.place;
import static dev.dunlin.messagestore.StoreFixture.put;
import static dev.dunlin.messagestore.StoreFixture.queued;
import static dev.dunlin.messagestore.StoreFixture.retained;
import static dev.dunlin.messagestore.StoreFixture.retainedMessage;
import static dev.dunlin.messagestore.StoreFixture.subscription;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.ServiceTest;
import dev.dunlin.database.DataDirectoryException;
import dev.dunlin.engine.port.MessageStore.Refusal;
import dev.dunlin.engine.port.StoreChange.Removed;
import dev.dunlin.engine.port.StoreChange.SubscriptionPut;
import dev.dunlin.engine.port.StoreChange.SubscriptionRemoved;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.port.StoredSession;
import dev.dunlin.engine.port.TenantId;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;

/** What becomes of changes when the database is away, late or full. */
class StoreAwayTest extends ServiceTest {
    private static final int MAX_WAITING = 20;

    @Autowired
    private JdbcConnectionDetails database;

    @Autowired
    private JdbcClient jdbc;

    private final AtomicLong freeBytes = new AtomicLong(10L << 30);
    private TcpProxy proxy;
    private StoreFixture store;
    private TenantId acme;
    private StoredSession session;

    @BeforeEach
    void open() throws IOException {
        proxy = TcpProxy.before(database);
        var disk = new DiskRoom.Probe() {
            @Override
            public long freeBytes() {
                return freeBytes.get();
            }

            @Override
            public long totalBytes() {
                return 100L << 30;
            }
        };
        store = StoreFixture.open(proxy.reaching(database), Clock.systemUTC(), disk, 2 * MAX_WAITING);
        acme = signUp("Acme").tenant().id();
        session = store.session("boiler");
        store.stored(acme, put(session));
    }

    @AfterEach
    void close() throws Exception {
        proxy.passAnswers();
        proxy.acceptAgain();
        store.close();
        proxy.close();
    }

    private CompletableFuture<Void> queue(int position) {
        var message = store.message("plant/a", "m" + position);
        return store.change(acme, queued(message, place(session, position, message)));
    }

    private List<Long> positions() {
        return store.load(acme).sessions().get(0).queue().stream()
                .map(StoredPlace::position)
                .toList();
    }

    private long count(String table) {
        return jdbc.sql("select count(*) from " + table + " where tenant_id = ?")
                .param(acme.value())
                .query(Long.class)
                .single();
    }

    private static void assertRefused(CompletableFuture<Void> outcome, Refusal why) {
        assertThat(outcome)
                .failsWithin(Duration.ofSeconds(10))
                .withThrowableThat()
                .withMessageContaining(why.toString());
    }

    @Test
    void makesAChangeOnceThoughTheAnswerToItsCommitIsLost() {
        // given a change that is committed while the answer is held back
        proxy.holdAnswers();
        var outcome = queue(1);
        await().until(() -> count("mqtt_journal") == 1);
        assertThat(outcome).isNotDone();

        // when the connection is cut, then the change is made again, and once
        proxy.cut();
        proxy.passAnswers();
        get(outcome);
        get(queue(2));
        assertThat(positions()).containsExactly(1L, 2L);
        assertThat(count("mqtt_journal")).isEqualTo(2);
    }

    @Test
    void keepsChangesInOrderWhileTheDatabaseIsAwayAndGoesOnByItself() {
        // given a database that cannot be reached
        proxy.refuse();
        var told = new ConcurrentLinkedQueue<Integer>();
        var outcomes = IntStream.range(0, 10)
                .mapToObj(i -> queue(i).thenRun(() -> told.add(i)))
                .toArray(CompletableFuture[]::new);
        store.store.change(acme, Removed.place(session.id(), 3), null);
        await().until(() -> store.store.statistics().away());

        // then nobody is told anything, and reading fails soon
        assertThat(store.store.load(acme).toCompletableFuture()).failsWithin(Duration.ofSeconds(2));
        assertThat(store.store.tenantsWithWills().toCompletableFuture()).failsWithin(Duration.ofSeconds(4));
        assertThat(told).isEmpty();

        // and when it is back all is made
        proxy.acceptAgain();
        assertThat(CompletableFuture.allOf(outcomes)).succeedsWithin(Duration.ofSeconds(5));
        assertThat(List.copyOf(told)).isSorted().hasSize(10);
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(positions()).hasSize(9));
        assertThat(store.store.statistics().away()).isFalse();
    }

    @Test
    void goesOnWhenItsServerProcessWasEnded() {
        // when an operator ends the store's processes again and again
        for (int i = 0; i < 5; i++) {
            jdbc.sql("select pg_terminate_backend(pid, 5000) from pg_stat_activity where application_name = ?")
                    .param("dunlin message store")
                    .query(Boolean.class)
                    .list();
            assertThat(queue(i)).succeedsWithin(Duration.ofSeconds(5));
        }
        assertThat(positions()).hasSize(5);
    }

    @Test
    void refusesMessagesWhenTheDatabaseSaysThatItsDiskIsFullAndStillMakesRoom() {
        // given a message in the queue, and a disk that has no room for another
        var message = store.message("plant/a", "done with");
        store.stored(acme, queued(message, place(session, 1, message)));
        jdbc.sql("""
                create or replace function disk_full() returns trigger language plpgsql as $$
                begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$
                """).update();
        jdbc.sql("create trigger disk_full before insert on mqtt_journal for each row" + " when (new.tenant_id = '"
                        + acme + "') execute function disk_full()")
                .update();
        try {
            // when one is queued and another done with at once
            var refused = queue(2);
            var removed = store.change(acme, Removed.place(session.id(), 1));
            var body = store.change(acme, Removed.message(message.id()));

            // then the one is refused and the other goes
            assertRefused(refused, Refusal.FULL);
            get(removed);
            get(body);
            assertThat(positions()).isEmpty();
        } finally {
            jdbc.sql("drop trigger disk_full on mqtt_journal").update();
        }
        // and with room again all is as before
        get(queue(3));
    }

    @Test
    void refusesWhatTakesRoomBeforeTheDiskIsFull() {
        // given a disk with little room left
        get(queue(1));
        freeBytes.set(100L << 20);
        await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> assertRefused(queue(2), Refusal.FULL));

        // then all that takes room is refused, and all else is made
        assertRefused(store.change(acme, new SubscriptionPut(session.id(), subscription("plant/#", 1))), Refusal.FULL);
        assertRefused(store.change(acme, retained("plant/a", () -> retainedMessage("plant/a", "value"))), Refusal.FULL);
        store.stored(
                acme,
                put(session),
                new SubscriptionRemoved(session.id(), "plant/#"),
                retained("plant/a", () -> null),
                Removed.place(session.id(), 1));

        // and with room again it is taken
        freeBytes.set(10L << 30);
        await().atMost(Duration.ofSeconds(5)).untilAsserted(() -> get(queue(3)));
    }

    @Test
    void refusesMessagesBeyondWhatMayWaitAndTakesAllElse() {
        // given a database that does not answer, and as many messages as may wait
        proxy.holdAnswers();
        var taken = IntStream.range(0, MAX_WAITING).mapToObj(this::queue).toList();

        // then one more is refused at once, and what makes room is not
        assertRefused(queue(MAX_WAITING), Refusal.FULL);
        var removed = store.change(acme, Removed.place(session.id(), 0));
        assertThat(removed).isNotDone();

        // and when it answers again, what was taken is stored
        proxy.passAnswers();
        taken.forEach(StoreFixture::get);
        get(removed);
        get(queue(MAX_WAITING));
        assertThat(positions()).hasSize(MAX_WAITING);
    }

    @Test
    void saysPlainlyThatADatabaseHasNoTablesForIt() {
        // given the server's own database, in which nothing of ours is
        var empty = new JdbcConnectionDetails() {
            @Override
            public @Nullable String getUsername() {
                return database.getUsername();
            }

            @Override
            public @Nullable String getPassword() {
                return database.getPassword();
            }

            @Override
            public String getJdbcUrl() {
                return database.getJdbcUrl().replace("/dunlin?", "/postgres?");
            }
        };
        assertThatThrownBy(() -> StoreFixture.open(empty))
                .isInstanceOf(DataDirectoryException.class)
                .hasMessageContaining("has no tables for messages");
    }
}
