package dev.dunlin.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.not;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyBoolean;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.Mockito.clearInvocations;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;
import static org.springframework.security.test.web.servlet.request.SecurityMockMvcRequestPostProcessors.csrf;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.content;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.cookie;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.flash;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.redirectedUrl;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import dev.dunlin.account.Accounts;
import dev.dunlin.account.EmailTakenException;
import dev.dunlin.account.SignedUp;
import dev.dunlin.credential.CertificateNotFoundException;
import dev.dunlin.credential.Certificates;
import dev.dunlin.credential.CredentialNotFoundException;
import dev.dunlin.credential.Credentials;
import dev.dunlin.credential.InvalidCertificateException;
import dev.dunlin.credential.IssuedCredential;
import dev.dunlin.live.LiveTokens;
import dev.dunlin.permission.InvalidTopicFilterException;
import dev.dunlin.permission.Permissions;
import dev.dunlin.tenant.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.webmvc.test.autoconfigure.AutoConfigureMockMvc;
import org.springframework.mock.web.MockHttpSession;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;
import org.springframework.transaction.CannotCreateTransactionException;

@SpringBootTest(classes = ConsoleWithMocks.class, properties = "management.server.port=-1")
@AutoConfigureMockMvc
class ConsolePagesTest {
    @Autowired
    MockMvc browser;

    @Autowired
    Accounts accounts;

    @Autowired
    Credentials credentials;

    @Autowired
    Permissions permissions;

    @Autowired
    Certificates certificates;

    @Autowired
    LiveTokens liveTokens;

    @BeforeEach
    void forgetCalls() {
        clearInvocations(credentials, permissions, liveTokens);
    }

