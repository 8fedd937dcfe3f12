package dev.dunlin.console.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.permission.PermissionView;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SnippetsTest {
    private static PermissionView rule(Effect effect, Action action, String filter) {
        return new PermissionView(new UUID(0, 0), effect, action, filter, 2, true, null);
    }

    private static ExampleTopic topic(PermissionView... rules) {
        return ExampleTopic.of(List.of(rules), "boiler-7", "esp-1");
    }

    @ParameterizedTest
    @CsvSource({
        "#, boiler-7/hello",
        "${credential}/#, boiler-7/hello",
        "plant/+/of/${clientid}, plant/hello/of/esp-1",
        "plant/boiler, plant/boiler",
        "plant/#, plant/hello",
    })
    void suggestsATopicThatTheRuleAllows(String filter, String topic) {
        assertThat(topic(rule(Effect.ALLOW, Action.ALL, filter)).publish()).contains(topic);
    }

    @Test
    void suggestsNoTopicThatADenyCovers() {
        var allowed = rule(Effect.ALLOW, Action.ALL, "#");
        assertThat(topic(allowed, rule(Effect.DENY, Action.PUBLISH, "boiler-7/#"))
                        .publish())
                .contains("hello");
        assertThat(topic(allowed, rule(Effect.DENY, Action.ALL, "#")).publish()).isEmpty();
        assertThat(topic(rule(Effect.ALLOW, Action.SUBSCRIBE, "a/#")).publish()).isEmpty();
        assertThat(topic(rule(Effect.ALLOW, Action.SUBSCRIBE, "a/#")).subscribe())
                .contains("a/#");
        assertThat(topic(rule(Effect.ALLOW, Action.PUBLISH, "$SYS/x")).publish())
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "plain",
                "two words",
                "it's",
                "a\"b",
                "$HOME `id` \\ !",
                "#",
                "back\\slash",
                "new\nline",
                "ünï",
                "",
                "-x",
                "~"
            })
    void quotesForTheShellWhatStaysTheSameThere(String text) throws Exception {
        var process = new ProcessBuilder("sh", "-c", "printf %s " + Snippets.shell(text)).start();
        assertThat(new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8))
                .isEqualTo(text);
    }

    @Test
    void quotesForProgramsWithoutLeavingTheLiteral() {
        assertThat(Snippets.quoted("a\"; system(\"x\\\n")).isEqualTo("\"a\\\"; system(\\\"x\\\\\"");
    }

    @Test
    void listensWhereTheDeviceMayNotPublish() {
        var snippets = Snippets.of(new Snippets.Values(
                "broker.example.com",
                8883,
                true,
                "acme.boiler-7",
                "s3cret",
                "esp-1",
                new ExampleTopic(Optional.empty(), Optional.of("plant/#")),
                "boiler-7"));
        var all = String.join(
                "\n",
                snippets.stream()
                        .flatMap(snippet -> snippet.code().stream())
                        .map(Snippets.Code::text)
                        .toList());
        assertThat(all)
                .contains(
                        "mosquitto_sub -V 5 -h broker.example.com -p 8883 --tls-use-os-certs -u acme.boiler-7 -P s3cret -i esp-1 -t \"plant/#\" -v")
                .contains("client.tls_set()", "protocol: \"mqtts\"", "WiFiClientSecure", "clientId: \"esp-1\"")
                .doesNotContain("mosquitto_pub", "publish(");
        assertThat(Arrays.asList("mosquitto", "python", "javascript", "arduino"))
                .isEqualTo(snippets.stream().map(Snippets.Snippet::id).toList());
    }
}
