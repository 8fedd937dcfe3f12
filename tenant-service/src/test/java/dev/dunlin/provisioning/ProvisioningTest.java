package dev.dunlin.provisioning;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.ServiceTest;
import dev.dunlin.credential.CertificateView;
import dev.dunlin.credential.Certificates;
import dev.dunlin.credential.Credentials;
import dev.dunlin.engine.port.Authenticator;
import dev.dunlin.engine.port.Login;
import dev.dunlin.engine.port.LoginAnswer;
import dev.dunlin.engine.port.LoginAnswer.Admitted;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.QueueLimits;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.TestCertificate;
import dev.dunlin.plan.Plans;
import dev.dunlin.tenant.Role;
import dev.dunlin.tenant.Tenant;
import dev.dunlin.tenant.Tenants;
import dev.dunlin.token.ApiTokens;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.PGConnection;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.security.crypto.password.PasswordEncoder;

class ProvisioningTest extends ServiceTest {
    private static final String FILE = """
            plans:
              - name: lab-SLUG
                limits: { connections: 100000, publish-per-second: unlimited, packet-bytes: 1_000_000 }
            tenants:
              - slug: SLUG
                name: Acme Works
                plan: lab-SLUG
                owner: { email: Ada-SLUG@example.com, password: "a long passphrase" }
                api-tokens:
                  - { name: ci, token: "dnl_SLUG_0123456789abcdef", role: admin }
                groups:
                  - name: sensors
                    permissions:
                      - { effect: allow, action: publish, topic: "sensors/${credential}/#" }
                credentials:
                  - name: boiler-7
                    secret: "short secret"
                    groups: [sensors]
                    permissions:
                      - { effect: allow, action: subscribe, topic: "commands/boiler-7", max-qos: 1 }
                      - { effect: deny, action: all, topic: "private/#" }
                  - name: boiler-8
                    secret: "a secret of more than thirty-two characters"
            """;

    @Autowired
    Provisioning provisioning;

    @Autowired
    Tenants tenants;

    @Autowired
    Plans plans;

    @Autowired
    Credentials credentials;

    @Autowired
    ApiTokens tokens;

    @Autowired
    Authenticator authenticator;

    @Autowired
    Certificates certificates;

    @Autowired
    PasswordEncoder passwords;

    @Autowired
    JdbcClient jdbc;

    @Autowired
    DataSource dataSource;

    @TempDir
    Path directory;

    private final String slug = "acme-" + UUID.randomUUID().toString().substring(0, 8);

    private Path file(String text) throws Exception {
        return Files.writeString(directory.resolve("dunlin.yaml"), text.replace("SLUG", slug));
    }

    private Tenant tenant() {
        return tenants.findBySlug(slug).orElseThrow();
    }

