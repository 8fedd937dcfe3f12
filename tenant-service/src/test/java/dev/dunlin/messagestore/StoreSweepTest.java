package dev.dunlin.messagestore;

import static dev.dunlin.messagestore.StoreFixture.left;
import static dev.dunlin.messagestore.StoreFixture.place;
import static dev.dunlin.messagestore.StoreFixture.put;
import static dev.dunlin.messagestore.StoreFixture.queued;
import static dev.dunlin.messagestore.StoreFixture.retained;
import static dev.dunlin.messagestore.StoreFixture.subscription;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.ServiceTest;
import dev.dunlin.engine.port.StoreChange.SubscriptionPut;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredRetained;
import dev.dunlin.engine.port.StoredSession;
import dev.dunlin.engine.port.StoredSession.StoredWill;
import dev.dunlin.engine.port.TenantId;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.jdbc.core.simple.JdbcClient;

class StoreSweepTest extends ServiceTest {
    private static final Instant NOW = Instant.now().truncatedTo(ChronoUnit.MICROS);
    private static final Instant YESTERDAY = NOW.minus(1, ChronoUnit.DAYS);

    @Autowired
    private JdbcConnectionDetails database;

    @Autowired
    private JdbcClient jdbc;

    private StoreFixture before;
    private StoreFixture store;
    private TenantId acme;

    @BeforeEach
    void open() {
        before = at(YESTERDAY);
        store = at(NOW);
        acme = signUp("Acme").tenant().id();
    }

    private StoreFixture at(Instant time) {
        return StoreFixture.open(database, Clock.fixed(time, ZoneOffset.UTC), DiskRoom.Probe.UNKNOWN, 10_000);
    }

    @AfterEach
    void close() throws InterruptedException {
        before.close();
        store.close();
    }

    private long count(String table) {
        return jdbc.sql("select count(*) from " + table + " where tenant_id = ?")
                .param(acme.value())
                .query(Long.class)
                .single();
    }

    private static StoredWill will(long delaySeconds) {
        return new StoredWill(
                new StoredMessage(0, "plant/boiler/lost", new byte[] {1}, new byte[0], 1, false, -1, null),
                delaySeconds);
    }

    private static StoredMessage expiring(long id, Instant at) {
        return new StoredMessage(id, "plant/a", new byte[] {1}, new byte[0], 1, false, 60, at);
    }

    @Test
    void removesSessionsThatExpiredLongAgoWithWhatOnlyTheyHad() throws Exception {
        // given a session that expired yesterday, one that expired a moment ago and one that never does
        var old = left(before.session("old"), YESTERDAY, null);
        var recent = left(before.session("recent"), NOW.minusSeconds(3_700), null);
        var endless = new StoredSession(
                before.store.newId(), "endless", old.credential(), StoredSession.NEVER_EXPIRES, false, YESTERDAY, null);
        var shared = before.message("plant/a", "for all");
        var own = before.message("plant/a", "for the old one");
        before.stored(
                acme,
                put(old),
                put(recent),
                put(endless),
                new SubscriptionPut(old.id(), subscription("plant/#", 1)),
                queued(shared, place(old, 1, shared), place(endless, 1, shared)),
                queued(own, place(old, 2, own)));

        // when it is tidied
        store.store.sweeper.sweep(Duration.ofHours(1));

        // then the first is gone, with its subscription, its queue and the message that it alone queued
        assertThat(count("mqtt_subscription")).isEqualTo(0);
        var tenant = store.load(acme);
        assertThat(tenant.sessions())
                .extracting(kept -> kept.session().clientId())
                .containsExactlyInAnyOrder("recent", "endless");
        assertThat(tenant.messages()).extracting(StoredMessage::id).containsExactly(shared.id());
    }

    @Test
    void removesWhatWasQueuedForTheLastSessionOfATenant() throws Exception {
        var old = left(before.session("old"), YESTERDAY, null);
        var message = before.message("plant/a", "for the old one");
        before.stored(acme, put(old), queued(message, place(old, 1, message)));
        store.store.sweeper.sweep(Duration.ofHours(1));
        assertThat(count("mqtt_journal")).isZero();
    }

