package dev.dunlin.engineport;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.dunlin.ServiceTest;
import dev.dunlin.account.SignedUp;
import dev.dunlin.credential.Credentials;
import dev.dunlin.credential.NewCredential;
import dev.dunlin.credential.Template;
import dev.dunlin.engine.port.EnhancedAuthentication;
import dev.dunlin.engine.port.EnhancedAuthentication.Exchange;
import dev.dunlin.engine.port.EnhancedAuthentication.Step;
import dev.dunlin.engine.port.Login;
import dev.dunlin.engine.port.LoginAnswer;
import dev.dunlin.engine.port.LoginAnswer.Admitted;
import dev.dunlin.engine.port.LoginAnswer.Reason;
import dev.dunlin.engine.port.LoginAnswer.Refused;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.Scram;
import dev.dunlin.provisioning.Provisioning;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

class ScramAuthenticationTest extends ServiceTest {
    private static final String DEVICE = "my-first-device";

    @Autowired
    EnhancedAuthentication authentication;

    @Autowired
    Credentials credentials;

    @Autowired
    Provisioning provisioning;

    @Autowired
    JdbcClient jdbc;

    private SignedUp acme;
    private String userName;
    private String secret;

    @BeforeEach
    void makeTenant() {
        acme = signUp("Acme");
        userName = acme.credential().userName();
        secret = acme.credential().secret();
    }

