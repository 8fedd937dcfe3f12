package dev.dunlin.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.ServiceTest;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.permission.Permissions;
import dev.dunlin.tenant.Role;
import dev.dunlin.tenant.Tenants;
import java.util.HashSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.security.crypto.password.PasswordEncoder;

class AccountsTest extends ServiceTest {
    @Autowired
    Tenants tenants;

    @Autowired
    Permissions permissions;

    @Autowired
    PasswordEncoder passwords;

    @Test
    void signingUpMakesAWorkspaceWithADeviceThatMayDoEverything() {
        // when
        var email = UUID.randomUUID() + "@Example.com ";
        var made = accounts.signUp(new NewAccount(" " + email, "a long passphrase", "Müller & Söhne"));

        // then
        assertThat(made.account().email()).isEqualTo(email.strip().toLowerCase(java.util.Locale.ROOT));
        assertThat(made.tenant().slug()).startsWith("muller-sohne");
        assertThat(made.tenant().name()).isEqualTo("Müller & Söhne");
        assertThat(made.tenant().planName()).isEqualTo("free");
        assertThat(tenants.membershipsOf(made.account().id())).singleElement().satisfies(membership -> {
            assertThat(membership.role()).isEqualTo(Role.OWNER);
            assertThat(membership.tenant()).isEqualTo(made.tenant());
        });
        assertThat(made.credential().userName()).isEqualTo(made.tenant().slug() + ".my-first-device");
        assertThat(made.credential().secret()).matches("[a-z2-9]{32}");
        assertThat(permissions.list(made.tenant().id(), "my-first-device"))
                .singleElement()
                .satisfies(rule -> {
                    assertThat(rule.effect()).isEqualTo(PermissionRule.Effect.ALLOW);
                    assertThat(rule.action()).isEqualTo(PermissionRule.Action.ALL);
                    assertThat(rule.topicFilter()).isEqualTo("#");
                });
    }

    @Test
    void findsAnAccountWhateverTheCaseOfItsAddress() {
        var made = signUp("Acme");
        var shouted = "  " + made.account().email().toUpperCase(java.util.Locale.ROOT);

        assertThat(accounts.findByEmail(shouted)).contains(made.account());
        assertThat(accounts.find(made.account().id())).contains(made.account());
        assertThat(accounts.passwordOf(shouted)).hasValueSatisfying(password -> {
            assertThat(password.encodedPassword()).startsWith("{argon2}");
            assertThat(passwords.matches("a long passphrase", password.encodedPassword()))
                    .isTrue();
            assertThat(passwords.matches("another", password.encodedPassword())).isFalse();
        });
    }

    @Test
    void refusesAnAddressThatIsTakenAndMakesNothing() {
        var made = signUp("Acme");
        var name = "Only once " + UUID.randomUUID();

        assertThatThrownBy(() -> accounts.signUp(new NewAccount(made.account().email(), "another", name)))
                .isInstanceOf(EmailTakenException.class);
        assertThat(tenants.membershipsOf(made.account().id())).hasSize(1);
    }

    @Test
    void givesEveryoneASlugOfTheirOwnEvenAtOnce() throws Exception {
        // given many people who want the same
        var workspace = "Same " + UUID.randomUUID().toString().substring(0, 8);
        Callable<String> signUp = () -> signUp(workspace).tenant().slug();

        // when they sign up at once
        var threads = Executors.newFixedThreadPool(4);
        try {
            var slugs = new HashSet<String>();
            for (var made : threads.invokeAll(
                    IntStream.range(0, 8).mapToObj(i -> signUp).toList())) {
                slugs.add(made.get());
            }

            // then
            assertThat(slugs).hasSize(8).allMatch(slug -> slug.matches("[a-z0-9-]{3,32}"));
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void makesASlugOfAnyName() {
        for (var workspace : new String[] {"", "  ", "日本", "a", "!!!", "x".repeat(300), "--a--b--"}) {
            assertThat(signUp(workspace).tenant().slug()).matches("[a-z0-9-]{3,32}");
        }
    }
}
