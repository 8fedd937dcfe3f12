package dev.dunlin.engineport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.ServiceTest;
import dev.dunlin.account.SignedUp;
import dev.dunlin.credential.Credentials;
import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Incidents;
import dev.dunlin.engine.port.MessageTap;
import dev.dunlin.engine.port.MessageTaps;
import dev.dunlin.engine.port.Presence;
import dev.dunlin.engine.port.TappedMessage;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.port.Usage;
import dev.dunlin.engine.port.UsageSample;
import dev.dunlin.feed.FeedEvent;
import dev.dunlin.feed.TenantFeed;
import dev.dunlin.incident.IncidentLog;
import dev.dunlin.incident.IncidentView;
import dev.dunlin.presence.PresenceBoard;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

class EngineEventsTest extends ServiceTest {
    private static final Duration TWO_SECONDS = Duration.ofSeconds(2);

    @Autowired
    Incidents incidents;

    @Autowired
    IncidentLog log;

    @Autowired
    Presence presence;

    @Autowired
    PresenceBoard board;

    @Autowired
    Usage usage;

    @Autowired
    MessageTaps taps;

    @Autowired
    TenantFeed feed;

    @Autowired
    Credentials credentials;

    @Autowired
    JdbcClient jdbc;

    private SignedUp acme;
    private SignedUp other;
    private TenantId tenant;
    private final List<FeedEvent> events = new CopyOnWriteArrayList<>();
    private final List<FeedEvent> othersEvents = new CopyOnWriteArrayList<>();

    @BeforeEach
    void twoTenants() {
        acme = signUp("Acme");
        other = signUp("Acme");
        tenant = acme.tenant().id();
    }

    /** That signing up was noticed may come late. */
    private void unlessFromSigningUp(FeedEvent event) {
        if (!(event instanceof FeedEvent.CredentialsChanged)) {
            events.add(event);
        }
    }

    private Incident refused(@Nullable TenantId whose, @Nullable String clientId, String topic) {
        return new Incident(
                Instant.now().truncatedTo(ChronoUnit.MICROS),
                Incident.Kind.PUBLISH,
                Incident.Reason.DENIED_BY_RULE,
                whose,
                "boiler",
                clientId,
                "192.0.2.7",
                topic,
                "deny publish private/#");
    }

    @Test
    void foldsRepetitionsOfAnIncidentAndTellsTheTenantAlone() {
        try (var mine = feed.subscribe(tenant, this::unlessFromSigningUp);
                var others = feed.subscribe(other.tenant().id(), othersEvents::add)) {
            // when a publish is refused three times, and another once
            for (int i = 0; i < 3; i++) {
                incidents.report(refused(tenant, "client", "private/a"));
            }
            await().atMost(TWO_SECONDS).until(() -> log.recent(tenant, 10).size() == 1);
            incidents.report(refused(tenant, "client", "private/a"));
            incidents.report(refused(tenant, null, "private/b"));

            // then there are two, the one counted, on the page and in the log
            await().atMost(TWO_SECONDS)
                    .untilAsserted(() -> assertThat(log.recent(tenant, 10))
                            .extracting(IncidentView::topic, IncidentView::count)
                            .containsExactlyInAnyOrder(
                                    org.assertj.core.groups.Tuple.tuple("private/a", 4L),
                                    org.assertj.core.groups.Tuple.tuple("private/b", 1L)));
            await().atMost(TWO_SECONDS)
                    .untilAsserted(() -> assertThat(events)
                            .contains(log.recent(tenant, 10).stream()
                                    .map(FeedEvent.Problem::new)
                                    .toArray(FeedEvent[]::new)));
            assertThat(log.recent(tenant, 1)).hasSize(1);
            assertThat(log.recent(other.tenant().id(), 10)).isEmpty();
            assertThat(othersEvents).allMatch(FeedEvent.CredentialsChanged.class::isInstance);

            // when they are cleared, then they are gone
            log.clear(tenant);
            assertThat(log.recent(tenant, 10)).isEmpty();
        }
    }

