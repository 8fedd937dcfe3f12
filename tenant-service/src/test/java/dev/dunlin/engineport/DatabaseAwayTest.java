package dev.dunlin.engineport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.TestApplication;
import dev.dunlin.TestDatabase;
import dev.dunlin.account.Accounts;
import dev.dunlin.account.NewAccount;
import dev.dunlin.account.SignedUp;
import dev.dunlin.credential.Credentials;
import dev.dunlin.database.DatabasePulse;
import dev.dunlin.database.EmbeddedPostgres;
import dev.dunlin.engine.port.Authenticator;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Incidents;
import dev.dunlin.engine.port.Login;
import dev.dunlin.engine.port.LoginAnswer;
import dev.dunlin.engine.port.LoginAnswer.Admitted;
import dev.dunlin.engine.port.LoginAnswer.Reason;
import dev.dunlin.engine.port.LoginAnswer.Refused;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.incident.IncidentLog;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** With a database of its own in a data directory, as Dunlin starts by default. */
class DatabaseAwayTest {
    @TempDir
    Path directory;

    @BeforeEach
    void prepare() {
        TestDatabase.prepare(directory);
    }

    private ConfigurableApplicationContext start() {
        return new SpringApplicationBuilder(TestApplication.class)
                .web(WebApplicationType.NONE)
                .run("--dunlin.data-dir=" + directory, "--spring.main.banner-mode=off");
    }

    private static LoginAnswer login(ConfigurableApplicationContext dunlin, String userName, String secret) {
        try {
            return dunlin.getBean(Authenticator.class)
                    .authenticate(new Login(
                            "MQTT 5",
                            userName,
                            secret.getBytes(StandardCharsets.UTF_8),
                            "client",
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 50_000),
                            Transport.TCP))
                    .toCompletableFuture()
                    .get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static SignedUp signUp(ConfigurableApplicationContext dunlin, String workspace) {
        return dunlin.getBean(Accounts.class)
                .signUp(new NewAccount(workspace + "@example.com", "a long passphrase", workspace));
    }

    @Test
    void goesOnForThoseItKnowsAndLetsNobodyElseIn() {
        try (var dunlin = start()) {
            // given a tenant that was seen lately and one that was not, and no database
            var seen = signUp(dunlin, "seen");
            var unseen = signUp(dunlin, "unseen");
            assertThat(login(
                            dunlin,
                            seen.credential().userName(),
                            seen.credential().secret()))
                    .isInstanceOf(Admitted.class);
            dunlin.getBean(EmbeddedPostgres.class).close();
            await().until(() -> !dunlin.getBean(DatabasePulse.class).isAnswering());

            // then the one gets in with its secret alone
            assertThat(login(
                            dunlin,
                            seen.credential().userName(),
                            seen.credential().secret()))
                    .isInstanceOf(Admitted.class);

            // and all others hear that nobody can say, whatever is in memory: it may have changed since
            var slug = seen.tenant().slug();
            for (var userName : new String[] {slug + ".my-first-device", slug + ".nobody"}) {
                assertThat(login(dunlin, userName, "wrong"))
                        .isInstanceOfSatisfying(
                                Refused.class,
                                refused -> assertThat(refused.reason()).isEqualTo(Reason.UNAVAILABLE));
            }
            for (var userName : new String[] {unseen.credential().userName(), "nobody.here"}) {
                assertThat(login(dunlin, userName, unseen.credential().secret()))
                        .isEqualTo(new Refused(Reason.UNAVAILABLE, null, null));
            }
        }
    }

    @Test
    void catchesUpWhenTheDatabaseIsBackAndKeepsAllAcrossAStart() throws Exception {
        SignedUp acme;
        try (var dunlin = start()) {
            // given a device that is known
            var made = signUp(dunlin, "acme");
            acme = made;
            assertThat(login(
                            dunlin,
                            made.credential().userName(),
                            made.credential().secret()))
                    .isInstanceOf(Admitted.class);

            // when the server is killed, something is refused meanwhile, and the server comes back
            var pid = serverPid();
            new ProcessBuilder("sh", "-c", "kill -KILL " + pid).start().waitFor();
            dunlin.getBean(Incidents.class)
                    .report(new Incident(
                            Instant.now(),
                            Incident.Kind.CONNECT,
                            Incident.Reason.WRONG_SECRET,
                            made.tenant().id(),
                            "boiler",
                            null,
                            null,
                            null,
                            null));

            // then what waited is written, and changes are heard again
            await().atMost(Duration.ofSeconds(30))
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(dunlin.getBean(IncidentLog.class)
                                    .recent(made.tenant().id(), 10))
                            .hasSize(1));
            dunlin.getBean(Credentials.class).setEnabled(made.tenant().id(), "my-first-device", false);
            await().atMost(Duration.ofSeconds(5))
                    .untilAsserted(() -> assertThat(login(
                                    dunlin,
                                    made.credential().userName(),
                                    made.credential().secret()))
                            .isInstanceOfSatisfying(
                                    Refused.class,
                                    refused -> assertThat(refused.reason()).isEqualTo(Reason.CREDENTIAL_DISABLED)));
        }

        // when all is started again, then all is there
        try (var dunlin = start()) {
            assertThat(dunlin.getBean(Accounts.class).find(acme.account().id())).contains(acme.account());
            assertThat(login(
                            dunlin,
                            acme.credential().userName(),
                            acme.credential().secret()))
                    .isInstanceOfSatisfying(
                            Refused.class,
                            refused -> assertThat(refused.reason()).isEqualTo(Reason.CREDENTIAL_DISABLED));
        }
    }

    private long serverPid() throws Exception {
        return Long.parseLong(java.nio.file.Files.readAllLines(directory.resolve("postgres/18/data/postmaster.pid"))
                .get(0));
    }
}
