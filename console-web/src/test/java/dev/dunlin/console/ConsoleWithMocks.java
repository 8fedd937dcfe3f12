package dev.dunlin.console;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import dev.dunlin.account.Account;
import dev.dunlin.account.Accounts;
import dev.dunlin.account.PasswordOfAccount;
import dev.dunlin.credential.CertificateView;
import dev.dunlin.credential.Certificates;
import dev.dunlin.credential.CredentialView;
import dev.dunlin.credential.Credentials;
import dev.dunlin.database.DatabasePulse;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.feed.Subscription;
import dev.dunlin.feed.TenantFeed;
import dev.dunlin.incident.IncidentLog;
import dev.dunlin.incident.IncidentView;
import dev.dunlin.live.LiveToken;
import dev.dunlin.live.LiveTokens;
import dev.dunlin.permission.PermissionView;
import dev.dunlin.permission.Permissions;
import dev.dunlin.presence.PresenceBoard;
import dev.dunlin.tenant.AccountId;
import dev.dunlin.tenant.Membership;
import dev.dunlin.tenant.Role;
import dev.dunlin.tenant.Tenant;
import dev.dunlin.tenant.Tenants;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.ComponentScan;
import org.springframework.context.annotation.FilterType;
import org.springframework.jdbc.UncategorizedSQLException;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.transaction.CannotCreateTransactionException;

/**
 * The console alone: every service of the tenant service is a mock, and workspace Acme has one member of each role. Without
 * {@code @Configuration}, so that the application itself does not find it.
 */
@EnableAutoConfiguration(
        excludeName = {
            "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration",
            "org.springframework.boot.hibernate.autoconfigure.HibernateJpaAutoConfiguration",
            "org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration"
        })
@ComponentScan(
        basePackages = "dev.dunlin.console",
        excludeFilters =
                @ComponentScan.Filter(
                        type = FilterType.REGEX,
                        pattern = {
                            "dev\\.dunlin\\.console\\.process\\.EngineProcess",
                            "dev\\.dunlin\\.console\\.DunlinApplication",
                            "dev\\.dunlin\\.console\\..*Test.*"
                        }))
@ConfigurationPropertiesScan("dev.dunlin.console")
class ConsoleWithMocks {
    static final TenantId ACME = new TenantId(UUID.fromString("00000000-0000-0000-0000-00000000acee"));
    static final String PASSWORD = "a long passphrase";
    private static final Instant NOW = Instant.now();

    @Bean
    DatabasePulse databasePulse() {
        var pulse = mock(DatabasePulse.class);
        when(pulse.isAnswering()).thenReturn(true);
        return pulse;
    }

    @Bean
    PasswordEncoder passwordEncoder() {
        return new BCryptPasswordEncoder(4);
    }

    @Bean
    Accounts accounts(PasswordEncoder encoder) {
        var accounts = mock(Accounts.class);
        when(accounts.passwordOf(anyString())).thenAnswer(call -> {
            String email = call.getArgument(0);
            return roleOf(email)
                    .map(role ->
                            new PasswordOfAccount(accountOf(role), email, String.valueOf(encoder.encode(PASSWORD))));
        });
        return accounts;
    }

    @Bean
    Tenants tenants() {
        var tenants = mock(Tenants.class);
        when(tenants.membershipsOf(any())).thenAnswer(call -> {
            AccountId account = call.getArgument(0);
            return Arrays.stream(Role.values())
                    .filter(role -> accountOf(role).equals(account))
                    .map(role -> new Membership(tenant(), account, role))
                    .toList();
        });
        return tenants;
    }

    /** The address of the member with this role is {@code role@example.com}. */
    private static Optional<Role> roleOf(String email) {
        return Arrays.stream(Role.values())
                .filter(role -> email.equalsIgnoreCase(role.name() + "@example.com"))
                .findFirst();
    }

    static AccountId accountOf(Role role) {
        return new AccountId(new UUID(1, role.ordinal()));
    }

    static Tenant tenant() {
        return new Tenant(ACME, "acme", "Acme Works", "free", false);
    }

    static Account account() {
        return new Account(accountOf(Role.OWNER), "owner@example.com", NOW);
    }

