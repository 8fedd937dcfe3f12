package dev.dunlin.credential;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.ServiceTest;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.permission.InvalidTopicFilterException;
import dev.dunlin.permission.NewPermission;
import dev.dunlin.permission.PermissionLimitException;
import dev.dunlin.permission.PermissionNotFoundException;
import dev.dunlin.permission.PermissionView;
import dev.dunlin.permission.Permissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.jdbc.core.simple.JdbcClient;

class CredentialsTest extends ServiceTest {
    @Autowired
    Credentials credentials;

    @Autowired
    Permissions permissions;

    @Autowired
    JdbcClient jdbc;

    private static NewCredential named(String name) {
        return new NewCredential(name, Template.EVERYTHING, null, null, null);
    }

    @Test
    void tenantsWithEqualNamesDoNotSeeOrTouchEachOther() {
        // given two tenants, each with a boiler
        var acme = signUp("Acme").tenant();
        var other = signUp("Acme").tenant();
        credentials.create(acme.id(), named("boiler"));
        var othersRule = permissions.add(
                other.id(),
                credentials.create(other.id(), named("boiler")).credential().name(),
                new NewPermission(Effect.DENY, Action.ALL, "private/#", 2, true));

        // when one changes its own
        credentials.setEnabled(acme.id(), "boiler", false);
        assertThatThrownBy(() -> permissions.remove(acme.id(), "boiler", othersRule.id()))
                .isInstanceOf(PermissionNotFoundException.class);
        credentials.delete(acme.id(), "boiler");

        // then the other's is as before
        assertThat(credentials.find(acme.id(), "boiler")).isEmpty();
        assertThat(credentials.find(other.id(), "boiler"))
                .hasValueSatisfying(boiler -> assertThat(boiler.enabled()).isTrue());
        assertThat(permissions.list(other.id(), "boiler")).contains(othersRule).hasSize(2);
        assertThat(credentials.list(acme.id())).extracting(CredentialView::name).containsExactly("my-first-device");
        assertThat(credentials.list(other.id()))
                .extracting(CredentialView::name)
                .containsExactly("boiler", "my-first-device");
        assertThatThrownBy(() -> permissions.list(acme.id(), "boiler")).isInstanceOf(CredentialNotFoundException.class);
    }

    @Test
    void refusesWhatIsNoNameOrTaken() {
        var acme = signUp("Acme").tenant().id();
        for (var name : List.of("", "a b", "ä", "a.b", "~live", "x".repeat(65), "a/b", "a\n")) {
            assertThatThrownBy(() -> credentials.create(acme, named(name)))
                    .isInstanceOf(InvalidCredentialNameException.class);
        }
        credentials.create(acme, named("Boiler"));
        credentials.create(acme, named("boiler"));
        assertThatThrownBy(() -> credentials.create(acme, named("boiler")))
                .isInstanceOf(CredentialNameTakenException.class);
        assertThatThrownBy(() -> credentials.rotate(acme, "nobody", true))
                .isInstanceOf(CredentialNotFoundException.class);
        assertThatThrownBy(() -> credentials.delete(acme, "nobody")).isInstanceOf(CredentialNotFoundException.class);
        assertThatThrownBy(() -> credentials.setEnabled(acme, "nobody", true))
                .isInstanceOf(CredentialNotFoundException.class);
    }

    @Test
    void startsWithWhatTheTemplateSays() {
        var acme = signUp("Acme").tenant().id();
        record Case(Template template, String topic, List<String> rules) {}
        for (var one : List.of(
                new Case(Template.EVERYTHING, "x", List.of("ALLOW ALL #")),
                new Case(Template.OWN_TOPICS, "", List.of("ALLOW ALL ${credential}/#")),
                new Case(Template.PUBLISH_ONLY, "plant/boiler", List.of("ALLOW PUBLISH plant/boiler")),
                new Case(Template.SUBSCRIBE_ONLY, " ", List.of("ALLOW SUBSCRIBE #")),
                new Case(Template.NOTHING, "", List.of()))) {
            var name = one.template().name();
            credentials.create(acme, new NewCredential(name, one.template(), one.topic(), null, null));
            assertThat(permissions.list(acme, name))
                    .extracting(CredentialsTest::text)
                    .isEqualTo(one.rules());
        }
        assertThatThrownBy(() ->
                        credentials.create(acme, new NewCredential("bad", Template.PUBLISH_ONLY, "a/#/b", null, null)))
                .isInstanceOf(InvalidTopicFilterException.class);
        assertThat(credentials.find(acme, "bad")).isEmpty();
    }

    private static String text(PermissionView rule) {
        return rule.effect() + " " + rule.action() + " " + rule.topicFilter();
    }

    @Test
    void keepsAnExpiryAndAClientId() {
        var acme = signUp("Acme").tenant().id();
        var expiry = Instant.parse("2999-01-01T00:00:00Z");
        credentials.create(acme, new NewCredential("boiler", Template.NOTHING, null, "client-7", expiry));
        assertThat(credentials.find(acme, "boiler")).hasValueSatisfying(boiler -> {
            assertThat(boiler.clientId()).isEqualTo("client-7");
            assertThat(boiler.expiresAt()).isEqualTo(expiry);
            assertThat(boiler.lastSeenAt()).isNull();
            assertThat(boiler.online()).isFalse();
        });
    }

    @Test
    void neverHasMoreThanTwoSecretsAndKeepsNoneInTheClear() {
        var acme = signUp("Acme").tenant().id();
        var first = credentials.create(acme, named("boiler"));
        var second = credentials.rotate(acme, "boiler", true);
        var third = credentials.rotate(acme, "boiler", true);
        assertThat(secretsOf(first.credential())).hasSize(2);
        credentials.rotate(acme, "boiler", false);
        assertThat(secretsOf(first.credential())).hasSize(1);
        assertThat(List.of(first.secret(), second.secret(), third.secret())).doesNotHaveDuplicates();
        assertThat(secretsOf(first.credential()))
                .noneMatch(hash -> hash.contains(first.secret()) || hash.contains(third.secret()));
        assertThat(first.toString()).doesNotContain(first.secret());
    }

    private List<String> secretsOf(CredentialView credential) {
        return jdbc.sql("select hash from credential_secret where credential_id = ?")
                .param(credential.id().value())
                .query(String.class)
                .list();
    }

    @Test
    void boundsThePermissionsOfACredential() {
        var acme = signUp("Acme").tenant().id();
        credentials.create(acme, new NewCredential("boiler", Template.NOTHING, null, null, null));
        for (int i = 0; i < Permissions.MAX_PER_HOLDER; i++) {
            permissions.add(acme, "boiler", new NewPermission(Effect.ALLOW, Action.ALL, "a/" + i, 2, true));
        }
        assertThatThrownBy(() -> permissions.add(
                        acme, "boiler", new NewPermission(Effect.ALLOW, Action.ALL, "one/more", 2, true)))
                .isInstanceOf(PermissionLimitException.class);
        var one = permissions.list(acme, "boiler").get(0);
        permissions.remove(acme, "boiler", one.id());
        assertThat(permissions.list(acme, "boiler")).hasSize(99).doesNotContain(one);
    }
}
