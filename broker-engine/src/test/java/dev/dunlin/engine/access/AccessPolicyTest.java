package dev.dunlin.engine.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.port.Access;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.engine.topic.TopicFilter;
import dev.dunlin.engine.topic.TopicName;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AccessPolicyTest {
    private static AccessPolicy policyOf(String clientId, PermissionRule... rules) {
        return AccessPolicy.compile(new Access(1, List.of(rules)), clientId, "boiler-7");
    }

    private static PermissionRule allow(Action action, String filter) {
        return PermissionRule.of("rule", Effect.ALLOW, action, filter);
    }

    private static PermissionRule deny(Action action, String filter) {
        return PermissionRule.of("rule", Effect.DENY, action, filter);
    }

    private static Incident.@Nullable Reason publish(AccessPolicy policy, String topic) {
        return policy.publish(TopicName.of(topic)).refuses(QoS.AT_MOST_ONCE, false);
    }

    private static Incident.@Nullable Reason subscribe(AccessPolicy policy, String filter) {
        return policy.subscribe(TopicFilter.of(filter)).refusal();
    }

    @Test
    void deniesWhatNothingAllows() {
        var policy = policyOf("c", allow(Action.PUBLISH, "plant/#"));
        assertThat(publish(policy, "plant/a")).isNull();
        assertThat(publish(policy, "office/a")).isEqualTo(Incident.Reason.NOT_ALLOWED_BY_ANY_RULE);
        assertThat(subscribe(policy, "plant/a")).isEqualTo(Incident.Reason.NOT_ALLOWED_BY_ANY_RULE);
    }

    @Test
    void letsADenyWinWhateverTheOrder() {
        for (var policy : List.of(
                policyOf("c", allow(Action.ALL, "#"), deny(Action.ALL, "private/#")),
                policyOf("c", deny(Action.ALL, "private/#"), allow(Action.ALL, "#")))) {
            assertThat(publish(policy, "private/x")).isEqualTo(Incident.Reason.DENIED_BY_RULE);
            assertThat(policy.publish(TopicName.of("private/x")).decidedBy()).isEqualTo("deny all private/#");
            assertThat(publish(policy, "public/x")).isNull();
            assertThat(policy.mayReceive(TopicName.of("private/x"))).isFalse();
            assertThat(policy.mayReceive(TopicName.of("public/x"))).isTrue();
        }
    }

    @Test
    void grantsASubscriptionWhereOneAllowCoversAllOfIt() {
        var policy = policyOf("c", allow(Action.SUBSCRIBE, "plant/+/state"), allow(Action.SUBSCRIBE, "lab/#"));
        assertThat(subscribe(policy, "plant/a/state")).isNull();
        assertThat(subscribe(policy, "plant/+/state")).isNull();
        assertThat(subscribe(policy, "lab")).isNull();
        assertThat(subscribe(policy, "$share/g/lab/+")).isNull();
        assertThat(subscribe(policy, "plant/#")).isEqualTo(Incident.Reason.NOT_ALLOWED_BY_ANY_RULE);
        assertThat(subscribe(policy, "#")).isEqualTo(Incident.Reason.NOT_ALLOWED_BY_ANY_RULE);
    }

    @Test
    void hidesWhatADenyTakesOutOfAGrantedFilter() {
        var policy = policyOf("c", allow(Action.SUBSCRIBE, "#"), deny(Action.SUBSCRIBE, "private/#"));
        assertThat(policy.subscribe(TopicFilter.of("#")).hidden()).containsExactly(TopicFilter.of("private/#"));
        assertThat(policy.subscribe(TopicFilter.of("plant/#")).hidden()).isEmpty();
        assertThat(subscribe(policy, "private/+")).isEqualTo(Incident.Reason.DENIED_BY_RULE);
    }

    @Test
    void keepsReservedTopicsForWhomTheyAreNamed() {
        assertThat(publish(policyOf("c", allow(Action.ALL, "$SYS/#")), "$SYS/a"))
                .isEqualTo(Incident.Reason.RESERVED_TOPIC);
        assertThat(subscribe(policyOf("c", allow(Action.ALL, "#")), "$SYS/#"))
                .isEqualTo(Incident.Reason.NOT_ALLOWED_BY_ANY_RULE);
        assertThat(subscribe(policyOf("c", allow(Action.ALL, "$SYS/#")), "$SYS/clients/+"))
                .isNull();
    }

    @Test
    void limitsQosAndRetain() {
        var policy = policyOf("c", new PermissionRule("rule", Effect.ALLOW, Action.ALL, "#", 1, false));
        var answer = policy.publish(TopicName.of("a"));
        assertThat(answer.refuses(QoS.AT_LEAST_ONCE, false)).isNull();
        assertThat(answer.refuses(QoS.EXACTLY_ONCE, false)).isEqualTo(Incident.Reason.QOS_NOT_ALLOWED);
        assertThat(answer.refuses(QoS.AT_MOST_ONCE, true)).isEqualTo(Incident.Reason.RETAIN_NOT_ALLOWED);
        assertThat(policy.subscribe(TopicFilter.of("a")).maxQos()).isEqualTo(QoS.AT_LEAST_ONCE);
    }

    @Test
    void putsInTheClientsOwnNames() {
        var policy = policyOf(
                "meter-1", allow(Action.ALL, "by-id/${clientid}/#"), allow(Action.ALL, "by-name/x-${credential}-y"));
        assertThat(publish(policy, "by-id/meter-1/a")).isNull();
        assertThat(publish(policy, "by-id/meter-2/a")).isNotNull();
        assertThat(publish(policy, "by-name/x-boiler-7-y")).isNull();
        assertThat(publish(policy, "by-name/x-${credential}-y")).isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"+", "#", "a/b", "a/+", "x/#", "$SYS", "${credential}"})
    void isNeverWidenedByAClientId(String clientId) {
        var policy = policyOf(clientId, allow(Action.ALL, "${clientid}/#"), allow(Action.ALL, "own/${clientid}"));
        assertThat(subscribe(policy, "#")).isNotNull();
        assertThat(subscribe(policy, "own/+")).isNotNull();
        assertThat(subscribe(policy, "own/#")).isNotNull();
        assertThat(subscribe(policy, "$SYS/#")).isNotNull();
        assertThat(publish(policy, "a/b/c")).isNotNull();
        assertThat(publish(policy, "own/boiler-7")).isNotNull();
        assertThat(policy.mayReceive(TopicName.of("own/other"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"+", "#", "a/b"})
    void deniesMoreRatherThanLessToAClientIdThatReshapesARule(String clientId) {
        var policy = policyOf(clientId, allow(Action.ALL, "#"), deny(Action.ALL, "own/${clientid}/secret"));
        assertThat(publish(policy, "own/a/secret")).isEqualTo(Incident.Reason.DENIED_BY_RULE);
        assertThat(publish(policy, "own/a/public")).isNull();
    }
}