    @Test
    void keepsWhatNoDatabaseWouldTake() {
        var before = log.withoutTenant();
        incidents.report(refused(null, "client", "a"));
        incidents.report(refused(new TenantId(UUID.randomUUID()), "client", "a"));
        incidents.report(refused(tenant, "nul\0 and half \ud800", "\0".repeat(70_000)));

        await().atMost(TWO_SECONDS)
                .untilAsserted(() -> assertThat(log.recent(tenant, 10))
                        .singleElement()
                        .satisfies(incident -> {
                            assertThat(incident.topic()).hasSizeLessThan(1_100);
                            assertThat(incident.clientId()).doesNotContain("\0");
                            assertThat(incident.decidedBy()).isEqualTo("deny publish private/#");
                            assertThat(incident.remoteAddress()).isEqualTo("192.0.2.7");
                        }));
        assertThat(log.withoutTenant()).isEqualTo(before + 1);
    }

    @Test
    void oneTenantsFloodLeavesRoomForAnother() {
        // when one device invents client ids and another tenant has a single problem
        for (int i = 0; i < 30_000; i++) {
            incidents.report(refused(tenant, "client-" + i, "a"));
        }
        incidents.report(refused(other.tenant().id(), "client", "b"));

        // then that is there, and nothing of the flood went uncounted
        await().atMost(TWO_SECONDS)
                .untilAsserted(
                        () -> assertThat(log.recent(other.tenant().id(), 10)).hasSize(1));
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(log.recent(tenant, 10_000).stream()
                                .mapToLong(IncidentView::count)
                                .sum())
                        .isEqualTo(30_000));
        assertThat(log.recent(tenant, 10_000)).hasSizeLessThan(5_000);
    }

    private ConnectedClient client(long id, SignedUp whose) {
        return new ConnectedClient(
                id,
                whose.tenant().id(),
                whose.credential().credential().id(),
                "my-first-device",
                "client",
                "192.0.2.7",
                Transport.TCP,
                "MQTT 5",
                Instant.now());
    }

    @Test
    void showsWhoIsOnlineAndWhoWas() {
        try (var mine = feed.subscribe(tenant, this::unlessFromSigningUp);
                var others = feed.subscribe(other.tenant().id(), othersEvents::add)) {
            // when two clients of a device connect, and one goes
            var first = client(1, acme);
            var second = client(2, acme);
            presence.connected(first);
            presence.connected(second);
            presence.disconnected(first);

            // then
            assertThat(board.online(tenant)).containsExactly(second);
            assertThat(board.online(tenant, second.credential())).containsExactly(second);
            assertThat(board.online(tenant, new CredentialId(UUID.randomUUID())))
                    .isEmpty();
            assertThat(board.online(other.tenant().id())).isEmpty();
            await().untilAsserted(() -> assertThat(events)
                    .containsExactly(
                            new FeedEvent.Connected(first),
                            new FeedEvent.Connected(second),
                            new FeedEvent.Disconnected(first)));
            await().untilAsserted(() -> assertThat(credentials.list(tenant))
                    .singleElement()
                    .satisfies(device -> {
                        assertThat(device.online()).isTrue();
                        assertThat(device.connections()).isEqualTo(1);
                        assertThat(device.lastSeenAt()).isNotNull();
                    }));
            presence.disconnected(second);
            assertThat(board.online(tenant)).isEmpty();
            assertThat(board.tenantsOnline()).doesNotContain(tenant);
            assertThat(credentials
                            .find(other.tenant().id(), "my-first-device")
                            .orElseThrow()
                            .lastSeenAt())
                    .isNull();
            assertThat(othersEvents).allMatch(FeedEvent.CredentialsChanged.class::isInstance);
        }
    }

    @Test
    void addsUpUsageByTheMinute() {
        var device = acme.credential().credential().id();
        var sample = new UsageSample(tenant, device, 1, 10, 2, 20, 3);
        usage.record(List.of(sample, sample));
        usage.record(List.of(sample, new UsageSample(new TenantId(UUID.randomUUID()), device, 1, 1, 1, 1, 1)));
        await().atMost(Duration.ofSeconds(12))
                .untilAsserted(() -> assertThat(jdbc.sql(
                                        "select sum(messages_in), sum(bytes_in), sum(messages_out), sum(bytes_out), sum(refused)"
                                                + " from usage_minute where tenant_id = ? and credential_id = ?")
                                .params(tenant.value(), device.value())
                                .query((row, number) -> List.of(
                                        row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4), row.getLong(5)))
                                .single())
                        .containsExactly(3L, 30L, 6L, 60L, 9L));
    }

    private TappedMessage message(String topic) {
        return new TappedMessage(
                Instant.now(),
                tenant,
                acme.credential().credential().id(),
                "my-first-device",
                "client",
                topic,
                new byte[10],
                10,
                0,
                false);
    }

    @Test
    void asksTheEngineForMessagesWhileAPageWantsThem() {
        var turned = new AtomicReference<@Nullable MessageTap>();
        taps.listen((whose, tap) -> {
            if (whose.equals(tenant)) {
                turned.set(tap);
            }
        });
        // given a page that wants no messages
        var quiet = feed.subscribe(tenant, othersEvents::add);
        assertThat(taps.tapOf(tenant)).isNull();

        // when two want them and one goes
        var first = feed.subscribeWithMessages(tenant, this::unlessFromSigningUp);
        feed.subscribeWithMessages(tenant, event -> {}).close();

        // then they come, in order, to whoever asked
        var tap = turned.get();
        assertThat(tap).isNotNull().isSameAs(taps.tapOf(tenant));
        var messages = List.of(message("a"), message("b"), message("c"));
        messages.forEach(tap::accept);
        await().untilAsserted(() -> assertThat(events)
                .containsExactlyElementsOf(messages.stream()
                        .map(FeedEvent.Message::new)
                        .map(FeedEvent.class::cast)
                        .toList()));
        first.close();
        assertThat(turned.get()).isNull();
        assertThat(taps.tapOf(tenant)).isNull();
        tap.accept(message("late"));
        feed.publish(tenant, new FeedEvent.CredentialsChanged());
        await().untilAsserted(() ->
                assertThat(othersEvents).isNotEmpty().allMatch(FeedEvent.CredentialsChanged.class::isInstance));
        assertThat(events).hasSize(3);
        quiet.close();
    }

    @Test
    void aPageThatHangsLosesTheOldestAndHoldsNobodyUp() throws Exception {
        // given a page that does not take its first event
        var release = new CountDownLatch(1);
        var slow = new CopyOnWriteArrayList<FeedEvent>();
        try (var hanging = feed.subscribeWithMessages(tenant, event -> {
                    try {
                        release.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                    if (event instanceof FeedEvent.Message) {
                        slow.add(event);
                    }
                });
                var lively = feed.subscribeWithMessages(tenant, this::unlessFromSigningUp)) {
            var tap = taps.tapOf(tenant);
            assertThat(tap).isNotNull();

            // when much is published
            for (int i = 0; i < 2_000; i++) {
                tap.accept(message("t/" + i));
            }

            // then the other page has the last, and the hanging one has a bounded rest with the last in it
            var last = "t/1999";
            await().untilAsserted(() -> assertThat(topicsOf(events)).contains(last));
            release.countDown();
            await().untilAsserted(
                            () -> assertThat(topicsOf(slow)).contains(last).hasSizeLessThan(600));
        }
    }

    private static List<String> topicsOf(List<FeedEvent> all) {
        return all.stream()
                .map(event -> ((FeedEvent.Message) event).message().topic())
                .toList();
    }
}
