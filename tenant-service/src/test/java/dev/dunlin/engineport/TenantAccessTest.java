package dev.dunlin.engineport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.ServiceTest;
import dev.dunlin.account.SignedUp;
import dev.dunlin.credential.Credentials;
import dev.dunlin.credential.NewCredential;
import dev.dunlin.credential.Template;
import dev.dunlin.engine.port.AccessChange;
import dev.dunlin.engine.port.AccessChange.AccessReplaced;
import dev.dunlin.engine.port.AccessChange.CredentialRevoked;
import dev.dunlin.engine.port.AccessChange.CredentialRevoked.Why;
import dev.dunlin.engine.port.AccessChange.LimitsReplaced;
import dev.dunlin.engine.port.AccessChange.TenantDeleted;
import dev.dunlin.engine.port.AccessChange.TenantSuspended;
import dev.dunlin.engine.port.AccessChanges;
import dev.dunlin.engine.port.Admission;
import dev.dunlin.engine.port.Authenticator;
import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.Login;
import dev.dunlin.engine.port.LoginAnswer.Admitted;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.feed.FeedEvent;
import dev.dunlin.feed.TenantFeed;
import dev.dunlin.permission.NewPermission;
import dev.dunlin.permission.Permissions;
import dev.dunlin.presence.PresenceBoard;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

class TenantAccessTest extends ServiceTest {
    private static final Duration PROMISED = Duration.ofSeconds(1);

    @Autowired
    AccessChanges accessChanges;

    @Autowired
    Authenticator authenticator;

    @Autowired
    Credentials credentials;

    @Autowired
    Permissions permissions;

    @Autowired
    TenantFeed feed;

    @Autowired
    JdbcClient jdbc;

    @Autowired
    PlatformTransactionManager transactions;

    @Autowired
    SnapshotReader reader;

    @Autowired
    PresenceBoard presence;

    private final List<AccessChange> heard = new CopyOnWriteArrayList<>();
    private SignedUp acme;
    private TenantId tenant;
    private CredentialId device;
    private Admission admission;

    @BeforeEach
    void connect() throws Exception {
        acme = signUp("Acme");
        tenant = acme.tenant().id();
        device = acme.credential().credential().id();
        admission = admit(acme.credential().userName(), acme.credential().secret());
        accessChanges.listen(change -> {
            if (change.tenant().equals(tenant)) {
                heard.add(change);
            }
        });
        assertThat(accessChanges.missedSince(admission)).isNull();
    }

