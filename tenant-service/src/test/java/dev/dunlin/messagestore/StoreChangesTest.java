package dev.dunlin.messagestore;

import static dev.dunlin.messagestore.StoreFixture.MORNING;
import static dev.dunlin.messagestore.StoreFixture.place;
import static dev.dunlin.messagestore.StoreFixture.put;
import static dev.dunlin.messagestore.StoreFixture.queued;
import static dev.dunlin.messagestore.StoreFixture.retained;
import static dev.dunlin.messagestore.StoreFixture.retainedMessage;
import static dev.dunlin.messagestore.StoreFixture.subscription;
import static dev.dunlin.messagestore.StoreFixture.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.ServiceTest;
import dev.dunlin.engine.port.MessageStore.Refusal;
import dev.dunlin.engine.port.StoreChange.PlaceReceived;
import dev.dunlin.engine.port.StoreChange.Queued;
import dev.dunlin.engine.port.StoreChange.Received;
import dev.dunlin.engine.port.StoreChange.ReceivedRemoved;
import dev.dunlin.engine.port.StoreChange.Removed;
import dev.dunlin.engine.port.StoreChange.SessionRemoved;
import dev.dunlin.engine.port.StoreChange.SubscriptionPut;
import dev.dunlin.engine.port.StoreChange.SubscriptionRemoved;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.port.StoredRetained;
import dev.dunlin.engine.port.StoredSession;
import dev.dunlin.engine.port.StoredSession.StoredWill;
import dev.dunlin.engine.port.StoredSubscription;
import dev.dunlin.engine.port.StoredTenant;
import dev.dunlin.engine.port.TenantId;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;

class StoreChangesTest extends ServiceTest {
    @Autowired
    private JdbcConnectionDetails database;

    @Autowired
    private JdbcClient jdbc;

    private StoreFixture store;
    private TenantId acme;

    @BeforeEach
    void open() {
        store = StoreFixture.open(database);
        acme = signUp("Acme").tenant().id();
    }

    @AfterEach
    void close() throws InterruptedException {
        store.close();
    }

    private long count(String table) {
        return jdbc.sql("select count(*) from " + table + " where tenant_id = ?")
                .param(acme.value())
                .query(Long.class)
                .single();
    }

    private long journalBytes() {
        return jdbc.sql("select coalesce(sum(length(entries)), 0) from mqtt_journal where tenant_id = ?")
                .param(acme.value())
                .query(Long.class)
                .single();
    }

    @Test
    void readsBackASessionWithAllThatHangsOnIt() {
        // given a session with a will, subscriptions of every shape, a message in its queue and one that came with QoS
        // 2
        var will = new StoredWill(
                new StoredMessage(0, "plant/boiler/lost", new byte[] {1, 2}, new byte[] {3}, 2, true, 60, null), 30);
        var fresh = store.session("boiler");
        var session = new StoredSession(
                fresh.id(), "boiler", fresh.credential(), StoredSession.NEVER_EXPIRES, true, MORNING, will);
        var plain = subscription("plant/#", 1);
        var shared = new StoredSubscription("$share/workers/plant/+/temperature", 2, false, true, 268_435_455);
        var message = new StoredMessage(
                store.store.newId(),
                "plant/boiler/temperature",
                new byte[] {0, -1, 127},
                new byte[] {9, 9},
                2,
                true,
                3_600,
                MORNING.plusSeconds(3_600));
        var place = new StoredPlace(
                session.id(), 5, message.id(), 2, true, false, List.of(1, 268_435_455), "$share/workers/plant/#");

        // when it is stored
        store.stored(
                acme,
                put(session),
                new SubscriptionPut(session.id(), plain),
                new SubscriptionPut(session.id(), shared),
                new Queued(message, List.of(place), new Received(session.id(), 65_535)));

        // then it is read as it was
        var tenant = store.load(acme);
        assertThat(tenant.sessions()).hasSize(1);
        var kept = tenant.sessions().get(0);
        assertThat(kept.session()).usingRecursiveComparison().isEqualTo(session);
        assertThat(kept.subscriptions()).containsExactlyInAnyOrder(plain, shared);
        assertThat(kept.queue()).containsExactly(place);
        assertThat(kept.received()).containsExactly(65_535);
        assertThat(tenant.messages())
                .usingRecursiveFieldByFieldElementComparator()
                .containsExactly(message);

        // and is read again by a store that starts anew
        var next = StoreFixture.open(database);
        assertThat(next.load(acme).sessions().get(0).queue()).containsExactly(place);
        assertThat(next.store.newId()).isGreaterThan(store.store.newId());
        closeQuietly(next);
    }