    @Test
    void takesNoteThatAClientIsLostWhoseNodeIsGone() throws Exception {
        // given a client that was connected before this process started, and one since
        var lost =
                new StoredSession(before.store.newId(), "lost", StoreFixture.BOILER, 86_400, true, YESTERDAY, will(0));
        var here = new StoredSession(store.store.newId(), "here", lost.credential(), 86_400, true, NOW, null);
        store.stored(acme, put(lost), put(here));

        // then the Will of the first is due, also after it was noted
        assertThat(StoreFixture.get(store.store.tenantsWithWills().toCompletableFuture()))
                .contains(acme);
        store.store.sweeper.sweep(Duration.ofHours(1));
        assertThat(store.load(acme).sessions())
                .extracting(kept -> kept.session())
                .usingRecursiveFieldByFieldElementComparator()
                .containsExactlyInAnyOrder(left(lost, NOW, lost.will()), here);
        assertThat(StoreFixture.get(store.store.tenantsWithWills().toCompletableFuture()))
                .contains(acme);
    }

    @Test
    void namesTenantsWhoseWillsAreDueAndNoOthers() {
        var globex = signUp("Globex").tenant().id();
        var due = before.session("due");
        var later = before.session("later");
        store.stored(acme, put(left(due, NOW.minusSeconds(31), will(30))));
        store.stored(globex, put(left(later, NOW.minusSeconds(29), will(30))));
        assertThat(StoreFixture.get(store.store.tenantsWithWills().toCompletableFuture()))
                .contains(acme)
                .doesNotContain(globex);
    }

    @Test
    void removesMessagesAndRetainedMessagesThatExpiredLongAgo() throws Exception {
        // given a message and a retained message that expired long ago, and one each that did a moment ago
        var session = before.session("boiler");
        var old = expiring(before.store.newId(), YESTERDAY);
        var recent = expiring(before.store.newId(), NOW.minusSeconds(60));
        before.stored(
                acme,
                put(session),
                queued(old, place(session, 1, old)),
                retained("plant/old", () -> new StoredRetained(expiring(0, YESTERDAY), "boiler")),
                retained("plant/recent", () -> new StoredRetained(expiring(0, NOW.minusSeconds(60)), "boiler")));
        before.stored(acme, queued(recent, place(session, 2, recent)));

        // when it is tidied, then the recent ones are left
        store.store.sweeper.sweep(Duration.ofHours(1));
        var tenant = store.load(acme);
        assertThat(tenant.messages()).extracting(StoredMessage::id).containsExactly(recent.id());
        assertThat(tenant.sessions().get(0).queue()).hasSize(1);
        assertThat(tenant.retained()).hasSize(1);
    }

    @Test
    void removesAllOfATenantThatWasDeleted() throws Exception {
        // given a tenant with everything that can be kept, which is deleted
        var session = before.session("boiler");
        var message = before.message("plant/a", "one");
        before.stored(
                acme,
                put(session),
                new SubscriptionPut(session.id(), subscription("plant/#", 1)),
                queued(message, place(session, 1, message)),
                retained("plant/a", () -> StoreFixture.retainedMessage("plant/a", "value")));
        jdbc.sql("delete from tenant where id = ?").param(acme.value()).update();

        // when it is tidied, then nothing of it is left
        store.store.sweeper.sweep(Duration.ZERO);
        for (var table :
                List.of("mqtt_session", "mqtt_subscription", "mqtt_journal", "mqtt_retained", "mqtt_received")) {
            assertThat(count(table)).as(table).isEqualTo(0);
        }
        assertThat(count("mqtt_tenant_deleted")).isEqualTo(0);

        // and nothing is stored for it any more
        store.stored(acme, put(session), retained("plant/a", () -> StoreFixture.retainedMessage("plant/a", "value")));
        assertThat(count("mqtt_session")).isEqualTo(0);
        assertThat(count("mqtt_retained")).isEqualTo(0);
    }
}
