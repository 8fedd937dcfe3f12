package dev.dunlin.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.MqttClient;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubAckException;
import com.hivemq.client.mqtt.mqtt5.message.publish.puback.Mqtt5PubAckReasonCode;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.LocatorAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.TestTools;
import dev.dunlin.presence.PresenceBoard;
import dev.dunlin.tenant.Tenants;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What people do, in a real browser, with the real broker and the real database. */
@ExtendWith(RunningDunlin.class)
class WalkTest {
    private static final String PASSWORD = "correct horse battery";
    private static final Duration IN_EFFECT_WITHIN = Duration.ofSeconds(1);
    private static final AtomicInteger people = new AtomicInteger();
    private static TestBrowser browser;

    @BeforeAll
    static void openBrowser() {
        browser = new TestBrowser();
    }

    @AfterAll
    static void closeBrowser() {
        browser.close();
    }

    @AfterEach
    void noPageComplained() {
        assertThat(browser.takeComplaints()).isEmpty();
    }

    /** Signs a new person up; the page is the first screen. */
    private static Page signUp(RunningDunlin.App dunlin, String workspace) {
        var page = browser.desktop(dunlin.console());
        page.navigate("/");
        page.getByText("Create a free account").click();
        page.getByLabel("E-mail").fill("person-" + people.incrementAndGet() + "@example.com");
        page.getByLabel("Password").fill(PASSWORD);
        page.getByLabel("Workspace name").fill(workspace);
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Create account"))
                .click();
        page.waitForURL("**/welcome");
        return page;
    }

    /** A line of the block with all that a device needs. */
    private static String fact(Page page, String label) {
        var matcher = Pattern.compile("(?m)^" + label + " +(\\S+)$")
                .matcher(page.locator("#connect-block").textContent());
        assertThat(matcher.find()).isTrue();
        return matcher.group(1);
    }

    private static Mqtt5BlockingClient device(RunningDunlin.App dunlin, Page welcome) {
        var client = MqttClient.builder()
                .useMqttVersion5()
                .serverHost("localhost")
                .serverPort(dunlin.port(Transport.TCP))
                .simpleAuth()
                .username(fact(welcome, "User name"))
                .password(fact(welcome, "Secret").getBytes(StandardCharsets.UTF_8))
                .applySimpleAuth()
                .buildBlocking();
        client.connect();
        return client;
    }

    /** From then on the page hears of what happens. */
    private static void awaitStream(Page page) {
        assertThat(page.locator("body")).hasAttribute("data-feed-state", "open");
    }

    private static Page live(Page page) {
        page.navigate("/live");
        assertThat(page.locator("#live-state")).hasText("connected");
        return page;
    }

    private static Locator messages(Page live) {
        return live.locator("#live-stream li");
    }