    private static void closeQuietly(StoreFixture store) {
        try {
            store.close();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void findsNothingOfATenantThatHasStoredNothing() {
        assertThat(store.load(new TenantId(UUID.randomUUID()))).isEqualTo(StoredTenant.NOTHING);
    }

    @Test
    void queuesInTheOrderOfPositionsAndForgetsWhatIsDone() {
        // given three messages in a queue
        var session = store.session("boiler");
        var messages = IntStream.range(0, 3)
                .mapToObj(i -> store.message("plant/" + i, "m" + i))
                .toList();
        store.stored(acme, put(session));
        for (int i : new int[] {2, 0, 1}) {
            store.stored(acme, queued(messages.get(i), place(session, i, messages.get(i))));
        }

        // when the first is received and the second done with
        store.stored(
                acme,
                new PlaceReceived(session.id(), 0),
                Removed.place(session.id(), 1),
                Removed.message(messages.get(1).id()));

        // then two are left, in order
        var queue = store.load(acme).sessions().get(0).queue();
        assertThat(queue).extracting(StoredPlace::position).containsExactly(0L, 2L);
        assertThat(queue).extracting(StoredPlace::isReceived).containsExactly(true, false);
        assertThat(store.load(acme).messages()).hasSize(2);
    }

    @Test
    void removesASessionWithWhatHangsOnItAndNothingElse() {
        // given two sessions that queue one message
        var gone = store.session("gone");
        var stays = store.session("stays");
        var message = store.message("plant/a", "one");
        store.stored(
                acme,
                put(gone),
                put(stays),
                new SubscriptionPut(gone.id(), subscription("plant/#", 1)),
                new SubscriptionPut(stays.id(), subscription("plant/#", 1)),
                new Queued(
                        message,
                        List.of(place(gone, 1, message), place(stays, 1, message)),
                        new Received(gone.id(), 7)));

        // when one of them ends
        store.stored(acme, new SessionRemoved(gone.id()));

        // then the other has what it had
        var tenant = store.load(acme);
        assertThat(tenant.sessions()).hasSize(1);
        assertThat(tenant.sessions().get(0).queue()).hasSize(1);
        assertThat(tenant.sessions().get(0).subscriptions()).hasSize(1);
        assertThat(tenant.messages()).hasSize(1);
        assertThat(count("mqtt_journal")).isEqualTo(1);
        assertThat(count("mqtt_subscription")).isEqualTo(1);
        assertThat(count("mqtt_received")).isZero();
    }

    @Test
    void makesChangesOfOneBatchInTheirOrder() {
        // given changes that undo each other, handed in at once
        var ended = store.session("boiler");
        var session = store.session("boiler");
        var message = store.message("plant/a", "one");
        store.stored(
                acme,
                put(ended),
                new SubscriptionPut(ended.id(), subscription("plant/#", 1)),
                queued(message, place(ended, 1, message)),
                new SessionRemoved(ended.id()),
                put(session),
                new SubscriptionPut(session.id(), subscription("plant/#", 0)),
                new SubscriptionRemoved(session.id(), "plant/#"),
                new SubscriptionPut(session.id(), subscription("plant/#", 2)),
                new SubscriptionPut(session.id(), subscription("office/#", 2)),
                new SubscriptionRemoved(session.id(), "office/#"),
                new Queued(null, List.of(), new Received(session.id(), 1)),
                new ReceivedRemoved(new Received(session.id(), 1)),
                new Queued(null, List.of(), new Received(session.id(), 2)),
                put(StoreFixture.left(session, MORNING.plusSeconds(5), null)));

        // then what is kept is what the last of them left
        var tenant = store.load(acme);
        assertThat(tenant.sessions()).hasSize(1);
        var kept = tenant.sessions().get(0);
        assertThat(kept.session()).isEqualTo(StoreFixture.left(session, MORNING.plusSeconds(5), null));
        assertThat(kept.subscriptions()).containsExactly(subscription("plant/#", 2));
        assertThat(kept.received()).containsExactly(2);
        assertThat(kept.queue()).isEmpty();
        assertThat(tenant.messages()).isEmpty();
    }

    @Test
    void storesABodyOnceForAThousandSessions() {
        // given a thousand sessions
        var sessions = IntStream.range(0, 1_000)
                .mapToObj(i -> store.session("device-" + i))
                .toList();
        store.stored(acme, sessions.stream().map(StoreFixture::put).toArray(dev.dunlin.engine.port.StoreChange[]::new));

        // when one message is queued for all of them
        var message = store.message("plant/all", "x".repeat(100_000));
        store.stored(
                acme,
                new Queued(
                        message,
                        sessions.stream()
                                .map(session -> place(session, 1, message))
                                .toList(),
                        null));

        // then its body is there once, and so it is when it is read
        assertThat(journalBytes()).isBetween(100_000L, 200_000L);
        var tenant = store.load(acme);
        assertThat(tenant.messages()).hasSize(1);
        assertThat(tenant.sessions()).allMatch(kept -> kept.queue().size() == 1);
    }

    @Test
    void neverWritesWhatIsGoneBeforeItsTurn() {
        // given messages that nobody waits for and that are done with at once
        var session = store.session("boiler");
        store.stored(acme, put(session));
        long before = store.store.statistics().messages();
        for (int i = 0; i < 50; i++) {
            var message = store.message("plant/a", "m" + i);
            store.store.change(acme, queued(message, place(session, i, message)), null);
            store.store.change(acme, Removed.place(session.id(), i), null);
            store.store.change(acme, Removed.message(message.id()), null);
        }

        // then none of those that were together in a batch is written
        assertThat(store.load(acme).messages()).isEmpty();
        assertThat(store.store.statistics().messages() - before).isLessThan(50);
    }

    @Test
    void keepsTheRetainedMessageThatIsThereWhenItIsWritten() {
        // given a topic whose value changes again and again while nobody waits
        var now = new AtomicReference<@Nullable StoredRetained>();
        var reads = new AtomicInteger();
        for (int i = 0; i < 100; i++) {
            now.set(retainedMessage("plant/temperature", "value " + i));
            store.store.change(
                    acme,
                    retained("plant/temperature", () -> {
                        reads.incrementAndGet();
                        return now.get();
                    }),
                    null);
        }
        // then it is written once, at the latest when the tenant is read
        assertThat(store.load(acme).retained())
                .extracting(kept -> text(kept.message()))
                .containsExactly("value 99");
        assertThat(reads.get()).isLessThan(10);

        // and goes when it is cleared
        now.set(null);
        store.stored(acme, retained("plant/temperature", now::get));
        assertThat(store.load(acme).retained()).isEmpty();
    }

    @Test
    void writesARetainedMessageThatNobodyWaitsForByItself() {
        store.store.change(acme, retained("plant/humidity", () -> retainedMessage("plant/humidity", "40 %")), null);
        await().untilAsserted(() -> assertThat(count("mqtt_retained")).isEqualTo(1));
    }

    @Test
    void keepsTopicsAndFiltersThatAreAsLongAsMqttAllows() {
        var random = new java.util.Random(7);
        var longest = random.ints(65_000, 'a', 'z')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        var session = store.session("boiler");
        store.stored(
                acme,
                put(session),
                new SubscriptionPut(session.id(), subscription(longest, 1)),
                retained(longest, () -> retainedMessage(longest, "far away")));
        var tenant = store.load(acme);
        assertThat(tenant.sessions().get(0).subscriptions()).containsExactly(subscription(longest, 1));
        assertThat(tenant.retained()).hasSize(1);
        store.stored(acme, new SubscriptionRemoved(session.id(), longest));
        assertThat(store.load(acme).sessions().get(0).subscriptions()).isEmpty();
    }

    @Test
    void makesEveryChangeTwiceWithTheSameResult() {
        var session = store.session("boiler");
        var message = store.message("plant/a", "one");
        var place = place(session, 1, message);
        for (int i = 0; i < 2; i++) {
            store.stored(
                    acme,
                    put(session),
                    new SubscriptionPut(session.id(), subscription("plant/#", 1)),
                    new Queued(message, List.of(place), new Received(session.id(), 7)),
                    new PlaceReceived(session.id(), 1));
        }
        var kept = store.load(acme).sessions().get(0);
        assertThat(kept.queue()).extracting(StoredPlace::isReceived).containsExactly(true);
        assertThat(kept.received()).containsExactly(7);
        for (int i = 0; i < 2; i++) {
            store.stored(
                    acme,
                    Removed.place(session.id(), 1),
                    Removed.message(message.id()),
                    new ReceivedRemoved(new Received(session.id(), 7)),
                    new SubscriptionRemoved(session.id(), "plant/#"));
        }
        store.stored(acme, new SessionRemoved(session.id()));
        store.stored(acme, new SessionRemoved(session.id()));
        assertThat(store.load(acme)).isEqualTo(StoredTenant.NOTHING);
    }

    @Test
    void removesWhatDanglesWhenATenantIsRead() {
        // given a message without place, a place without message and without session, and an older session of a client
        var older = store.session("boiler");
        var session = store.session("boiler");
        var orphan = store.message("plant/a", "nobody's");
        var missing = store.message("plant/a", "never stored");
        store.stored(
                acme,
                put(older),
                put(session),
                queued(orphan),
                new Queued(null, List.of(place(session, 1, missing)), null),
                new SubscriptionPut(older.id(), subscription("plant/#", 1)),
                new SubscriptionPut(4711, subscription("plant/#", 1)),
                new Queued(null, List.of(place(older, 1, orphan)), new Received(4711, 1)));

        // then none of it is read, and it is gone
        var tenant = store.load(acme);
        assertThat(tenant.sessions()).extracting(kept -> kept.session().id()).containsExactly(session.id());
        assertThat(tenant.sessions().get(0).queue()).isEmpty();
        assertThat(tenant.messages()).isEmpty();
        assertThat(count("mqtt_session")).isEqualTo(1);
        for (var table : List.of("mqtt_subscription", "mqtt_journal", "mqtt_received")) {
            assertThat(count(table)).as(table).isZero();
        }
    }

    @Test
    void refusesAChangeThatTheDatabaseWillNotTakeAndStoresItsNeighbours() {
        // given a filter with a character that PostgreSQL's text cannot hold, among messages
        var session = store.session("boiler");
        store.stored(acme, put(session));
        var outcomes = IntStream.range(0, 20)
                .mapToObj(i -> {
                    var message = store.message("plant/a", "m" + i);
                    return store.change(
                            acme,
                            i == 13
                                    ? new SubscriptionPut(session.id(), subscription("plant/\0", 1))
                                    : queued(message, place(session, i, message)));
                })
                .toList();

        // then that one alone is refused
        for (int i = 0; i < 20; i++) {
            if (i != 13) {
                StoreFixture.get(outcomes.get(i));
            }
        }
        assertThat(outcomes.get(13))
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableThat()
                .withMessageContaining(Refusal.FAULT.toString());
        assertThat(store.load(acme).sessions().get(0).queue()).hasSize(19);
    }

    @Test
    void goesOnWithATenantThatWasUnloadedAndLoadedAgain() {
        // given a tenant with two messages in a queue, of which the engine has let go
        var session = store.session("boiler");
        var first = store.message("plant/a", "one");
        var second = store.message("plant/a", "two");
        store.stored(
                acme, put(session), queued(first, place(session, 5, first)), queued(second, place(session, 6, second)));
        store.store.unloaded(acme);

        // when it is loaded again and both are delivered
        assertThat(store.load(acme).sessions().get(0).nextPosition()).isEqualTo(7);
        store.stored(acme, new Removed(session.id(), new long[] {5, 6}, new long[] {first.id(), second.id()}));

        // then nothing of them is left
        assertThat(store.load(acme).sessions().get(0).queue()).isEmpty();
        assertThat(count("mqtt_journal")).isZero();
    }

    @Test
    void saysPlainlyThatARowIsDamagedAndKeepsIt() {
        var session = store.session("boiler");
        var message = store.message("plant/a", "one");
        store.stored(acme, put(session), queued(message, place(session, 1, message)));
        jdbc.sql("update mqtt_journal set entries = substr(entries, 1, length(entries) - 1) where tenant_id = ?")
                .param(acme.value())
                .update();
        assertThat(store.store.load(acme).toCompletableFuture())
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableThat()
                .withMessageContaining("of mqtt_journal")
                .withMessageContaining("Restore the database from a backup");
        assertThat(count("mqtt_journal")).isEqualTo(1);
    }

    @Test
    void tellsListenersInTheOrderOfTheChanges() {
        var session = store.session("boiler");
        var told = new java.util.concurrent.ConcurrentLinkedQueue<Integer>();
        var outcomes = IntStream.range(0, 5_000)
                .mapToObj(i -> {
                    var message = store.message("plant/a", "m");
                    return store.change(acme, queued(message, place(session, i, message)))
                            .thenRun(() -> told.add(i));
                })
                .toArray(CompletableFuture[]::new);
        StoreFixture.get(CompletableFuture.allOf(outcomes));
        assertThat(List.copyOf(told)).isSorted();
    }
}
