package dev.dunlin.engineport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.dunlin.ServiceTest;
import dev.dunlin.account.SignedUp;
import dev.dunlin.credential.Credentials;
import dev.dunlin.credential.NewCredential;
import dev.dunlin.credential.Template;
import dev.dunlin.engine.port.Authenticator;
import dev.dunlin.engine.port.Login;
import dev.dunlin.engine.port.LoginAnswer;
import dev.dunlin.engine.port.LoginAnswer.Admitted;
import dev.dunlin.engine.port.LoginAnswer.Reason;
import dev.dunlin.engine.port.LoginAnswer.Refused;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.live.LiveTokens;
import dev.dunlin.tenant.AccountId;
import dev.dunlin.tenant.Role;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

class TenantAuthenticatorTest extends ServiceTest {
    @Autowired
    Authenticator authenticator;

    @Autowired
    Credentials credentials;

    @Autowired
    LiveTokens liveTokens;

    @Autowired
    JdbcClient jdbc;

    private LoginAnswer login(@Nullable String userName, @Nullable String password) {
        return login(userName, password, "client");
    }

    private LoginAnswer login(@Nullable String userName, @Nullable String password, String clientId) {
        try {
            return authenticator
                    .authenticate(new Login(
                            "MQTT 5",
                            userName,
                            password == null ? null : password.getBytes(StandardCharsets.UTF_8),
                            clientId,
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 50_000),
                            Transport.TCP))
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private void expect(LoginAnswer answer, Reason reason) {
        assertThat(answer)
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.reason()).isEqualTo(reason));
    }

    @Test
    void admitsWhoeverHasTheSecret() {
        var acme = signUp("Acme");
        var answer = login(acme.credential().userName(), acme.credential().secret());
        assertThat(answer).isInstanceOfSatisfying(Admitted.class, admitted -> {
            var admission = admitted.admission();
            assertThat(admission.tenant()).isEqualTo(acme.tenant().id());
            assertThat(admission.tenantSlug()).isEqualTo(acme.tenant().slug());
            assertThat(admission.credentialName()).isEqualTo("my-first-device");
            assertThat(admission.credential())
                    .isEqualTo(acme.credential().credential().id());
            assertThat(admission.access().rules())
                    .extracting(PermissionRule::asText)
                    .containsExactly("allow all #");
            assertThat(admission.limits().connections()).isEqualTo(100);
            assertThat(admission.validUntil()).isNull();
        });
    }

    @Test
    void tellsTheTenantWhatTheClientIsNotTold() {
        var acme = signUp("Acme");
        var other = signUp("Acme");
        var slug = acme.tenant().slug();

        assertThat(login(slug + ".my-first-device", "wrong"))
                .isEqualTo(new Refused(
                        Reason.BAD_USER_NAME_OR_PASSWORD, acme.tenant().id(), "my-first-device"));
        assertThat(login(slug + ".no.body", "wrong"))
                .isEqualTo(new Refused(Reason.UNKNOWN_CREDENTIAL, acme.tenant().id(), "no.body"));
        assertThat(login("nobody-at-all.boiler", "wrong"))
                .isEqualTo(new Refused(Reason.BAD_USER_NAME_OR_PASSWORD, null, "boiler"));
        // The other tenant's device of the same name has another secret
        expect(login(slug + ".my-first-device", other.credential().secret()), Reason.BAD_USER_NAME_OR_PASSWORD);
        expect(login(slug + ".my-first-device", null), Reason.BAD_USER_NAME_OR_PASSWORD);
        expect(login(slug + ".my-first-device", ""), Reason.BAD_USER_NAME_OR_PASSWORD);
        for (var userName : new @Nullable String[] {
            null, "", ".", "..", slug, slug + ".", ".my-first-device", "A" + slug + ".x", "a b.c", "\0.\0", "%.%"
        }) {
            var answer = login(userName, acme.credential().secret());
            assertThat(answer).isInstanceOf(Refused.class);
        }
        expect(login(null, null), Reason.BAD_USER_NAME_OR_PASSWORD);
        expect(login("", "x"), Reason.BAD_USER_NAME_OR_PASSWORD);
    }

    @Test
    void refusesKnownAndUnknownAtTheSameTime() {
        // given a tenant in memory
        var acme = signUp("Acme");
        login(acme.credential().userName(), acme.credential().secret());

        // when a wrong secret, an unknown credential, a tenant unheard of, one asked for before, and nothing are tried
        var wrong = leastMilliseconds(() -> acme.credential().userName());
        for (Supplier<String> userName : List.<Supplier<String>>of(
                () -> acme.tenant().slug() + ".nobody",
                () -> "unheard-" + short8() + ".x",
                () -> "asked-before.x",
                () -> "")) {
            // then each takes two steps, as the wrong secret does
            assertThat(leastMilliseconds(userName)).isCloseTo(wrong, within(50L));
        }
        assertThat(wrong).isGreaterThanOrEqualTo(2 * EvenRefusals.STEP_MILLISECONDS - 1);
    }

    /** Of several tries, since a busy machine only ever adds. */
    private long leastMilliseconds(Supplier<String> userName) {
        return LongStream.range(0, 6)
                .map(i -> milliseconds(userName.get()))
                .min()
                .orElseThrow();
    }

    private static String short8() {
        return UUID.randomUUID().toString().substring(0, 8);
    }

    private long milliseconds(String userName) {
        long began = System.nanoTime();
        assertThat(login(userName, "wrong")).isInstanceOf(Refused.class);
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
    }

    @Test
    void saysMoreOnlyToWhoeverHasTheSecret() {
        var acme = signUp("Acme");
        var tenant = acme.tenant().id();
        var bound = credentials.create(tenant, new NewCredential("bound", Template.EVERYTHING, null, "client-7", null));
        var late = credentials.create(
                tenant,
                new NewCredential(
                        "late", Template.EVERYTHING, null, null, Instant.now().minus(1, ChronoUnit.HOURS)));
        var off = credentials.create(tenant, new NewCredential("off", Template.EVERYTHING, null, null, null));
        credentials.setEnabled(tenant, "off", false);

        expect(login(bound.userName(), bound.secret(), "other"), Reason.CLIENT_ID_NOT_ALLOWED);
        expect(login(bound.userName(), bound.secret(), ""), Reason.CLIENT_ID_NOT_ALLOWED);
        assertThat(login(bound.userName(), bound.secret(), "client-7")).isInstanceOf(Admitted.class);
        expect(login(late.userName(), late.secret()), Reason.CREDENTIAL_EXPIRED);
        expect(login(off.userName(), off.secret()), Reason.CREDENTIAL_DISABLED);
        for (var one : List.of(bound, late, off)) {
            expect(login(one.userName(), "wrong"), Reason.BAD_USER_NAME_OR_PASSWORD);
        }
        suspend(acme);
        expectSoon(off.userName(), off.secret(), Reason.TENANT_SUSPENDED);
        expect(login(off.userName(), "wrong"), Reason.BAD_USER_NAME_OR_PASSWORD);
    }

    private void suspend(SignedUp acme) {
        jdbc.sql("update tenant set suspended = true where id = ?")
                .param(acme.tenant().id().value())
                .update();
    }

    private void expectSoon(String userName, String secret, Reason reason) {
        await().atMost(Duration.ofSeconds(2)).untilAsserted(() -> expect(login(userName, secret), reason));
    }

    @Test
    void takesTheOldSecretBesideTheNewOneForADay() {
        var acme = signUp("Acme");
        var tenant = acme.tenant().id();
        var first = acme.credential();
        login(first.userName(), first.secret());

        // when it is rotated gently, both work
        var second = credentials.rotate(tenant, "my-first-device", true);
        await().untilAsserted(() ->
                assertThat(login(first.userName(), second.secret())).isInstanceOf(Admitted.class));
        assertThat(login(first.userName(), first.secret())).isInstanceOf(Admitted.class);

        // when the day is over, the old one does not
        jdbc.sql("update credential_secret set expires_at = now() where expires_at is not null and tenant_id = ?")
                .param(tenant.value())
                .update();
        expectSoon(first.userName(), first.secret(), Reason.CREDENTIAL_EXPIRED);
        assertThat(login(first.userName(), second.secret())).isInstanceOf(Admitted.class);

        // when it is rotated at once, only the newest does
        var third = credentials.rotate(tenant, "my-first-device", false);
        expectSoon(first.userName(), second.secret(), Reason.BAD_USER_NAME_OR_PASSWORD);
        assertThat(login(first.userName(), third.secret())).isInstanceOf(Admitted.class);
    }

    @Test
    void admitsADeviceThatWasMadeThisVeryMoment() {
        // given a tenant in memory
        var acme = signUp("Acme");
        login(acme.credential().userName(), acme.credential().secret());

        for (int i = 0; i < 20; i++) {
            // when a device is made, and logs in before anybody was told of it, then it gets in
            var made = credentials.create(
                    acme.tenant().id(), new NewCredential("device-" + i, Template.EVERYTHING, null, null, null));
            assertThat(login(made.userName(), made.secret())).isInstanceOf(Admitted.class);
        }
    }

    @Test
    void findsATenantThatWasUnknownAMomentBefore() {
        // given a slug that was asked for before it existed
        var slug = "acme-" + short8();
        expect(login(slug + ".my-first-device", "x"), Reason.BAD_USER_NAME_OR_PASSWORD);

        // when it is made
        var acme = signUp(slug);
        assertThat(acme.tenant().slug()).isEqualTo(slug);

        // then its device gets in
        await().atMost(Duration.ofSeconds(1))
                .untilAsserted(() -> assertThat(login(
                                acme.credential().userName(), acme.credential().secret()))
                        .isInstanceOf(Admitted.class));
    }

    @Test
    void admitsAPageWithALiveTokenOnly() {
        var acme = signUp("Acme");
        var other = signUp("Acme");
        var tenant = acme.tenant().id();
        var token = liveTokens.issue(tenant, acme.account().id(), Role.OPERATOR);

        assertThat(token.userName()).startsWith(acme.tenant().slug() + ".~");
        assertThat(token.connectBefore()).isCloseTo(Instant.now().plusSeconds(60), within(5, ChronoUnit.SECONDS));
        assertThat(login(token.userName(), token.password())).isInstanceOfSatisfying(Admitted.class, admitted -> {
            var admission = admitted.admission();
            assertThat(admission.tenant()).isEqualTo(tenant);
            assertThat(admission.access().rules())
                    .extracting(PermissionRule::asText)
                    .containsExactly("allow subscribe #", "allow subscribe $SYS/#", "allow publish #");
            assertThat(admission.validUntil())
                    .isCloseTo(Instant.now().plusSeconds(15 * 60), within(5, ChronoUnit.SECONDS));
        });
        var viewer = liveTokens.issue(tenant, acme.account().id(), Role.VIEWER);
        assertThat(login(viewer.userName(), viewer.password()))
                .isInstanceOfSatisfying(
                        Admitted.class,
                        admitted -> assertThat(admitted.admission().access().rules())
                                .extracting(PermissionRule::action)
                                .doesNotContain(PermissionRule.Action.PUBLISH, PermissionRule.Action.ALL));

        // A token is good for its tenant, its account and as it was issued
        var elsewhere =
                token.userName().replace(acme.tenant().slug(), other.tenant().slug());
        expect(login(elsewhere, token.password()), Reason.BAD_USER_NAME_OR_PASSWORD);
        expect(login(token.userName(), viewer.password().replace("VIEWER", "OWNER")), Reason.BAD_USER_NAME_OR_PASSWORD);
        expect(login(token.userName(), ""), Reason.BAD_USER_NAME_OR_PASSWORD);
        expect(login(acme.tenant().slug() + ".~other", token.password()), Reason.BAD_USER_NAME_OR_PASSWORD);
        expect(login(acme.credential().userName(), token.password()), Reason.BAD_USER_NAME_OR_PASSWORD);
        var stranger = liveTokens.issue(tenant, new AccountId(UUID.randomUUID()), Role.OWNER);
        expect(login(token.userName(), stranger.password()), Reason.BAD_USER_NAME_OR_PASSWORD);
    }
}