    @Test
    void leadsFromSignUpToTheFirstMessageAndToARefusalThatIsExplained(RunningDunlin.App dunlin) {
        // given someone who has just signed up, and the first screen
        var page = signUp(dunlin, "Greenhouse");
        var secret = fact(page, "Secret");
        assertThat(page.url()).doesNotContain(secret);
        assertThat(fact(page, "Port")).isEqualTo(String.valueOf(dunlin.port(Transport.TCP)));
        assertThat(page.locator("#watch")).hasAttribute("data-state", "waiting");
        TestBrowser.screenshots(page, "walk-welcome-waiting");
        page.evaluate("window.notReloaded = true");
        awaitStream(page);

        // when the printed command is run verbatim
        var command = page.locator("#code-mosquitto-pub").textContent();
        var ran = Shell.run(command);
        assertThat(ran.exitCode()).as("%s: %s", command, ran.output()).isZero();

        // then the panel turns by itself and shows the payload
        assertThat(page.locator("#watch")).hasAttribute("data-state", "connected");
        assertThat(page.locator("#watch [data-part=payload]")).hasText("Hello from my-first-device");
        assertThat(page.evaluate("window.notReloaded")).isEqualTo(true);
        TestBrowser.screenshots(page, "walk-welcome-connected");

        // and Live shows the topic in the tree and the message in the stream
        var device = device(dunlin, page);
        page.getByText("See all messages on Live").click();
        assertThat(page.locator("#live-state")).hasText("connected");
        assertThat(Shell.run(command).exitCode()).isZero();
        assertThat(page.locator("#live-tree")).containsText("my-first-device");
        assertThat(page.locator("#live-tree .name", new Page.LocatorOptions().setHasText("hello")))
                .hasCount(1);
        assertThat(messages(page).first()).containsText("my-first-device/hello");
        assertThat(messages(page).first()).containsText("Hello from my-first-device");

        // and when its only permission is removed, its next publish is refused within a second
        var problems = page.context().newPage();
        problems.navigate("/problems");
        assertThat(problems.getByText("No problems")).isVisible();
        awaitStream(problems);
        page.navigate("/devices/my-first-device");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName(Pattern.compile("Remove: allow")))
                .click();
        assertThat(page.getByText("The permission is removed")).isVisible();
        Awaitility.await()
                .atMost(IN_EFFECT_WITHIN)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> answer(device) == Mqtt5PubAckReasonCode.NOT_AUTHORIZED);

        // and Problems says so by itself, with what decided
        assertThat(problems.locator(".problem").first())
                .containsText(
                        "A message of my-first-device was refused",
                        new LocatorAssertions.ContainsTextOptions().setTimeout(2_000));
        assertThat(problems.locator(".problem").first()).containsText("No rule of the device allows the topic boiler");
        TestBrowser.screenshots(problems, "walk-problems");
        TestBrowser.screenshots(page, "walk-device-without-permissions");

        // and a deny that is added then is named
        page.getByLabel("Topic").fill("boiler/#");
        page.getByLabel("Rule").selectOption("DENY");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Add permission"))
                .click();
        assertThat(page.getByText("The permission is added")).isVisible();
        Awaitility.await().atMost(IN_EFFECT_WITHIN).untilAsserted(() -> {
            answer(device);
            assertThat(problems.locator(".problem", new Page.LocatorOptions().setHasText("deny all boiler/#"))
                            .count())
                    .isEqualTo(1);
        });
        device.disconnect();
        page.context().close();
    }

    private static Mqtt5PubAckReasonCode answer(Mqtt5BlockingClient device) {
        try {
            var result = device.publishWith()
                    .topic("boiler/temperature")
                    .qos(MqttQos.AT_LEAST_ONCE)
                    .payload("71".getBytes(StandardCharsets.UTF_8))
                    .send();
            return result.getError().isPresent() ? Mqtt5PubAckReasonCode.NOT_AUTHORIZED : Mqtt5PubAckReasonCode.SUCCESS;
        } catch (Mqtt5PubAckException refused) {
            return refused.getMqttMessage().getReasonCode();
        }
    }

    @Test
    void saysOnTheFirstScreenWhyADeviceWasRefused(RunningDunlin.App dunlin) {
        var page = signUp(dunlin, "Refused");
        awaitStream(page);
        var command = page.locator("#code-mosquitto-pub").textContent();
        Shell.run(command.replace(fact(page, "Secret"), "not-the-secret"));
        assertThat(page.locator("#watch")).hasAttribute("data-state", "refused");
        assertThat(page.locator("#watch")).containsText("The secret is wrong");
        TestBrowser.screenshots(page, "walk-welcome-refused");
        // a slip in the name is told, too
        Shell.run(command.replace(".my-first-device", ".my-frist-device"));
        assertThat(page.locator("#watch")).containsText("There is no device named my-frist-device");
        page.context().close();
    }

    @Test
    void printsJavaScriptThatRunsAsItStands(RunningDunlin.App dunlin) throws IOException {
        var page = signUp(dunlin, "JavaScript");
        awaitStream(page);
        var program = TestTools.mqttJs().resolve("device-" + dunlin.port(Transport.TCP) + ".mjs");
        Files.writeString(program, page.locator("#code-javascript").textContent());
        var ran = Shell.run(TestTools.node() + " " + program);
        Files.delete(program);
        assertThat(ran.output()).contains("Connected", "Published");
        assertThat(ran.exitCode()).isZero();
        assertThat(page.locator("#watch [data-part=payload]")).hasText("Hello from my-first-device");
        page.context().close();
    }

    @Test
    void showsThePrintedListenerWhatAnotherDevicePublishes(RunningDunlin.App dunlin) {
        var page = signUp(dunlin, "Listeners");
        var device = device(dunlin, page);
        var command = page.locator("#code-mosquitto-sub").textContent() + " -C 1 -W 15";
        var listener = CompletableFuture.supplyAsync(() -> Shell.run(command));
        Awaitility.await().until(() -> {
            device.publishWith()
                    .topic("a")
                    .payload("b".getBytes(StandardCharsets.UTF_8))
                    .send();
            return listener.isDone();
        });
        assertThat(listener.join().output()).contains("a b");
        device.disconnect();
        page.context().close();
    }

    @Test
    void createsRotatesDisablesAndDeletesADevice(RunningDunlin.App dunlin) {
        var page = signUp(dunlin, "Devices");
        page.navigate("/devices");
        page.getByText("New device").click();
        page.getByLabel("Name", new Page.GetByLabelOptions().setExact(true)).fill("no such name!");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Create device"))
                .click();
        assertThat(page.locator("#name-error")).containsText("Try esp32-kitchen");
        TestBrowser.screenshots(page, "walk-device-new-wrong");
        page.getByLabel("Name", new Page.GetByLabelOptions().setExact(true)).fill("kitchen");
        page.getByLabel("Publish only").check();
        page.getByLabel(Pattern.compile("^Topic")).fill("home/kitchen/+/it's");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Create device"))
                .click();
        page.waitForURL("**/devices/kitchen/connect");
        awaitStream(page);
        var first = page.locator("#code-mosquitto-pub").textContent();
        assertThat(Shell.run(first)).as(first).extracting(Shell::exitCode).isEqualTo(0);
        assertThat(page.locator("#watch [data-part=topic]")).hasText("home/kitchen/hello/it's");

        // rotated with the old secret kept: both work
        page.getByText("I have copied the secret").click();
        page.waitForURL("**/devices/kitchen");
        assertThat(page.locator("main"))
                .not()
                .containsText(first.split(" -P ")[1].split(" ")[0]);
        page.getByText("Make a new secret").click();
        page.waitForURL("**/devices/kitchen/connect");
        var second = page.locator("#code-mosquitto-pub").textContent();
        assertThat(second).isNotEqualTo(first);
        assertThat(Shell.run(first).exitCode()).isZero();
        assertThat(Shell.run(second).exitCode()).isZero();

        // rotated at once: only the new one
        page.navigate("/devices/kitchen");
        page.getByLabel("End the old one now").check();
        page.getByText("Make a new secret").click();
        page.waitForURL("**/devices/kitchen/connect");
        var third = page.locator("#code-mosquitto-pub").textContent();
        Awaitility.await()
                .atMost(Duration.ofSeconds(2))
                .untilAsserted(() -> assertThat(Shell.run(second).exitCode()).isNotZero());
        assertThat(Shell.run(third).exitCode()).isZero();

        // disabled, the open list shows it by itself
        var list = page.context().newPage();
        list.navigate("/devices");
        awaitStream(list);
        page.navigate("/devices/kitchen");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Disable"))
                .click();
        assertThat(page.getByText("The device is disabled")).isVisible();
        assertThat(list.locator("tr", new Page.LocatorOptions().setHasText("kitchen")))
                .containsText("disabled");
        assertThat(Shell.run(third).exitCode()).isNotZero();
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Enable"))
                .click();
        assertThat(page.getByText("The device is enabled")).isVisible();
        Awaitility.await()
                .atMost(Duration.ofSeconds(2))
                .untilAsserted(() -> assertThat(Shell.run(third).exitCode()).isZero());

        // deleted, after it was said what is lost
        page.getByText("Delete …").click();
        assertThat(page.locator("main")).containsText("its own permissions (1)");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Delete kitchen"))
                .click();
        assertThat(page.getByText("The device is deleted")).isVisible();
        Awaitility.await()
                .atMost(Duration.ofSeconds(2))
                .untilAsserted(() -> assertThat(Shell.run(third).exitCode()).isNotZero());
        page.context().close();
    }

    @Test
    void showsInTheListWhoIsOnlineByItself(RunningDunlin.App dunlin) {
        var welcome = signUp(dunlin, "Online");
        var page = welcome.context().newPage();
        page.navigate("/devices");
        var row = page.locator("tr", new Page.LocatorOptions().setHasText("my-first-device"));
        assertThat(row).containsText("offline");
        awaitStream(page);
        var device = device(dunlin, welcome);
        assertThat(row).containsText("online");
        TestBrowser.screenshots(page, "walk-devices");
        device.disconnect();
        assertThat(row).containsText("offline");
        page.context().close();
    }

    @Test
    void keepsTwoTenantsApartOnLive(RunningDunlin.App dunlin) {
        var acme = signUp(dunlin, "Acme");
        var acmeDevice = device(dunlin, acme);
        var umbrella = signUp(dunlin, "Umbrella");
        var umbrellaDevice = device(dunlin, umbrella);
        live(acme);
        live(umbrella);
        // when both publish on the same topics; each one's last message is the fence
        for (var payload : new String[] {"one", "two", "last"}) {
            publish(acmeDevice, "plant/boiler", payload + " of acme");
            publish(umbrellaDevice, "plant/boiler", payload + " of umbrella");
        }
        assertThat(messages(acme).first()).containsText("last of acme");
        assertThat(messages(umbrella).first()).containsText("last of umbrella");
        // then nothing of the other is there, nor counted
        assertThat(acme.locator("#live-stream").textContent()).doesNotContain("umbrella");
        assertThat(umbrella.locator("#live-stream").textContent()).doesNotContain("acme");
        assertThat(acme.locator("#live-count")).hasText("3 messages");
        assertThat(umbrella.locator("#live-count")).hasText("3 messages");
        acmeDevice.disconnect();
        umbrellaDevice.disconnect();
        acme.context().close();
        umbrella.context().close();
    }

    @Test
    void showsHostileMessagesAsText(RunningDunlin.App dunlin) {
        var page = signUp(dunlin, "Hostile");
        var device = device(dunlin, page);
        live(page);
        publish(device, "<img src=x onerror=window.hacked=1>/<b>bold</b>", "<script>window.hacked=1</script>");
        publish(device, "binary", new byte[] {(byte) 0xff, 0, 0x10, (byte) 0x80});
        publish(device, "json", "{\"a\":[1,2],\"b\":\"</pre><script>window.hacked=1</script>\"}");
        publish(device, "//deep//", "empty levels");
        publish(device, "x/".repeat(100) + "end", "deep");
        publish(device, "fence", "");
        assertThat(messages(page).first()).containsText("fence");
        assertThat(messages(page)).hasCount(6);
        assertThat(page.locator("#live img, #live b, #live script").count()).isZero();
        assertThat(page.evaluate("window.hacked")).isNull();
        assertThat(page.locator("#live-stream")).containsText("<script>window.hacked=1</script>");
        assertThat(page.locator("#live-stream")).containsText("ff 00 10 80");
        assertThat(page.locator("#live-stream")).containsText("\"a\": [");
        TestBrowser.screenshots(page, "walk-live");

        // filters: part of a text, or an MQTT filter
        page.locator("#live-filter").fill("json");
        assertThat(page.locator("#live-stream li:not([hidden])")).hasCount(1);
        page.locator("#live-filter").fill("+/deep/#");
        assertThat(page.locator("#live-stream li:not([hidden])")).hasCount(0);
        page.locator("#live-filter").fill("+/+/deep/#");
        assertThat(page.locator("#live-stream li:not([hidden])")).hasCount(1);
        page.locator("#live-clear").click();
        assertThat(messages(page)).hasCount(0);
        device.disconnect();
        page.context().close();
    }

    @Test
    void publishesFromLiveAndSaysWhatBecameOfIt(RunningDunlin.App dunlin) {
        var page = live(signUp(dunlin, "Publishing"));
        page.getByLabel("Topic", new Page.GetByLabelOptions().setExact(true)).fill("commands/lamp");
        page.getByLabel("Message", new Page.GetByLabelOptions().setExact(true)).fill("on");
        page.getByRole(AriaRole.BUTTON, new Page.GetByRoleOptions().setName("Publish"))
                .click();
        assertThat(page.locator("#live-answer")).hasText("Accepted by the broker.");
        assertThat(messages(page).first()).containsText("commands/lamp");
        page.getByLabel("Topic", new Page.GetByLabelOptions().setExact(true)).fill("lamp/+");
        page.keyboard().press("Enter");
        assertThat(page.locator("#live-answer")).containsText("neither + nor #");
        page.getByLabel("Topic", new Page.GetByLabelOptions().setExact(true)).fill("$SYS/forged");
        page.keyboard().press("Enter");
        assertThat(page.locator("#live-answer")).containsText("Refused:");
        TestBrowser.screenshots(page, "walk-live-refused");
        page.context().close();
    }

    @Test
    void comesBackByItselfWithANewTokenWhenItsConnectionEnds(RunningDunlin.App dunlin) {
        var page = signUp(dunlin, "Coming back");
        var slug = fact(page, "User name").split("\\.")[0];
        live(page);
        var tenant = dunlin.bean(Tenants.class).findBySlug(slug).orElseThrow().id();
        var board = dunlin.bean(PresenceBoard.class);
        Awaitility.await().until(() -> board.online(tenant).size() == 1);
        var before = board.online(tenant).get(0);
        // when someone takes the page's session over, with a live token of the same person
        var token = page.evaluate("""
                fetch('/live/token', {method: 'POST', headers: {[dunlin.meta('csrf-header')]: dunlin.meta('csrf-token')}})
                  .then(r => r.json()).then(t => [t.userName, t.password])""");
        @SuppressWarnings("unchecked")
        var login = (List<String>) token;
        var thief = MqttClient.builder()
                .useMqttVersion5()
                .identifier(before.clientId())
                .serverHost("localhost")
                .serverPort(dunlin.port(Transport.TCP))
                .simpleAuth()
                .username(login.get(0))
                .password(login.get(1).getBytes(StandardCharsets.UTF_8))
                .applySimpleAuth()
                .buildBlocking();
        thief.connect();
        // then the page is back, with another client id, and hears what is published
        Awaitility.await()
                .until(() -> board.online(tenant).stream()
                        .anyMatch(client -> !client.clientId().equals(before.clientId())));
        assertThat(page.locator("#live-state")).hasText("connected");
        publish(thief, "back", "again");
        assertThat(messages(page).first()).containsText("again");
        thief.disconnect();
        page.context().close();
    }

    @Test
    void staysQuickInAFlood(RunningDunlin.App dunlin) {
        var page = browser.desktop(dunlin.console());
        page.navigate("/login");
        page.getByLabel("E-mail").fill(RunningDunlin.UNLIMITED_OWNER);
        page.getByLabel("Password").fill(RunningDunlin.UNLIMITED_PASSWORD);
        page.keyboard().press("Enter");
        page.waitForURL("**/devices");
        live(page);
        var blocking = MqttClient.builder()
                .useMqttVersion5()
                .serverHost("localhost")
                .serverPort(dunlin.port(Transport.TCP))
                .simpleAuth()
                .username(RunningDunlin.UNLIMITED_USER_NAME)
                .password(RunningDunlin.UNLIMITED_SECRET.getBytes(StandardCharsets.UTF_8))
                .applySimpleAuth()
                .buildBlocking();
        blocking.connect();
        page.evaluate("""
                () => { window.longest = 0; let last = performance.now();
                  const tick = now => { window.longest = Math.max(window.longest, now - last); last = now; requestAnimationFrame(tick); };
                  requestAnimationFrame(tick); }""");
        Mqtt5AsyncClient device = blocking.toAsync();
        var messages = 20_000;
        var perBatch = 500;
        for (var batch = 0; batch < messages / perBatch; batch++) {
            var from = batch * perBatch;
            CompletableFuture.allOf(IntStream.range(from, from + perBatch)
                            .mapToObj(number -> device.publishWith()
                                    .topic("flood/" + number % 2000)
                                    .payload(("{\"number\": " + number + "}").getBytes(StandardCharsets.UTF_8))
                                    .send())
                            .toArray(CompletableFuture[]::new))
                    .join();
        }
        publish(blocking, "flood/end", "the end");
        assertThat(page.locator("#live-stream")).containsText("the end");
        assertThat(messages(page).count()).isLessThanOrEqualTo(300);
        assertThat(((Number) page.evaluate("window.longest")).doubleValue()).isLessThan(1_500);
        TestBrowser.screenshots(page, "walk-live-flood");
        blocking.disconnect();
        page.context().close();
    }

    @Test
    void canBeWalkedByKeyboardAlone(RunningDunlin.App dunlin) {
        var page = browser.person(dunlin.console(), TestBrowser.PHONE, ColorScheme.DARK)
                .newPage();
        page.navigate("/sign-up");
        var keys = page.keyboard();
        keys.type("person-" + people.incrementAndGet() + "@example.com"); // the first field has the focus
        keys.press("Tab");
        keys.type(PASSWORD);
        keys.press("Tab");
        keys.type("By keyboard");
        keys.press("Enter");
        page.waitForURL("**/welcome");
        // the first stop is the way past the navigation
        keys.press("Tab");
        assertThat(page.evaluate("document.activeElement.textContent")).isEqualTo("Skip to the content");
        keys.press("Enter");
        // tabs by arrow keys
        page.locator("#tab-mosquitto").focus();
        keys.press("ArrowRight");
        assertThat(page.locator("#snippet-python")).isVisible();
        assertThat(page.locator("#snippet-mosquitto")).isHidden();
        keys.press("End");
        assertThat(page.locator("#code-arduino")).containsText("PubSubClient");
        // out again
        page.getByText("Menu").focus();
        keys.press("Enter");
        page.getByText("Log out").focus();
        keys.press("Enter");
        page.waitForURL("**/login?out");
        page.navigate("/devices");
        page.waitForURL("**/login");
        page.context().close();
    }

    private static void publish(Mqtt5BlockingClient device, String topic, String payload) {
        publish(device, topic, payload.getBytes(StandardCharsets.UTF_8));
    }

    private static void publish(Mqtt5BlockingClient device, String topic, byte[] payload) {
        device.publishWith()
                .topic(topic)
                .qos(MqttQos.AT_LEAST_ONCE)
                .payload(payload)
                .send();
    }
}