    private MockHttpSession loggedInAs(Role role) throws Exception {
        var result = browser.perform(post("/login")
                        .param("email", role.name() + "@example.com")
                        .param("password", ConsoleWithMocks.PASSWORD)
                        .with(csrf()))
                .andExpect(redirectedUrl("/devices"))
                .andReturn();
        return (MockHttpSession) Objects.requireNonNull(result.getRequest().getSession());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/devices", "/new-device", "/devices/boiler-7", "/live", "/problems", "/welcome"})
    void sendsWhoIsNotLoggedInToTheLogInPage(String path) throws Exception {
        browser.perform(get(path).header("Accept", "text/html"))
                .andExpect(status().isFound())
                .andExpect(redirectedUrl("/login"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/devices",
                "/devices?q=boil",
                "/devices?q=nothing-like-it",
                "/device-rows",
                "/new-device",
                "/devices/boiler-7",
                "/devices/boiler-7/connect",
                "/devices/boiler-7/facts",
                "/devices/boiler-7/delete",
                "/live",
                "/problems",
                "/problem-rows",
                "/welcome"
            })
    void showsEveryPageToAnOwnerWithAllItsWords(String path) throws Exception {
        browser.perform(get(path).session(loggedInAs(Role.OWNER)))
                .andExpect(status().isOk())
                .andExpect(content().string(not(containsString("??"))))
                .andExpect(content().string(not(containsString("style="))))
                .andExpect(content().string(not(containsString("onclick"))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/login", "/sign-up"})
    void showsTheOutsideToEveryone(String path) throws Exception {
        browser.perform(get(path))
                .andExpect(status().isOk())
                .andExpect(content().string(not(containsString("??"))));
    }

    @Test
    void allowsNothingInlineAndOnlyTheBrokersWebSocketsBesides() throws Exception {
        browser.perform(get("/login").with(request -> {
                    request.setServerName("broker.example.com");
                    return request;
                }))
                .andExpect(header().string(
                                "Content-Security-Policy",
                                allOf(
                                        containsString("default-src 'none'"),
                                        containsString(
                                                "connect-src 'self' ws://broker.example.com:8083 wss://broker.example.com:8084"),
                                        containsString("frame-ancestors 'none'"),
                                        not(containsString("unsafe")))))
                .andExpect(header().string("X-Content-Type-Options", "nosniff"))
                .andExpect(header().string("Referrer-Policy", "same-origin"));
    }

    @Test
    void putsNoHostIntoTheHeadersThatIsNone() throws Exception {
        browser.perform(get("/login").with(request -> {
                    request.setServerName("x; script-src *");
                    return request;
                }))
                .andExpect(
                        header().string("Content-Security-Policy", containsString("connect-src 'self'; form-action")));
    }

    @Test
    void answersAnUnknownAddressAndAWrongPasswordAlike() throws Exception {
        var answers = new ArrayList<String>();
        for (var email : List.of("owner@example.com", "nobody@example.com")) {
            var session = (MockHttpSession) Objects.requireNonNull(browser.perform(post("/login")
                            .param("email", email)
                            .param("password", "not the password")
                            .with(csrf()))
                    .andExpect(redirectedUrl("/login"))
                    .andReturn()
                    .getRequest()
                    .getSession());
            answers.add(browser.perform(get("/login").session(session))
                    .andReturn()
                    .getResponse()
                    .getContentAsString()
                    .replace(email, "")
                    .replaceAll("name=\"_csrf\" value=\"[^\"]*\"", ""));
        }
        assertThat(answers.get(0)).contains("do not fit together").isEqualTo(answers.get(1));
    }

    @Test
    void slowsDownWhoGuessesPasswords() throws Exception {
        for (var attempt = 0; attempt < 6; attempt++) {
            browser.perform(guess()).andExpect(status().isFound());
        }
        var session = (MockHttpSession) Objects.requireNonNull(
                browser.perform(guess()).andReturn().getRequest().getSession());
        browser.perform(get("/login").session(session)).andExpect(content().string(containsString("Too many tries")));
    }

    private static MockHttpServletRequestBuilder guess() {
        return post("/login")
                .param("email", "guessed@example.com")
                .param("password", "wrong")
                .with(csrf())
                .with(request -> {
                    request.setRemoteAddr("192.0.2.99");
                    return request;
                });
    }

    @Test
    void refusesAFormWithoutItsToken() throws Exception {
        browser.perform(post("/devices/boiler-7/delete").session(loggedInAs(Role.OWNER)))
                .andExpect(status().isForbidden());
        browser.perform(post("/login").param("email", "owner@example.com").param("password", ConsoleWithMocks.PASSWORD))
                .andExpect(status().isForbidden());
        verify(credentials, never()).delete(any(), anyString());
    }

    @Test
    void logsInWhoSignsUpAndShowsTheSecretWithoutPuttingItIntoAnAddress() throws Exception {
        var issued = new IssuedCredential(
                ConsoleWithMocks.credential("boiler-7", true, null, null, 0), "acme.boiler-7", "s3cret-of-the-boiler");
        when(accounts.signUp(any()))
                .thenReturn(new SignedUp(ConsoleWithMocks.account(), ConsoleWithMocks.tenant(), issued));
        var before = new MockHttpSession();
        var idBefore = before.getId();
        var result = browser.perform(post("/sign-up")
                        .session(before)
                        .param("email", "owner@example.com")
                        .param("password", ConsoleWithMocks.PASSWORD)
                        .param("workspace", "Acme Works")
                        .with(csrf()))
                .andExpect(redirectedUrl("/welcome"))
                .andReturn();
        var session =
                (MockHttpSession) Objects.requireNonNull(result.getRequest().getSession());
        assertThat(session.getId()).isNotEqualTo(idBefore);
        browser.perform(get("/welcome").session(session))
                .andExpect(content()
                        .string(containsString(
                                "mosquitto_pub -V 5 -h localhost -p 1883 -u acme.boiler-7 -P s3cret-of-the-boiler")));
        // once the person is done, the secret is nowhere any more
        browser.perform(post("/devices/boiler-7/done").session(session).with(csrf()));
        browser.perform(get("/devices/boiler-7/connect").session(session))
                .andExpect(content().string(not(containsString("s3cret-of-the-boiler"))));
    }

    @Test
    void saysWhatIsWrongWithASignUp() throws Exception {
        browser.perform(post("/sign-up")
                        .param("email", "no address")
                        .param("password", "short")
                        .with(csrf()))
                .andExpect(content().string(containsString("This is not an e-mail address")))
                .andExpect(content().string(containsString("The password needs 10 to 200 characters")));
        when(accounts.signUp(any())).thenThrow(new EmailTakenException());
        browser.perform(post("/sign-up")
                        .param("email", "ada@example.com")
                        .param("password", ConsoleWithMocks.PASSWORD)
                        .with(csrf()))
                .andExpect(content().string(containsString("There is an account with this address already")))
                .andExpect(content().string(not(containsString(ConsoleWithMocks.PASSWORD))));
    }

    @Test
    void letsAViewerLookAndChangeNothing() throws Exception {
        var viewer = loggedInAs(Role.VIEWER);
        browser.perform(get("/devices/boiler-7").session(viewer))
                .andExpect(status().isOk())
                .andExpect(content().string(not(containsString("Make a new secret"))));
        for (var path : List.of(
                "/devices",
                "/devices/boiler-7/rotate",
                "/devices/boiler-7/enabled",
                "/devices/boiler-7/delete",
                "/devices/boiler-7/permissions",
                "/devices/boiler-7/permissions/" + UUID.randomUUID() + "/remove",
                "/devices/boiler-7/certificates",
                "/devices/boiler-7/certificates/" + "a1".repeat(32) + "/remove",
                "/problems/clear")) {
            browser.perform(post(path).session(viewer).param("enabled", "true").with(csrf()))
                    .andExpect(status().isForbidden());
        }
        browser.perform(get("/live").session(viewer))
                .andExpect(content().string(containsString("Your role in this workspace is to watch")));
        verify(credentials, never()).setEnabled(any(), anyString(), anyBoolean());
    }

    @Test
    void letsAnOperatorPublishButNotManage() throws Exception {
        var operator = loggedInAs(Role.OPERATOR);
        browser.perform(get("/live").session(operator)).andExpect(content().string(containsString("live-publish")));
        browser.perform(post("/devices/boiler-7/delete").session(operator).with(csrf()))
                .andExpect(status().isForbidden());
    }

    @Test
    void issuesALiveTokenForThePersonsOwnTenantAndRole() throws Exception {
        browser.perform(post("/live/token")
                        .session(loggedInAs(Role.VIEWER))
                        .param("tenant", "umbrella")
                        .with(csrf()))
                .andExpect(status().isOk())
                .andExpect(header().string("Cache-Control", containsString("no-store")))
                .andExpect(jsonPath("$.userName").value("acme.~live"));
        verify(liveTokens).issue(ConsoleWithMocks.ACME, ConsoleWithMocks.accountOf(Role.VIEWER), Role.VIEWER);
        browser.perform(post("/live/token").with(csrf())).andExpect(status().isUnauthorized());
    }

    @Test
    void takesTheTenantFromTheLogInAlone() throws Exception {
        when(credentials.rotate(any(), anyString(), anyBoolean()))
                .thenReturn(new IssuedCredential(
                        ConsoleWithMocks.credential("boiler-7", true, null, null, 0), "acme.boiler-7", "new-secret"));
        browser.perform(post("/devices/boiler-7/rotate")
                .session(loggedInAs(Role.ADMIN))
                .param("tenantId", UUID.randomUUID().toString())
                .param("keepOld", "true")
                .with(csrf()));
        verify(credentials).rotate(eq(ConsoleWithMocks.ACME), eq("boiler-7"), eq(true));
        browser.perform(get("/devices/someone-elses").session(loggedInAs(Role.OWNER)))
                .andExpect(status().isNotFound());
    }

    @Test
    void answersADeviceThatIsGoneWithNotFound() throws Exception {
        doThrow(new CredentialNotFoundException("gone")).when(credentials).delete(any(), eq("gone"));
        browser.perform(post("/devices/gone/delete")
                        .session(loggedInAs(Role.OWNER))
                        .with(csrf()))
                .andExpect(status().isNotFound());
    }

    @Test
    void saysBesideTheFieldWhatIsWrongWithATopic() throws Exception {
        when(permissions.add(any(), anyString(), any()))
                .thenThrow(new InvalidTopicFilterException("# stands alone, as the last level of a topic filter."));
        browser.perform(post("/devices/boiler-7/permissions")
                        .session(loggedInAs(Role.OWNER))
                        .param("effect", "ALLOW")
                        .param("action", "PUBLISH")
                        .param("topicFilter", "plant/#/boiler")
                        .param("maxQos", "2")
                        .with(csrf()))
                .andExpect(status().isOk())
                .andExpect(content().string(containsString("# stands alone")))
                .andExpect(content().string(containsString("plant/#/boiler")));
    }

    @Test
    void addsAndRemovesCertificates() throws Exception {
        var owner = loggedInAs(Role.OWNER);
        browser.perform(get("/devices/boiler-7").session(owner))
                .andExpect(content().string(containsString("A1:B2:C3:D4:E5:F6:07:18…")))
                .andExpect(content().string(containsString("&lt;b&gt;Works&lt;/b&gt;")));
        // what is right
        browser.perform(post("/devices/boiler-7/certificates")
                        .session(owner)
                        .param("pem", "-----BEGIN CERTIFICATE-----")
                        .with(csrf()))
                .andExpect(redirectedUrl("/devices/boiler-7"))
                .andExpect(flash().attribute("notice", "certificates.added"));
        verify(certificates).add(ConsoleWithMocks.ACME, "boiler-7", "-----BEGIN CERTIFICATE-----");
        browser.perform(get("/devices/boiler-7").session(owner))
                .andExpect(content().string(containsString("The certificate is added.")));
        // what is not is explained, and not shown again
        when(certificates.add(any(), anyString(), eq("a secret key")))
                .thenThrow(new InvalidCertificateException("That stays on the device."));
        browser.perform(post("/devices/boiler-7/certificates")
                        .session(owner)
                        .param("pem", "a secret key")
                        .with(csrf()))
                .andExpect(redirectedUrl("/devices/boiler-7#certificates"));
        browser.perform(get("/devices/boiler-7").session(owner))
                .andExpect(content().string(containsString("That stays on the device.")))
                .andExpect(content().string(not(containsString("a secret key"))));
        // removing
        browser.perform(post("/devices/boiler-7/certificates/" + "a1".repeat(32) + "/remove")
                        .session(owner)
                        .with(csrf()))
                .andExpect(redirectedUrl("/devices/boiler-7"));
        verify(certificates).remove(ConsoleWithMocks.ACME, "boiler-7", "a1".repeat(32));
        doThrow(new CertificateNotFoundException()).when(certificates).remove(any(), anyString(), eq("00"));
        browser.perform(post("/devices/boiler-7/certificates/00/remove")
                        .session(owner)
                        .with(csrf()))
                .andExpect(status().isNotFound());
    }

    @Test
    void showsHostileTextAsText() throws Exception {
        browser.perform(get("/problems").session(loggedInAs(Role.OWNER)))
                .andExpect(content().string(not(containsString("<script>alert"))))
                .andExpect(content().string(containsString("&lt;script&gt;alert(1)")))
                .andExpect(content().string(containsString("deny publish private/#")));
    }

    @Test
    void saysInPlainWordsThatTheDatabaseIsAway() throws Exception {
        when(credentials.find(ConsoleWithMocks.ACME, "boiler-away"))
                .thenThrow(new CannotCreateTransactionException("no connection"));
        browser.perform(get("/devices/boiler-away").session(loggedInAs(Role.OWNER)))
                .andExpect(status().isServiceUnavailable());
        when(accounts.passwordOf("away@example.com")).thenThrow(new CannotCreateTransactionException("no connection"));
        browser.perform(post("/login")
                        .param("email", "away@example.com")
                        .param("password", "whatever it is")
                        .with(csrf()))
                .andExpect(status().isServiceUnavailable());
    }

    @Test
    void logsOut() throws Exception {
        var session = loggedInAs(Role.OWNER);
        browser.perform(post("/logout").session(session).with(csrf()))
                .andExpect(redirectedUrl("/login?out"))
                .andExpect(cookie().maxAge("dunlin", 0));
        assertThat(session.isInvalid()).isTrue();
    }
}
