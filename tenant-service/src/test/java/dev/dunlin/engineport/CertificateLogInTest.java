package dev.dunlin.engineport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.ServiceTest;
import dev.dunlin.account.SignedUp;
import dev.dunlin.credential.Certificates;
import dev.dunlin.credential.Credentials;
import dev.dunlin.engine.port.AccessChange;
import dev.dunlin.engine.port.AccessChange.CredentialRevoked;
import dev.dunlin.engine.port.AccessChange.CredentialRevoked.Why;
import dev.dunlin.engine.port.AccessChanges;
import dev.dunlin.engine.port.Admission;
import dev.dunlin.engine.port.Authenticator;
import dev.dunlin.engine.port.Login;
import dev.dunlin.engine.port.LoginAnswer;
import dev.dunlin.engine.port.LoginAnswer.Admitted;
import dev.dunlin.engine.port.LoginAnswer.Reason;
import dev.dunlin.engine.port.LoginAnswer.Refused;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.TestCertificate;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

class CertificateLogInTest extends ServiceTest {
    private static final String DEVICE = "my-first-device";

    @Autowired
    Authenticator authenticator;

    @Autowired
    AccessChanges accessChanges;

    @Autowired
    Certificates certificates;

    @Autowired
    Credentials credentials;

    @Autowired
    JdbcClient jdbc;

    private final TestCertificate mine = TestCertificate.named("boiler");
    private SignedUp acme;

    @BeforeEach
    void register() {
        acme = signUp("Acme");
        certificates.add(acme.tenant().id(), DEVICE, mine.pem());
    }