    private Admission admit(String userName, String secret) throws Exception {
        var answer = authenticator
                .authenticate(new Login(
                        "MQTT 5",
                        userName,
                        secret.getBytes(StandardCharsets.UTF_8),
                        "client",
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 50_000),
                        Transport.TCP))
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
        assertThat(answer).isInstanceOf(Admitted.class);
        return ((Admitted) answer).admission();
    }

    private void hears(AccessChange change) {
        await().pollInterval(Duration.ofMillis(10))
                .atMost(PROMISED)
                .untilAsserted(() -> assertThat(heard).contains(change));
    }

    private void execute(String sql, Object... parameters) {
        assertThat(jdbc.sql(sql).params(parameters).update()).isPositive();
    }

    @Test
    void tellsOfPermissionsThatCameAndWent() {
        // when a rule is added
        var rule = permissions.add(
                tenant, "my-first-device", new NewPermission(Effect.DENY, Action.PUBLISH, "private/#", 2, true));

        // then the engine hears all rules, and who was admitted just before learns it too
        await().atMost(PROMISED).untilAsserted(() -> assertThat(lastRules()).contains("deny publish private/#"));
        assertThat(accessChanges.missedSince(admission))
                .isInstanceOfSatisfying(
                        AccessReplaced.class,
                        replaced -> assertThat(replaced.access().rules()).hasSize(2));

        // when it is removed, then likewise
        permissions.remove(tenant, "my-first-device", rule.id());
        await().atMost(PROMISED).untilAsserted(() -> assertThat(lastRules()).containsExactly("allow all #"));
        assertThat(heard).allMatch(AccessReplaced.class::isInstance);
        assertThat(heard.stream()
                        .map(change -> ((AccessReplaced) change).access().version()))
                .isSorted()
                .doesNotHaveDuplicates();
    }

    private List<String> lastRules() {
        assertThat(heard).isNotEmpty();
        return ((AccessReplaced) heard.get(heard.size() - 1))
                .access().rules().stream().map(PermissionRule::asText).toList();
    }

    @Test
    void tellsOfRulesThatComeThroughAGroup() {
        // given a group with the device in it, made by an operator in SQL
        execute(
                "insert into credential_group (tenant_id, id, name) values (?, gen_random_uuid(), 'sensors')",
                tenant.value());
        execute(
                "insert into credential_group_member select tenant_id, ?, id from credential_group where tenant_id = ?",
                device.value(),
                tenant.value());

        // when the group gets a rule
        execute(
                "insert into permission (tenant_id, id, group_id, effect, action, topic_filter)"
                        + " select tenant_id, gen_random_uuid(), id, 'DENY', 'ALL', 'secret/#'"
                        + " from credential_group where tenant_id = ?",
                tenant.value());

        // then
        await().atMost(PROMISED)
                .untilAsserted(() -> assertThat(lastRules()).containsExactly("allow all #", "deny all secret/#"));
        assertThat(permissions.list(tenant, "my-first-device"))
                .anySatisfy(rule -> assertThat(rule.group()).isEqualTo("sensors"));

        // when the group goes, then its rule does
        execute("delete from credential_group where tenant_id = ?", tenant.value());
        await().atMost(PROMISED).untilAsserted(() -> assertThat(lastRules()).containsExactly("allow all #"));
    }

    @Test
    void cutsADeviceThatIsSwitchedOff() {
        credentials.setEnabled(tenant, "my-first-device", false);
        hears(new CredentialRevoked(tenant, device, Why.DISABLED));
        assertThat(accessChanges.missedSince(admission)).isEqualTo(new CredentialRevoked(tenant, device, Why.DISABLED));
    }

    @Test
    void cutsADeviceThatIsDeleted() {
        credentials.delete(tenant, "my-first-device");
        hears(new CredentialRevoked(tenant, device, Why.DELETED));
        assertThat(accessChanges.missedSince(admission)).isEqualTo(new CredentialRevoked(tenant, device, Why.DELETED));
    }

    @Test
    void cutsADeviceWhenItsSecretIsReplacedAtOnceAndNotWhenBothWork() throws Exception {
        // when rotated gently, then nothing is cut: a fence follows and comes alone
        credentials.rotate(tenant, "my-first-device", true);
        permissions.add(tenant, "my-first-device", new NewPermission(Effect.DENY, Action.ALL, "fence", 2, true));
        await().atMost(PROMISED).untilAsserted(() -> assertThat(lastRules()).contains("deny all fence"));
        assertThat(heard).noneMatch(CredentialRevoked.class::isInstance);

        // when rotated at once
        var issued = credentials.rotate(tenant, "my-first-device", false);

        // then whoever is connected goes, and whoever comes with the new secret stays
        hears(new CredentialRevoked(tenant, device, Why.ROTATED));
        assertThat(accessChanges.missedSince(admission)).isEqualTo(new CredentialRevoked(tenant, device, Why.ROTATED));
        assertThat(accessChanges.missedSince(admit(issued.userName(), issued.secret())))
                .isNull();
    }

    @Test
    void cutsADeviceAtTheMomentItExpires() throws Exception {
        // given a device that works for a moment longer
        var expiry = Instant.now().plusMillis(1_500);
        var brief = credentials.create(tenant, new NewCredential("brief", Template.EVERYTHING, null, null, expiry));
        admit(brief.userName(), brief.secret());

        // when its time has come, then it is cut, and not before
        await().pollInterval(Duration.ofMillis(10))
                .until(() -> heard.contains(
                        new CredentialRevoked(tenant, brief.credential().id(), Why.EXPIRED)));
        assertThat(Instant.now()).isBetween(expiry, expiry.plus(PROMISED));
    }

    @Test
    void tellsOfAPlanThatChangesAndOfAnotherPlan() {
        // when the tenant gets another plan
        execute("update tenant set plan_name = 'unlimited' where id = ?", tenant.value());
        // then
        hears(new LimitsReplaced(tenant, TenantLimits.NONE));
        assertThat(accessChanges.missedSince(admission)).isEqualTo(new LimitsReplaced(tenant, TenantLimits.NONE));

        // when the limits of a plan change
        execute("insert into plan (name, connections) values (?, 7)", "plan-" + tenant);
        execute("update tenant set plan_name = ? where id = ?", "plan-" + tenant, tenant.value());
        await().atMost(PROMISED)
                .untilAsserted(() -> assertThat(lastLimits().connections()).isEqualTo(7));
        execute("update plan set connections = 8 where name = ?", "plan-" + tenant);
        // then
        await().atMost(PROMISED)
                .untilAsserted(() -> assertThat(lastLimits().connections()).isEqualTo(8));
    }

    private TenantLimits lastLimits() {
        return ((LimitsReplaced) heard.get(heard.size() - 1)).limits();
    }

    @Test
    void tellsOfATenantThatIsSuspendedOrDeleted() {
        execute("update tenant set suspended = true where id = ?", tenant.value());
        hears(new TenantSuspended(tenant));
        assertThat(accessChanges.missedSince(admission)).isEqualTo(new TenantSuspended(tenant));
        execute("delete from tenant where id = ?", tenant.value());
        hears(new TenantDeleted(tenant));
        assertThat(accessChanges.missedSince(admission)).isNotNull();
    }

    @Test
    void cutsThePageOfAMemberWhoIsRemoved() {
        execute(
                "delete from membership where tenant_id = ? and account_id = ?",
                tenant.value(),
                acme.account().id().value());
        hears(new CredentialRevoked(tenant, new CredentialId(acme.account().id().value()), Why.DELETED));
    }

    @Test
    void findsWhatChangedWhileItsConnectionWasGone() {
        // when a device is switched off without a notification, and then the listening connection is cut
        new TransactionTemplate(transactions).executeWithoutResult(status -> {
            jdbc.sql("set local session_replication_role = replica").update();
            execute("update credential set enabled = false where id = ?", device.value());
        });
        jdbc.sql("select pg_terminate_backend(pid) from pg_stat_activity"
                        + " where application_name = 'dunlin access listener'")
                .query(row -> {});

        // then it is found when the connection is back
        hears(new CredentialRevoked(tenant, device, Why.DISABLED));
    }

    @Test
    void letsGoOfTenantsWithoutConnectionsWhenThereIsNoRoom() throws Exception {
        // given room for one tenant of one device, and three in memory, the first of them online
        var small = new TenantAccess(reader, presence, feed, Clock.systemUTC(), 2, 0);
        try {
            var bravo = signUp("Bravo");
            var charlie = signUp("Charlie");
            var client = new ConnectedClient(
                    1, tenant, device, "my-first-device", "c", "192.0.2.7", Transport.TCP, "MQTT 5", Instant.now());
            presence.add(client);
            for (var one : List.of(acme, bravo, charlie)) {
                assertThat(small.find(one.tenant().slug()).get(10, TimeUnit.SECONDS))
                        .isPresent();
            }

            // when room is made, then the one online stays, and whoever comes later is found again
            small.makeRoom();
            presence.remove(client);
            assertThat(small.isInMemory(tenant)).isTrue();
            assertThat(small.isInMemory(bravo.tenant().id())).isFalse();
            assertThat(small.isInMemory(charlie.tenant().id())).isFalse();
            assertThat(small.find(bravo.tenant().slug()).get(10, TimeUnit.SECONDS))
                    .isPresent();
        } finally {
            small.destroy();
        }
    }

    @Test
    void tellsPagesThatSomethingHasChanged() {
        var events = new CopyOnWriteArrayList<FeedEvent>();
        try (var ignored = feed.subscribe(tenant, events::add)) {
            credentials.create(tenant, new NewCredential("boiler", Template.NOTHING, null, null, null));
            await().atMost(PROMISED)
                    .untilAsserted(() -> assertThat(events).contains(new FeedEvent.CredentialsChanged()));
        }
    }
}