    private Exchange begin(@Nullable String connectUserName) {
        return Objects.requireNonNull(authentication.begin(
                Scram.METHOD,
                new Login(
                        "MQTT 5",
                        connectUserName,
                        null,
                        "client",
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 50_000),
                        Transport.TCP)));
    }

    private static Step next(Exchange exchange, byte @Nullable [] data) {
        try {
            return exchange.next(data).toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] challenge(Step step) {
        assertThat(step).isInstanceOf(Step.Continue.class);
        return ((Step.Continue) step).data();
    }

    private static Step.Done done(Step step) {
        assertThat(step).isInstanceOf(Step.Done.class);
        return (Step.Done) step;
    }

    private LoginAnswer login(String userName, String secret) {
        var scram = new Scram(userName, secret);
        var exchange = begin(null);
        var done = done(next(exchange, scram.last(challenge(next(exchange, scram.first())))));
        var data = done.data();
        if (done.answer() instanceof Admitted) {
            assertThat(data != null && scram.isServerKnown(data)).isTrue();
        } else {
            assertThat(data).isNull();
        }
        return done.answer();
    }

    private static void expect(LoginAnswer answer, Reason reason) {
        assertThat(answer)
                .isInstanceOfSatisfying(
                        Refused.class, refused -> assertThat(refused.reason()).isEqualTo(reason));
    }

    private String saltFor(String userName) {
        var first = new String(challenge(next(begin(null), new Scram(userName, "").first())), UTF_8);
        var fields = first.split(",");
        assertThat(fields).hasSize(3);
        assertThat(fields[2]).isEqualTo("i=4096");
        assertThat(Base64.getDecoder().decode(fields[1].substring(2))).hasSize(16);
        return fields[1];
    }

    @Test
    void admitsWhoeverHasTheSecretAndProvesItselfToHim() {
        assertThat(login(userName, secret)).isInstanceOfSatisfying(Admitted.class, admitted -> {
            assertThat(admitted.admission().tenant()).isEqualTo(acme.tenant().id());
            assertThat(admitted.admission().credentialName()).isEqualTo(DEVICE);
        });
        assertThat(authentication.begin(
                        "SCRAM-SHA-1", new Login("MQTT 5", null, null, "c", new InetSocketAddress(0), Transport.TCP)))
                .isNull();
    }

    @Test
    void refusesOthersAndTellsTheTenant() {
        assertThat(login(userName, "wrong"))
                .isEqualTo(new Refused(
                        Reason.BAD_USER_NAME_OR_PASSWORD, acme.tenant().id(), DEVICE));
        expect(login(acme.tenant().slug() + ".nobody", secret), Reason.UNKNOWN_CREDENTIAL);
        expect(login("nobody-at-all.boiler", secret), Reason.BAD_USER_NAME_OR_PASSWORD);
        expect(login("nothing", secret), Reason.BAD_USER_NAME_OR_PASSWORD);
        expect(login("a,b=c.\u00e9", secret), Reason.BAD_USER_NAME_OR_PASSWORD);
        credentials.setEnabled(acme.tenant().id(), DEVICE, false);
        await().atMost(Duration.ofSeconds(2))
                .untilAsserted(() -> expect(login(userName, secret), Reason.CREDENTIAL_DISABLED));
        expect(login(userName, "wrong"), Reason.BAD_USER_NAME_OR_PASSWORD);
    }

    @Test
    void challengesWhomNobodyKnowsAsItDoesOthers() {
        var unknown = List.of(acme.tenant().slug() + ".nobody", "nobody-at-all.boiler", "nothing");
        for (var name : unknown) {
            // always the same salt, and another for each
            assertThat(saltFor(name)).isEqualTo(saltFor(name)).isNotEqualTo(saltFor(name + "x"));
        }
        assertThat(saltFor(userName)).isEqualTo(saltFor(userName));
        // and no sooner or later; of several tries, since a busy machine only ever adds
        long known = leastMilliseconds(userName);
        for (var name : unknown) {
            assertThat(leastMilliseconds(name)).isCloseTo(known, within(50L));
        }
        assertThat(known).isGreaterThanOrEqualTo(EvenRefusals.STEP_MILLISECONDS - 1);
    }

    private long leastMilliseconds(String name) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            long began = System.nanoTime();
            saltFor(name);
            least = Math.min(least, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
        }
        return least;
    }

    @Test
    void takesTheOldSecretBesideTheNewOne() {
        var second = credentials.rotate(acme.tenant().id(), DEVICE, true);
        assertThat(login(userName, second.secret())).isInstanceOf(Admitted.class);
        assertThat(login(userName, secret)).isInstanceOf(Admitted.class);
        var third = credentials.rotate(acme.tenant().id(), DEVICE, false);
        assertThat(login(userName, third.secret())).isInstanceOf(Admitted.class);
        expect(login(userName, second.secret()), Reason.BAD_USER_NAME_OR_PASSWORD);
    }

    @Test
    void admitsADeviceThatWasMadeThisVeryMoment() {
        login(userName, secret);
        for (int i = 0; i < 5; i++) {
            var made = credentials.create(
                    acme.tenant().id(), new NewCredential("device-" + i, Template.EVERYTHING, null, null, null));
            assertThat(login(made.userName(), made.secret())).isInstanceOf(Admitted.class);
        }
    }

    @Test
    void saysThatASecretFromBeforeHasToBeRotated() {
        // given a secret that was made before this was known
        jdbc.sql("update credential_secret set scram_salt = null, scram_iterations = null, scram_stored_key = null,"
                        + " scram_server_key = null where tenant_id = ?")
                .param(acme.tenant().id().value())
                .update();
        await().atMost(Duration.ofSeconds(2))
                .untilAsserted(() -> expect(login(userName, secret), Reason.SECRET_WITHOUT_SCRAM));
        // when it is rotated
        var fresh = credentials.rotate(acme.tenant().id(), DEVICE, true);
        // then the new one works, and the salt has not told anybody
        assertThat(login(userName, fresh.secret())).isInstanceOf(Admitted.class);
    }

    @Test
    void takesSecretsThatAFileBringsUnlessAPersonHasChosenThem(@TempDir Path directory) throws Exception {
        var slug = "acme-" + UUID.randomUUID().toString().substring(0, 8);
        provisioning.apply(Files.writeString(directory.resolve("dunlin.yaml"), """
                tenants:
                  - slug: %s
                    credentials:
                      - { name: chosen, secret: "kurz & gut: \u00fcber" }
                      - { name: generated, secret: "0123456789abcdef0123456789abcdef" }
                """.formatted(slug)));
        expect(login(slug + ".chosen", "kurz & gut: \u00fcber"), Reason.SECRET_WITHOUT_SCRAM);
        assertThat(login(slug + ".generated", "0123456789abcdef0123456789abcdef"))
                .isInstanceOf(Admitted.class);
        expect(login(slug + ".generated", "another 123456789abcdef0123456789"), Reason.BAD_USER_NAME_OR_PASSWORD);
    }

    @Test
    void wantsTheUserNameOfTheConnectIfThereIsOne() {
        var scram = new Scram(userName, secret);
        for (var same : new @Nullable String[] {userName, "", null}) {
            challenge(next(begin(same), scram.first()));
        }
        expect(
                done(next(begin(acme.tenant().slug() + ".other"), scram.first()))
                        .answer(),
                Reason.AUTHENTICATION_DATA_INVALID);
    }

    @Test
    void refusesWhatIsNotOfTheForm() {
        assertThat(next(begin(null), ("y,,n=" + userName + ",r=abc,x=more").getBytes(UTF_8)))
                .isInstanceOf(Step.Continue.class);
        for (var first : new @Nullable String[] {
            null,
            "",
            "n,,",
            "n=" + userName + ",r=abc",
            "p=tls-unique,,n=" + userName + ",r=abc",
            "p=tls-exporter,,n=" + userName + ",r=abc",
            "n,a=admin,n=" + userName + ",r=abc",
            "n,,m=must,n=" + userName + ",r=abc",
            "n,,n=" + userName,
            "n,,n=" + userName + ",r=",
            "n,,n=,r=abc",
            "n,,n=a=b,r=abc",
            "n,,n=a=2cb,r=abc",
            "n,,n=" + userName + ",r=a c",
            "n,,n=" + userName + ",r=" + "x".repeat(257),
            "n,,n=" + "x".repeat(1_100) + ",r=abc",
        }) {
            var step = next(begin(null), first == null ? null : first.getBytes(UTF_8));
            assertThat(step).as("%s", first).isInstanceOf(Step.Done.class);
            expect(done(step).answer(), Reason.AUTHENTICATION_DATA_INVALID);
        }
        expect(
                done(next(begin(null), new byte[] {'n', ',', ',', 'n', '=', (byte) 0xC0, ',', 'r', '=', 'a'}))
                        .answer(),
                Reason.AUTHENTICATION_DATA_INVALID);
    }

    @Test
    void refusesAProofForAnotherChallenge() {
        var scram = new Scram(userName, secret);
        var exchange = begin(null);
        var last = new String(scram.last(challenge(next(exchange, scram.first()))), UTF_8);
        for (var spoilt : List.of(
                "",
                last.replace("c=biws", "c=eSws"),
                last.replace("c=biws", "c=!"),
                last.replace("r=", "r=x"),
                last.substring(0, last.indexOf(",p=")),
                last.substring(0, last.length() - 8),
                last + ",x=y",
                "m=must," + last)) {
            var other = begin(null);
            challenge(next(other, scram.first()));
            expect(done(next(other, spoilt.getBytes(UTF_8))).answer(), Reason.AUTHENTICATION_DATA_INVALID);
        }
        // the very message that was right, to a later challenge
        var replayed = begin(null);
        challenge(next(replayed, scram.first()));
        expect(done(next(replayed, last.getBytes(UTF_8))).answer(), Reason.AUTHENTICATION_DATA_INVALID);
    }
}