    private LoginAnswer login(@Nullable String userName, @Nullable String password, TestCertificate shown) {
        try {
            return authenticator
                    .authenticate(new Login(
                            "MQTT 5",
                            userName,
                            password == null ? null : password.getBytes(StandardCharsets.UTF_8),
                            "client",
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 50_000),
                            Transport.TLS,
                            shown.shown()))
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static void expect(LoginAnswer answer, Reason reason) {
        assertThat(answer)
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.reason()).isEqualTo(reason));
    }

    private static Admission admitted(LoginAnswer answer) {
        assertThat(answer).isInstanceOf(Admitted.class);
        return ((Admitted) answer).admission();
    }

    @Test
    void admitsTheBearerAsTheDeviceThatHasTheCertificate() {
        var admission = admitted(login(acme.credential().userName(), null, mine));
        assertThat(admission.tenant()).isEqualTo(acme.tenant().id());
        assertThat(admission.credentialName()).isEqualTo(DEVICE);
        // in force at once, though the tenant is in memory by now
        var next = TestCertificate.named("next");
        certificates.add(acme.tenant().id(), DEVICE, next.pem());
        admitted(login(acme.credential().userName(), null, next));
    }

    @Test
    void refusesOthersAndTellsTheTenant() {
        var userName = acme.credential().userName();
        var stranger = TestCertificate.named("boiler");
        assertThat(login(userName, null, stranger))
                .isEqualTo(new Refused(Reason.UNKNOWN_CERTIFICATE, acme.tenant().id(), DEVICE));
        expect(login(acme.tenant().slug() + ".nobody", null, mine), Reason.UNKNOWN_CREDENTIAL);
        expect(login("nobody-at-all.boiler", null, mine), Reason.BAD_USER_NAME_OR_PASSWORD);
        expect(login(acme.tenant().slug() + ".~live", null, mine), Reason.BAD_USER_NAME_OR_PASSWORD);
        // a password decides alone
        expect(login(userName, "wrong", mine), Reason.BAD_USER_NAME_OR_PASSWORD);
        expect(login(userName, "", mine), Reason.BAD_USER_NAME_OR_PASSWORD);
        admitted(login(userName, acme.credential().secret(), stranger));
    }

    @Test
    void looksAtTheValidityWithEachLogIn() {
        var now = Instant.now();
        var future = TestCertificate.valid("f", now.plus(Duration.ofDays(1)), now.plus(Duration.ofDays(2)));
        certificates.add(acme.tenant().id(), DEVICE, future.pem());
        expect(login(acme.credential().userName(), null, future), Reason.CERTIFICATE_NOT_YET_VALID);
        // given one that was registered in time and has expired since
        var past = TestCertificate.valid("p", now.minus(Duration.ofDays(2)), now.minus(Duration.ofDays(1)));
        jdbc.sql(
                        "insert into credential_certificate (tenant_id, fingerprint, credential_id, subject, not_before, not_after)"
                                + " values (?, ?, ?, 'CN=p', now(), now())")
                .params(
                        acme.tenant().id().value(),
                        past.fingerprint(),
                        acme.credential().credential().id().value())
                .update();
        expect(login(acme.credential().userName(), null, past), Reason.CERTIFICATE_EXPIRED);
    }

    @Test
    void saysMoreToTheBearerAsToWhoeverHasTheSecret() {
        credentials.setEnabled(acme.tenant().id(), DEVICE, false);
        await().atMost(Duration.ofSeconds(2))
                .untilAsserted(
                        () -> expect(login(acme.credential().userName(), null, mine), Reason.CREDENTIAL_DISABLED));
    }

    @Test
    void isNotDisturbedByAnotherTenantWithTheSameCertificate() {
        // given a tenant that has entered what is not his
        var thief = signUp("Thief");
        certificates.add(thief.tenant().id(), DEVICE, mine.pem());
        // when the device names its tenant, then it gets there, and the entry of the other is worth nothing to him
        assertThat(admitted(login(acme.credential().userName(), null, mine)).tenant())
                .isEqualTo(acme.tenant().id());
        // when it names none, then it is not handed to either
        expect(login(null, null, mine), Reason.BAD_USER_NAME_OR_PASSWORD);
        // when the other entry is gone, then it is clear whose it is
        certificates.remove(thief.tenant().id(), DEVICE, mine.fingerprint());
        await().atMost(Duration.ofSeconds(2))
                .untilAsserted(
                        () -> assertThat(admitted(login(null, null, mine)).tenant())
                                .isEqualTo(acme.tenant().id()));
    }

    @Test
    void findsTheDeviceWithoutAUserName() {
        assertThat(admitted(login(null, null, mine)).credentialName()).isEqualTo(DEVICE);
        assertThat(admitted(login("", null, mine)).tenant())
                .isEqualTo(acme.tenant().id());
        var unknown = TestCertificate.named("unknown");
        expect(login(null, null, unknown), Reason.BAD_USER_NAME_OR_PASSWORD);
        // once it is registered, it is known, asked for before or not
        certificates.add(acme.tenant().id(), DEVICE, unknown.pem());
        await().atMost(Duration.ofSeconds(2)).untilAsserted(() -> admitted(login(null, null, unknown)));
    }

    @Test
    void endsConnectionsWhenACertificateIsRemoved() {
        // given one who was admitted
        var heard = new CopyOnWriteArrayList<AccessChange>();
        var admission = admitted(login(acme.credential().userName(), null, mine));
        accessChanges.listen(change -> {
            if (change.tenant().equals(acme.tenant().id())) {
                heard.add(change);
            }
        });
        // when another certificate comes, then nothing is ended
        var next = TestCertificate.named("next");
        certificates.add(acme.tenant().id(), DEVICE, next.pem());
        admitted(login(acme.credential().userName(), null, next));
        assertThat(heard).isEmpty();
        assertThat(accessChanges.missedSince(admission)).isNull();
        // when the one it came with is removed
        certificates.remove(acme.tenant().id(), DEVICE, mine.fingerprint());
        // then the engine is told within a second, and who was admitted just before is told as well
        var revoked = new CredentialRevoked(acme.tenant().id(), admission.credential(), Why.ROTATED);
        await().pollInterval(Duration.ofMillis(10))
                .atMost(Duration.ofSeconds(1))
                .untilAsserted(() -> assertThat(heard).contains(revoked));
        assertThat(accessChanges.missedSince(admission)).isEqualTo(revoked);
        expect(login(acme.credential().userName(), null, mine), Reason.UNKNOWN_CERTIFICATE);
        assertThat(List.copyOf(heard)).filteredOn(revoked::equals).hasSize(1);
        assertThat(accessChanges.missedSince(admitted(login(acme.credential().userName(), null, next))))
                .isNull();
    }
}