    private LoginAnswer login(String credential, String secret) throws Exception {
        return authenticator
                .authenticate(new Login(
                        "MQTT 5",
                        slug + "." + credential,
                        secret.getBytes(StandardCharsets.UTF_8),
                        "client",
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 50_000),
                        Transport.TCP))
                .toCompletableFuture()
                .get(20, TimeUnit.SECONDS);
    }

    @Test
    void makesAllThatTheFileNames() throws Exception {
        // when
        var outcome = provisioning.apply(file(FILE));

        // then: a plan, a tenant, an owner, a token, a group, two devices
        assertThat(outcome).isEqualTo(new Outcome(7, 0, 0));
        assertThat(tenant().name()).isEqualTo("Acme Works");
        var limits = plans.get(tenant().planName()).limits();
        assertThat(limits.connections()).isEqualTo(100_000);
        assertThat(limits.publishPerSecond()).isEqualTo(TenantLimits.UNLIMITED);
        assertThat(limits.packetBytes()).isEqualTo(1_000_000);
        assertThat(limits.sessions()).isEqualTo(plans.get("free").limits().sessions());
        var owner = accounts.passwordOf("ada-" + slug + "@example.com").orElseThrow();
        assertThat(passwords.matches("a long passphrase", owner.encodedPassword()))
                .isTrue();
        assertThat(tenants.membershipsOf(owner.id()))
                .singleElement()
                .satisfies(membership -> assertThat(membership.role()).isEqualTo(Role.OWNER));
        assertThat(tokens.verify("dnl_" + slug + "_0123456789abcdef")).hasValueSatisfying(token -> {
            assertThat(token.role()).isEqualTo(Role.ADMIN);
            assertThat(token.tenant()).isEqualTo(tenant().id());
        });
        assertThat(tokens.verify("dnl_another")).isEmpty();

        // then both kinds of secrets open, twice, and only they
        for (int i = 0; i < 2; i++) {
            assertThat(rules(login("boiler-7", "short secret")))
                    .containsExactlyInAnyOrder(
                            "allow subscribe commands/boiler-7",
                            "deny all private/#",
                            "allow publish sensors/${credential}/#");
            assertThat(rules(login("boiler-8", "a secret of more than thirty-two characters")))
                    .containsExactly("allow all #");
            assertThat(login("boiler-7", "Short secret")).isNotInstanceOf(Admitted.class);
            assertThat(login("boiler-8", "short secret")).isNotInstanceOf(Admitted.class);
        }
        assertThat(jdbc.sql("select method from credential_secret where tenant_id = ? order by method")
                        .param(tenant().id().value())
                        .query(String.class)
                        .list())
                .containsExactly("argon2id", "hmac-sha256");
    }

    private static Iterable<String> rules(LoginAnswer answer) {
        assertThat(answer).isInstanceOf(Admitted.class);
        return ((Admitted) answer)
                .admission().access().rules().stream()
                        .map(PermissionRule::asText)
                        .toList();
    }

    @Test
    void changesNothingTheSecondTime() throws Exception {
        // given a file that was applied
        var file = file(FILE);
        provisioning.apply(file);
        var before = everything();

        // when it is applied again, with somebody listening
        try (var connection = dataSource.getConnection()) {
            connection.createStatement().execute("listen dunlin_access");
            var outcome = provisioning.apply(file);

            // then not a row is another, and nobody was told of anything: the fence comes first
            assertThat(outcome).isEqualTo(new Outcome(0, 0, 7));
            assertThat(everything()).isEqualTo(before);
            jdbc.sql("select pg_notify('dunlin_access', ?)")
                    .param("fence " + slug)
                    .query(row -> {});
            assertThat(nextNotification(connection.unwrap(PGConnection.class))).isEqualTo("fence " + slug);
            connection.createStatement().execute("unlisten *");
        }
    }

    private static String nextNotification(PGConnection connection) throws SQLException {
        return connection.getNotifications(10_000)[0].getParameter();
    }

    /** All rows of all tables that provisioning writes, with the transaction that wrote each. */
    private Map<String, Object> everything() {
        var tables = new TreeMap<String, Object>();
        for (var table : new String[] {
            "plan",
            "tenant",
            "account",
            "membership",
            "api_token",
            "credential_group",
            "credential_group_member",
            "credential",
            "credential_secret",
            "permission"
        }) {
            tables.put(
                    table,
                    jdbc.sql("select xmin::text, t::text from " + table + " t order by 2")
                            .query()
                            .listOfRows());
        }
        return tables;
    }

    @Test
    void updatesWhatDiffersAndKeepsWhatIsNotNamed() throws Exception {
        // given a file that was applied, and a device that somebody made since
        provisioning.apply(file(FILE));
        var old = credentials.find(tenant().id(), "boiler-7").orElseThrow();
        credentials.create(
                tenant().id(),
                new dev.dunlin.credential.NewCredential(
                        "by-hand", dev.dunlin.credential.Template.NOTHING, null, null, null));

        // when a changed file is applied
        var outcome = provisioning.apply(file("""
                plans:
                  - { name: lab-SLUG, limits: { connections: 5, queued-bytes: 1000000 }, when-queue-full: drop_oldest }
                tenants:
                  - slug: SLUG
                    name: Acme
                    owner: { email: ada-SLUG@example.com, password: another }
                    api-tokens: [ { name: ci, token: dnl_new_SLUG, role: viewer } ]
                    groups:
                      - { name: sensors, permissions: [ { effect: deny, action: publish, topic: sensors/x } ] }
                    credentials:
                      - name: boiler-7
                        secret: other secret
                        permissions: [ { effect: deny, action: all, topic: "private/#", retain: false } ]
                      - name: by-hand
                        groups: [ sensors ]
                """));

        // then
        assertThat(outcome).isEqualTo(new Outcome(0, 7, 0));
        assertThat(tenant().name()).isEqualTo("Acme");
        assertThat(tenant().planName()).isEqualTo("lab-" + slug);
        assertThat(plans.get("lab-" + slug).limits().connections()).isEqualTo(5);
        assertThat(plans.get("lab-" + slug).limits().publishPerSecond()).isEqualTo(1_000);
        var queues = plans.get("lab-" + slug).limits().queues();
        assertThat(queues.bytes()).isEqualTo(1_000_000);
        assertThat(queues.whenFull()).isEqualTo(QueueLimits.WhenFull.DROP_OLDEST);
        assertThat(login("boiler-7", "other secret")).isInstanceOf(Admitted.class);
        assertThat(login("boiler-7", "short secret")).isNotInstanceOf(Admitted.class);
        assertThat(credentials.find(tenant().id(), "boiler-7").orElseThrow().id())
                .isEqualTo(old.id());
        assertThat(credentials.find(tenant().id(), "boiler-8")).isPresent();
        assertThat(tokens.verify("dnl_new_" + slug))
                .hasValueSatisfying(token -> assertThat(token.role()).isEqualTo(Role.VIEWER));
        assertThat(tokens.verify("dnl_" + slug + "_0123456789abcdef")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            tenant: []                                                    | line 1: There is no "tenant" here
            - tenants                                                     | line 1: This must be a mapping
            tenants: {}                                                   | line 1, tenants: This must be a list.
            tenants: [ { name: x } ]                                      | line 1, tenants[0]: "slug" is missing.
            tenants: [ { slug: Acme } ]                                   | tenants[0].slug: A slug has 3 to 32
            tenants: [ { slug: 1234 } ]                                   | tenants[0].slug: This must be a text: put it in quotes.
            tenants: [ { slug: SLUG, colour: red } ]                      | tenants[0]: There is no "colour" here
            tenants: [ { slug: SLUG, slug: SLUG } ]                       | tenants[0].slug: This is given twice.
            tenants: [ { slug: SLUG }, { slug: SLUG } ]                   | tenants[1]: "SLUG" stands in this list twice.
            tenants: [ { slug: SLUG, plan: gold } ]                       | tenants[0]: There is no plan "gold".
            tenants: [ { slug: SLUG, owner: { email: x, password: y } } ] | tenants[0].owner.email: This must be an e-mail
            tenants: [ { slug: SLUG, credentials: [ { name: a.b } ] } ]   | credentials[0].name: A device name has
            tenants: [ { slug: SLUG, credentials: [ { name: ab } ] } ]    | credentials[0]: A new device needs a "secret" or "certificates".
            tenants: [ { slug: SLUG, credentials: [ { name: ab, secret: 5 } ] } ] | credentials[0].secret: This must be a text
            tenants: [ { slug: SLUG, credentials: [ { name: ab, secret: s, groups: [ g ] } ] } ] | There is no group "g".
            tenants: [ { slug: SLUG, groups: [ { name: g, permissions: [ { effect: allow, action: publish, topic: a/#/b } ] } ] } ] | topic: # stands alone
            tenants: [ { slug: SLUG, groups: [ { name: g, permissions: [ { effect: maybe, action: all, topic: a } ] } ] } ] | effect: This must be one of: allow, deny.
            tenants: [ { slug: SLUG, api-tokens: [ { name: t, token: x, role: king } ] } ] | role: This must be one of
            plans: [ { name: p, limits: { connections: many } } ]         | plans[0].limits.connections: This must be a whole number or "unlimited".
            plans: [ { name: p, limits: { connections: -1 } } ]           | A limit must not be negative.
            plans: [ { name: p, limits: { packet-bytes: 1 } } ]           | plans[0]: A limit is too small to work with
            plans: [ { name: p, limits: { queued-bytes: 0 } } ]           | plans[0]: A limit is too small to work with
            plans: [ { name: p, when-queue-full: wait } ]                 | This must be one of: drop_newest, drop_oldest
            plans: [ { name: unlimited } ]                                | The plan "unlimited"
            tenants: [                                                    | This is not YAML
            "tenants: &a [ *a ]"                                          | This must be a mapping
            !!java.net.URL [ "http://127.0.0.1/" ]                        | line 1: This is not YAML
            tenants: !!set { slug }                                       | tenants: This must be a list.
            """)
    void saysInOneSentenceWhatIsWrongAndChangesNothing(String text, String complaint) throws Exception {
        // given a file that would make a plan before it goes wrong
        var before = everything();
        var file = file(
                text.startsWith("plans") || !text.startsWith("tenants")
                        ? text
                        : text + "\nplans: [ { name: new-SLUG } ]");

        // when, then
        assertThatThrownBy(() -> provisioning.apply(file))
                .isInstanceOf(ProvisioningException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContaining(complaint.replace("SLUG", slug))
                .satisfies(fault -> assertThat(fault.getMessage()).hasLineCount(1));
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void isNotKnockedOverByHostileFiles() throws Exception {
        // given a billion laughs, deep nesting, wrong bytes, a directory, and nothing at all
        var laughs = IntStream.range(1, 30)
                .mapToObj(i -> "a" + i + ": &a" + i + " [" + ("*a" + (i - 1) + ",").repeat(9) + "]")
                .collect(Collectors.joining("\n", "a0: &a0 [x]\n", "\n"));
        var latin = Files.write(directory.resolve("latin.yaml"), new byte[] {'a', ':', (byte) 0xe4, (byte) 0xff});

        for (var path : new Path[] {
            file(laughs), latin, directory, directory.resolve("missing.yaml"),
        }) {
            assertThatThrownBy(() -> provisioning.apply(path))
                    .isInstanceOf(ProvisioningException.class)
                    .satisfies(fault -> assertThat(fault.getMessage()).hasLineCount(1));
        }
        for (var text : new String[] {
            "[".repeat(100_000), "? ".repeat(50_000), "{a: ".repeat(50_000), "a: b: c", "\u0000", "%YAML 9.9\n---\na"
        }) {
            var path = file(text);
            assertThatThrownBy(() -> provisioning.apply(path)).isInstanceOf(ProvisioningException.class);
        }
        assertThat(provisioning.apply(file("# nothing\n"))).isEqualTo(new Outcome(0, 0, 0));
    }

    @Test
    void neverRepeatsASecretInAComplaint() throws Exception {
        var path = file("tenants: [ { slug: SLUG, owner: { email: a@b.c, password: [ hush-hush ] } } ]");
        assertThatThrownBy(() -> provisioning.apply(path))
                .hasMessageContaining("owner.password: This must be a text.")
                .satisfies(fault -> assertThat(fault.getMessage()).doesNotContain("hush-hush"));
    }

    @Test
    void makesThousandsOfDevicesInOneGo() throws Exception {
        var text = new StringBuilder("tenants:\n  - slug: SLUG\n    plan: unlimited\n    credentials:\n");
        for (int i = 0; i < 5_000; i++) {
            text.append("      - { name: d")
                    .append(i)
                    .append(", secret: \"0123456789abcdef0123456789abcdef-")
                    .append(i)
                    .append("\" }\n");
        }
        var file = file(text.toString());
        assertThat(provisioning.apply(file).created()).isEqualTo(5_001);
        assertThat(provisioning.apply(file)).isEqualTo(new Outcome(0, 0, 5_001));
        assertThat(login("d4999", "0123456789abcdef0123456789abcdef-4999")).isInstanceOf(Admitted.class);
    }

    @Test
    void addsCertificatesBesideASecretOrInsteadOfOne() throws Exception {
        // given
        var mine = TestCertificate.named("boiler");
        var pem = mine.pem().strip().replace("\n", "\\n");
        var text =
                """
                tenants:
                  - slug: SLUG
                    credentials:
                      - { name: boiler, certificates: ["%s"] }
                      - { name: meter, secret: "short secret", certificates: ["%s"] }
                """.formatted(pem, TestCertificate.named("meter").pem().strip().replace("\n", "\\n"));
        // when it is applied twice, then the second time changes nothing
        assertThat(provisioning.apply(file(text))).isEqualTo(new Outcome(3, 0, 0));
        assertThat(provisioning.apply(file(text))).isEqualTo(new Outcome(0, 0, 3));
        assertThat(certificates.list(tenant().id(), "boiler"))
                .extracting(CertificateView::fingerprint)
                .containsExactly(mine.fingerprint());
        // and nobody gets another's, nor a key
        assertThatThrownBy(() -> provisioning.apply(file(text.replace("name: meter, secret", "name: other, secret")
                        .replace("name: boiler", "name: new-boiler"))))
                .hasMessageContaining("Another device of this tenant has one of these certificates already.");
        assertThatThrownBy(() -> provisioning.apply(file(text.replace("BEGIN CERTIFICATE", "BEGIN PRIVATE KEY"))))
                .hasMessageContaining("credentials[0].certificates[0]: There is a private key in it.");
    }
}