    @Bean
    Credentials credentials() {
        var credentials = mock(Credentials.class);
        var all = List.of(
                credential("boiler-7", true, null, NOW.minusSeconds(4), 2),
                credential("gateway", false, null, NOW.minus(Duration.ofHours(3)), 0),
                credential("greenhouse-sensor", true, "esp-1", null, 0));
        when(credentials.list(ACME)).thenReturn(all);
        when(credentials.find(ACME, "database-away")).thenThrow(new CannotCreateTransactionException("no connection"));
        when(credentials.find(ACME, "disk-full"))
                .thenThrow(new UncategorizedSQLException("insert", null, new SQLException("no space", "53100")));
        all.forEach(each -> when(credentials.find(ACME, each.name())).thenReturn(Optional.of(each)));
        return credentials;
    }

    static CredentialView credential(
            String name, boolean enabled, @Nullable String clientId, @Nullable Instant lastSeen, int connections) {
        return new CredentialView(
                new CredentialId(UUID.nameUUIDFromBytes(name.getBytes(java.nio.charset.StandardCharsets.UTF_8))),
                name,
                "acme." + name,
                enabled,
                clientId,
                null,
                NOW.minus(Duration.ofDays(9)),
                lastSeen,
                connections > 0,
                connections);
    }

    @Bean
    Permissions permissions() {
        var permissions = mock(Permissions.class);
        when(permissions.list(any(), anyString()))
                .thenReturn(List.of(
                        rule(PermissionRule.Effect.ALLOW, PermissionRule.Action.ALL, "#", null),
                        rule(PermissionRule.Effect.DENY, PermissionRule.Action.PUBLISH, "private/#", null),
                        rule(
                                PermissionRule.Effect.ALLOW,
                                PermissionRule.Action.PUBLISH,
                                "sensors/${credential}/#",
                                "sensors")));
        return permissions;
    }

    @Bean
    Certificates certificates() {
        var certificates = mock(Certificates.class);
        when(certificates.list(any(), eq("boiler-7")))
                .thenReturn(List.of(
                        new CertificateView(
                                "a1b2c3d4e5f60718".repeat(4),
                                "CN=boiler-7,O=Acme <b>Works</b>",
                                NOW.minus(Duration.ofDays(30)),
                                NOW.plus(Duration.ofDays(335)),
                                NOW),
                        new CertificateView(
                                "00112233445566ff".repeat(4),
                                "CN=boiler-7-of-last-year,OU=a-very-long-name-of-a-department-that-nobody-remembers",
                                NOW.minus(Duration.ofDays(400)),
                                NOW.minus(Duration.ofDays(35)),
                                NOW)));
        return certificates;
    }

    private static PermissionView rule(
            PermissionRule.Effect effect, PermissionRule.Action action, String filter, @Nullable String group) {
        return new PermissionView(
                UUID.nameUUIDFromBytes(filter.getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                effect,
                action,
                filter,
                2,
                true,
                group);
    }

    @Bean
    IncidentLog incidentLog() {
        var log = mock(IncidentLog.class);
        when(log.recent(any(), anyInt()))
                .thenReturn(List.of(
                        new IncidentView(
                                2,
                                Incident.Kind.PUBLISH,
                                Incident.Reason.DENIED_BY_RULE,
                                "boiler-7",
                                "esp-1",
                                "192.0.2.7",
                                "private/<script>alert(1)</script>",
                                "deny publish private/#",
                                41,
                                NOW.minusSeconds(600),
                                NOW.minusSeconds(3)),
                        new IncidentView(
                                1,
                                Incident.Kind.CONNECT,
                                Incident.Reason.UNKNOWN_CREDENTIAL,
                                "boiler-8",
                                "esp-2",
                                "192.0.2.9",
                                null,
                                null,
                                1,
                                NOW.minus(Duration.ofDays(2)),
                                NOW.minus(Duration.ofDays(2)))));
        return log;
    }

    @Bean
    PresenceBoard presenceBoard() {
        return mock(PresenceBoard.class);
    }

    @Bean
    TenantFeed tenantFeed() {
        var feed = mock(TenantFeed.class);
        when(feed.subscribe(any(), any())).thenReturn(mock(Subscription.class));
        when(feed.subscribeWithMessages(any(), any())).thenReturn(mock(Subscription.class));
        return feed;
    }

    @Bean
    LiveTokens liveTokens() {
        var tokens = mock(LiveTokens.class);
        when(tokens.issue(any(), any(), any())).thenReturn(new LiveToken("acme.~live", "signed", NOW.plusSeconds(60)));
        return tokens;
    }
}
