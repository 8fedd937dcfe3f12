package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.engine.testkit.MemoryPorts;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.time.Instant;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client may do, and that it may do no more: when it begins, and when that changes. */
class PermissionTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    private static PermissionRule allow(Action action, String filter) {
        return PermissionRule.of("allow-" + filter, Effect.ALLOW, action, filter);
    }

    private static PermissionRule deny(Action action, String filter) {
        return PermissionRule.of("deny-" + filter, Effect.DENY, action, filter);
    }

    private MemoryPorts.Credential sensor(PermissionRule... rules) {
        return acme.addCredential("sensor", "sensor's secret", rules);
    }

    /** A client that may do everything, and is subscribed to everything. */
    /**
     * Returns when a change made before is applied to what {@code client} may do. A change is a task of the client's event
     * loop, and one PINGRESP may leave in the turn that ends with it; the second is answered in a later turn.
     */
    private static void awaitChange(WireClient client) {
        client.ping();
        client.ping();
    }

    private WireClient witness(MqttVersion version) {
        var witness = connect(version, "witness");
        witness.subscribe(2, "#");
        return witness;
    }

    private void assertToldOf(Incident.Kind kind, Incident.Reason reason, String topic, @Nullable String rule) {
        await().untilAsserted(() -> assertThat(incidents()).anySatisfy(incident -> {
            assertThat(incident.kind()).isEqualTo(kind);
            assertThat(incident.reason()).isEqualTo(reason);
            assertThat(incident.credential()).isEqualTo("sensor");
            assertThat(incident.clientId()).isEqualTo("device");
            assertThat(incident.topic()).isEqualTo(topic);
            assertThat(incident.decidedBy()).isEqualTo(rule);
        }));
    }

    // Publish

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.3.5-2]", "MQTT 5 [MQTT-3.4.2-1]", "MQTT 5 [MQTT-3.5.2-1]", "MQTT 3.1 §3.3-2"})
    void refusesAPublishThatADenyCoversAndSaysWhichRuleDecided(MqttVersion version) {
        // given
        var witness = witness(version);
        var client = connect(version, "device", sensor(allow(Action.ALL, "#"), deny(Action.PUBLISH, "private/#")));
        for (int qos = 0; qos <= 2; qos++) {
            // when
            int answer = client.publish("private/a", "no", qos, qos == 1);
            // then MQTT 5 is told, and 3.x is answered as if nothing were wrong
            assertThat(answer).isEqualTo(qos > 0 ? reasonFor(version, 0x87, 0) : 0);
        }
        client.publish("open/a", "yes", 1, false);
        assertThat(witness.receiveMessage().payload()).isEqualTo("yes");
        var late = connect(version, "late");
        late.subscribe(0, "private/#");
        assertThat(late.ping()).isEmpty();
        assertToldOf(Incident.Kind.PUBLISH, Incident.Reason.DENIED_BY_RULE, "private/a", "deny publish private/#");
        assertThat(incidents()).hasSize(3);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void refusesAPublishThatNothingAllows(MqttVersion version) {
        var witness = witness(version);
        var client = connect(
                version, "device", sensor(allow(Action.PUBLISH, "plant/+/state"), allow(Action.SUBSCRIBE, "#")));
        for (var topic : List.of("plant", "plant/state", "plant/a/b/state", "plant/a/states", "Plant/a/state")) {
            assertThat(client.publish(topic, "no", 1, false)).isEqualTo(reasonFor(version, 0x87, 0));
            assertToldOf(Incident.Kind.PUBLISH, Incident.Reason.NOT_ALLOWED_BY_ANY_RULE, topic, null);
        }
        assertThat(client.publish("plant/a/state", "yes", 1, false)).isZero();
        assertThat(payloads(moreFrom(connect(version, "pub"), witness))).containsExactly("yes");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void keepsToTheHighestQosAndToRetainOfTheRule(MqttVersion version) {
        var client = connect(
                version,
                "device",
                sensor(
                        new PermissionRule("1", Effect.ALLOW, Action.ALL, "low/#", 1, true),
                        new PermissionRule("2", Effect.ALLOW, Action.ALL, "live/#", 2, false)));
        int refused = reasonFor(version, 0x87, 0);
        // publish
        assertThat(client.publish("low/a", "m", 1, true)).isZero();
        assertThat(client.publish("low/a", "m", 2, false)).isEqualTo(refused);
        assertThat(client.publish("live/a", "m", 2, false)).isZero();
        assertThat(client.publish("live/a", "m", 1, true)).isEqualTo(refused);
        assertToldOf(Incident.Kind.PUBLISH, Incident.Reason.QOS_NOT_ALLOWED, "low/a", "allow all low/#");
        assertToldOf(Incident.Kind.PUBLISH, Incident.Reason.RETAIN_NOT_ALLOWED, "live/a", "allow all live/#");
        // subscribe
        assertThat(client.subscribe(2, "low/#")).isEqualTo(1);
        assertThat(client.subscribe(2, "live/#")).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void letsNobodyPublishToReservedTopics(MqttVersion version) {
        // given a credential that may do everything, and says so again
        var client = connect(
                version,
                "device",
                sensor(allow(Action.ALL, "#"), allow(Action.ALL, "$SYS/#"), allow(Action.ALL, "$a")));
        for (var topic : List.of("$SYS/clients/x/connected", "$share/g/a", "$a", "$")) {
            assertThat(client.publish(topic, "no", 1, false)).isEqualTo(reasonFor(version, 0x87, 0));
            assertToldOf(Incident.Kind.PUBLISH, Incident.Reason.RESERVED_TOPIC, topic, null);
        }
    }

    // Subscribe

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void grantsOnlyWhatAnAllowCoversWhole(MqttVersion version) {
        var client = connect(
                version,
                "device",
                sensor(
                        allow(Action.SUBSCRIBE, "plant/+/state"),
                        allow(Action.ALL, "own/#"),
                        deny(Action.ALL, "own/not/#")));
        int refused = reasonFor(version, 0x87, 0x80);
        for (var filter : List.of(
                "#",
                "+",
                "plant/#",
                "plant/+/+",
                "plant/a/#",
                "+/a/state",
                "ownx",
                "own/not/#",
                "own/not",
                "own/not/a/+",
                "+/#",
                "/own")) {
            assertThat(client.subscribe(1, filter)).as(filter).isEqualTo(refused);
        }
        for (var filter : List.of("plant/+/state", "plant/a/state", "own", "own/#", "own/+", "own/a/+/#")) {
            assertThat(client.subscribe(1, filter)).as(filter).isEqualTo(1);
        }
        assertToldOf(Incident.Kind.SUBSCRIBE, Incident.Reason.NOT_ALLOWED_BY_ANY_RULE, "plant/#", null);
        assertToldOf(Incident.Kind.SUBSCRIBE, Incident.Reason.DENIED_BY_RULE, "own/not/a/+", "deny all own/not/#");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void showsTheServersTopicsToWhomTheyAreAllowedByName(MqttVersion version) {
        int refused = reasonFor(version, 0x87, 0x80);
        var everything = connect(version, "device", sensor(allow(Action.ALL, "#"), allow(Action.ALL, "+/#")));
        for (var filter : List.of("$SYS/#", "$SYS/clients/+/connected", "$other/a", "$share/g/$SYS/#")) {
            assertThat(everything.subscribe(0, filter)).as(filter).isEqualTo(refused);
        }
        var named = connect(version, "named", acme.addCredential("named", "s", allow(Action.SUBSCRIBE, "$SYS/#")));
        assertThat(named.subscribe(0, "$SYS/#")).isZero();
        assertThat(named.subscribe(0, "#")).isEqualTo(refused);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void hidesWhatADenyTakesOutOfASubscription(MqttVersion version) {
        // given retained messages, and a device that is subscribed to more than it may read
        var admin = connect(version, "admin");
        admin.publish("plant/a", "open kept", 1, true);
        admin.publish("plant/private/a", "hidden kept", 1, true);
        var sensor = sensor(allow(Action.SUBSCRIBE, "#"), deny(Action.SUBSCRIBE, "+/private/#"));
        var connect = WireConnect.of(version, "device").as(sensor).resuming();
        var client = connect(version.hasProperties() ? connect.sessionExpiry(60) : connect);
        assertThat(client.subscribe(1, "plant/#")).isEqualTo(1);
        // then retained messages are hidden
        assertThat(client.receiveMessage().payload()).isEqualTo("open kept");
        // and live ones
        admin.publish("plant/private", "hidden", 1, false);
        admin.publish("plant/private/b/c", "hidden", 1, false);
        admin.publish("plant/b", "open", 1, false);
        assertThat(client.receiveMessage().payload()).isEqualTo("open");
        assertThat(client.ping()).isEmpty();
        client.disconnect();
        // and those that come while the device is away
        admin.publish("plant/private/b", "hidden", 1, false);
        admin.publish("plant/b", "queued", 1, false);
        var again = connect(version.hasProperties() ? connect.sessionExpiry(60) : connect);
        assertThat(again.receiveMessage().payload()).isEqualTo("queued");
        assertThat(again.ping()).isEmpty();
    }

    // Variables

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void putsClientIdAndCredentialIntoRules(MqttVersion version) {
        var client = connect(
                version,
                "device",
                sensor(
                        allow(Action.ALL, "by/${credential}/${clientid}/#"),
                        allow(Action.ALL, "x-${clientid}-y"),
                        deny(Action.ALL, "by/+/${clientid}/secret")));
        assertThat(client.publish("by/sensor/device/a", "m", 1, false)).isZero();
        assertThat(client.publish("x-device-y", "m", 1, false)).isZero();
        assertThat(client.subscribe(0, "by/sensor/device/+")).isZero();
        for (var topic : List.of(
                "by/sensor/other",
                "by/other/device",
                "x--y",
                "by/sensor/device/secret",
                "by/${credential}/${clientid}/a")) {
            assertThat(client.publish(topic, "m", 1, false)).as(topic).isEqualTo(reasonFor(version, 0x87, 0));
        }
        await().untilAsserted(() -> assertThat(incidents()).hasSize(5));
    }

    @ParameterizedTest
    @ValueSource(strings = {"+", "#", "a/b", "/", "a/#", "+/+", "a/../b", "../#", "$SYS", "$share", "${credential}"})
    void letsNoClientIdWidenARule(String clientId) {
        var sensor = sensor(
                allow(Action.ALL, "own/${clientid}/#"),
                allow(Action.ALL, "${clientid}/#"),
                allow(Action.ALL, "last/${clientid}"));
        var client = connect(V5, clientId, sensor);
        for (var topic : List.of(
                "own/other/a",
                "other/a",
                "own/a",
                "own/a/b",
                "last/other",
                "last/a/b",
                "own/sensor/x",
                "$SYS/a",
                "sensor/a")) {
            assertThat(client.publish(topic, "m", 1, false)).as(topic).isEqualTo(0x87);
        }
        for (var filter :
                List.of("#", "own/#", "own/+/#", "+/#", "last/+", "last/#", "$SYS/#", "own/other/a", "sensor/#")) {
            assertThat(client.subscribe(0, filter)).as(filter).isEqualTo(0x87);
        }
    }

    // Changes

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void appliesAChangeToWhatAnOpenConnectionPublishes(MqttVersion version) {
        // given
        var sensor = sensor(allow(Action.ALL, "#"));
        var witness = witness(version);
        var client = connect(version, "device", sensor);
        client.publish("plant/a", "before", 1, false);
        assertThat(witness.receiveMessage().payload()).isEqualTo("before");
        // when
        sensor.permit(allow(Action.SUBSCRIBE, "#"));
        awaitChange(client);
        // then
        assertThat(client.publish("plant/a", "after", 1, false)).isEqualTo(reasonFor(version, 0x87, 0));
        assertNothingMore(connect(version, "pub"), witness);
        // and back
        sensor.permit(allow(Action.ALL, "#"));
        awaitChange(client);
        assertThat(client.publish("plant/a", "again", 1, false)).isZero();
        assertThat(witness.receiveMessage().topic()).isNotNull();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void judgesSubscriptionsAnewWhenPermissionsChange(MqttVersion version) {
        // given
        var sensor = sensor(allow(Action.ALL, "#"));
        var client = connect(version, "device", sensor);
        client.subscribe(2, "plant/#", "other/#", "more/#");
        var admin = connect(version, "admin");
        // when one is gone, one is less, and a part of one is hidden
        sensor.permit(
                allow(Action.SUBSCRIBE, "plant/#"),
                deny(Action.SUBSCRIBE, "plant/private"),
                new PermissionRule("low", Effect.ALLOW, Action.SUBSCRIBE, "more/#", 0, true));
        awaitChange(client);
        admin.publish("other/a", "gone", 2, false);
        admin.publish("plant/private", "hidden", 2, false);
        admin.publish("more/a", "less", 2, false);
        admin.publish("plant/a", "as before", 2, false);
        // then
        var less = client.receiveMessage();
        assertThat(less.payload()).isEqualTo("less");
        assertThat(less.qos()).isZero();
        var before = client.receiveMessage();
        assertThat(before.payload()).isEqualTo("as before");
        assertThat(before.qos()).isEqualTo(2);
        assertThat(client.ping()).isEmpty();
        // and a subscription that was lowered is raised again
        sensor.permit(allow(Action.ALL, "#"));
        awaitChange(client);
        admin.publish("more/a", "all", 2, false);
        assertThat(client.receiveMessage().qos()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void deliversNothingThatWaitsAndMayNoLongerBeRead(MqttVersion version) {
        // given messages for an absent device, one of them sent before and not acknowledged
        var sensor = sensor(allow(Action.ALL, "#"));
        var connect = WireConnect.of(version, "device").as(sensor).resuming();
        connect = version.hasProperties() ? connect.sessionExpiry(60) : connect;
        var client = connect(connect);
        client.subscribe(1, "#");
        var admin = connect(version, "admin");
        admin.publish("private/a", "in flight", 1, false);
        client.expect(WirePacket.PUBLISH);
        client.close();
        await().until(() -> broker.ports().online().stream()
                .noneMatch(online ->
                        online.clientId().equals("device") && online.tenant().equals(acme.id())));
        admin.publish("private/b", "queued", 1, false);
        admin.publish("open/a", "open", 1, false);
        // when
        sensor.permit(allow(Action.ALL, "#"), deny(Action.SUBSCRIBE, "private/#"));
        // then
        var again = connect(connect);
        assertThat(again.receiveMessage().payload()).isEqualTo("open");
        assertThat(again.ping()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void deliversNothingThatWaitsForAConnectedClientAndMayNoLongerBeRead(MqttVersion version) {
        // given a client whose window is full
        var sensor = sensor(allow(Action.ALL, "#"));
        var connect = WireConnect.of(version, "device").as(sensor);
        int window = 1_024;
        if (version.hasProperties()) {
            window = 1;
            connect = connect.properties(Mqtt5.int16(Mqtt5.RECEIVE_MAXIMUM, 1));
        }
        var client = connect(connect);
        client.subscribe(1, "#");
        var admin = connect(version, "admin");
        for (int i = 0; i < window; i++) {
            admin.publish("open/a", "first", 1, false);
        }
        admin.publish("private/a", "waits", 1, false);
        admin.publish("open/a", "last", 1, false);
        // when
        sensor.permit(allow(Action.ALL, "#"), deny(Action.SUBSCRIBE, "private/#"));
        // then
        var first = client.ping();
        assertThat(payloads(first)).hasSize(window).containsOnly("first");
        first.forEach(message -> client.send(Wire.acknowledge(WirePacket.PUBACK, message.packetId())));
        assertThat(client.receiveMessage().payload()).isEqualTo("last");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void endsTheConnectionsOfACredentialThatIsRevoked(MqttVersion version) {
        var witness = witness(version);
        record Change(Incident.Reason reason, int code, Consumer<MemoryPorts.Credential> apply) {}
        for (var change : List.of(
                new Change(Incident.Reason.CREDENTIAL_DISABLED, 0x87, MemoryPorts.Credential::disable),
                new Change(Incident.Reason.CREDENTIAL_EXPIRED, 0x87, MemoryPorts.Credential::expire),
                new Change(Incident.Reason.CREDENTIAL_DELETED, 0x87, MemoryPorts.Credential::delete))) {
            // given two of its devices, with wills
            var sensor = sensor(allow(Action.ALL, "#"));
            var first = connect(WireConnect.of(version, "one").as(sensor).will("alarm", "will", 1, true));
            var second = connect(WireConnect.of(version, "two").as(sensor).will("alarm", "will", 1, true));
            // when
            change.apply.accept(sensor);
            // then both are told and closed
            for (var client : List.of(first, second)) {
                assertThat(client.awaitClose())
                        .extracting(WirePacket::reason)
                        .isEqualTo(version.hasProperties() ? List.of(change.code) : List.of());
            }
            await().untilAsserted(() -> assertThat(incidents().filter(incident -> incident.reason() == change.reason))
                    .hasSize(2));
            // and the others stay, and no will is published
            assertNothingMore(connect(version, "pub"), witness);
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void publishesNoDelayedWillOfACredentialThatIsRevokedMeanwhile(MqttVersion version) {
        // given a session that waits, with a will that is due at its end
        var witness = witness(version);
        var sensor = sensor(allow(Action.ALL, "#"));
        connect(WireConnect.of(V5, "device")
                        .as(sensor)
                        .sessionExpiry(3_600)
                        .will(new WireConnect.Will("alarm", "will", 1, true, Mqtt5.int32(Mqtt5.WILL_DELAY, 3_600))))
                .close();
        await().until(() -> broker.ports().online().stream()
                .noneMatch(online ->
                        online.clientId().equals("device") && online.tenant().equals(acme.id())));
        // when the credential is deleted, and with it the session
        sensor.delete();
        // then
        assertNothingMore(connect(version, "pub"), witness);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void publishesNoWillThatIsNotAllowedWhenItIsDue(MqttVersion version) {
        var witness = witness(version);
        var sensor = sensor(allow(Action.ALL, "#"));
        var client = connect(WireConnect.of(version, "device").as(sensor).will("alarm", "will", 1, true));
        sensor.permit(allow(Action.ALL, "plant/#"));
        awaitChange(client);
        client.close();
        assertToldOf(Incident.Kind.PUBLISH, Incident.Reason.NOT_ALLOWED_BY_ANY_RULE, "alarm", null);
        assertNothingMore(connect(version, "pub"), witness);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void tellsAtOnceOfAWillThatIsNotAllowed(MqttVersion version) {
        connect(WireConnect.of(version, "device")
                .as(sensor(allow(Action.ALL, "#"), deny(Action.ALL, "alarm")))
                .will("alarm", "will", 1, false));
        assertToldOf(Incident.Kind.PUBLISH, Incident.Reason.DENIED_BY_RULE, "alarm", "deny all alarm");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void endsTheConnectionsThatTheOldSecretOpened(MqttVersion version) {
        var sensor = sensor(allow(Action.ALL, "#"));
        var client = connect(version, "device", sensor);
        sensor.rotate("another");
        assertThat(client.awaitClose()).hasSize(version.hasProperties() ? 1 : 0);
        assertThat(connect(version, "device", sensor).ping()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void endsAllConnectionsOfATenantThatIsSuspended(MqttVersion version) {
        // given
        var clients = List.of(
                connect(WireConnect.of(version, "one").as(device).will("alarm", "will", 1, true)),
                connect(version, "two"),
                connect(version, "three"));
        var neighbour = broker.connect(version, "one");
        // when
        acme.suspend();
        // then
        for (var client : clients) {
            assertThat(client.awaitClose())
                    .extracting(WirePacket::reason)
                    .isEqualTo(version.hasProperties() ? List.of(0x98) : List.of());
        }
        assertThat(open().login(WireConnect.of(version, "one").as(device)).reason())
                .isEqualTo(reasonFor(version, 0x87, 5));
        // and the neighbour's stay
        assertThat(neighbour.ping()).isEmpty();
        neighbour.close();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void forgetsATenantThatIsDeleted(MqttVersion version) {
        awaitQuiet();
        // given a tenant with clients, a session that waits and a retained message
        connect(keeping(version, "absent")).disconnect();
        var client = connect(version, "device");
        client.publish("plant/a", "kept", 1, true);
        long before = broker.engine().statistics().tenants();
        // when
        acme.delete();
        // then
        assertThat(client.awaitClose()).hasSize(version.hasProperties() ? 1 : 0);
        await().until(() -> broker.engine().statistics().tenants() == before - 1);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void forgetsATenantThatIsDeletedWhenOnlyRetainedMessagesAreLeft(MqttVersion version) {
        awaitQuiet();
        // given
        var client = connect(version, "device");
        client.publish("plant/a", "kept", 1, true);
        client.disconnect();
        await().until(() -> broker.ports().online().stream()
                .noneMatch(online -> online.tenant().equals(acme.id())));
        long before = broker.engine().statistics().tenants();
        // when
        acme.delete();
        // then
        await().until(() -> broker.engine().statistics().tenants() == before - 1);
    }

    @Test
    void endsAConnectionWhenItsAdmissionDoes() {
        device.admitUntil(Instant.now().plusMillis(300));
        var client = connect(V5, "device");
        assertThat(client.awaitClose()).extracting(WirePacket::reason).containsExactly(0xA0);
        await().untilAsserted(() -> assertThat(incidents())
                .extracting(Incident::reason)
                .containsExactly(Incident.Reason.ADMISSION_EXPIRED));
    }

    // Sessions of others

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void leavesNothingOfASessionToAnotherCredential(MqttVersion version) {
        // given a session with a subscription, a queue and a message in flight
        var client = connect(keeping(version, "shared-id"));
        client.subscribe(1, "plant/#");
        var admin = connect(version, "admin");
        admin.publish("plant/a", "in flight", 1, false);
        client.expect(WirePacket.PUBLISH);
        client.close();
        admin.publish("plant/a", "queued", 1, false);
        // when another credential of the tenant uses the client id
        var sensor = sensor(allow(Action.ALL, "#"));
        var thief = open();
        var connack = thief.login(keeping(version, "shared-id").as(sensor));
        // then it has nothing
        assertThat(connack.reason()).isZero();
        assertThat(connack.isSessionPresent()).isFalse();
        admin.publish("plant/a", "live", 1, false);
        assertNothingMore(admin, thief);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void keepsTheSessionsOfACredentialThatIsDisabled(MqttVersion version) {
        awaitQuiet();
        var sensor = sensor(allow(Action.ALL, "#"));
        var client = connect(keeping(version, "device").as(sensor));
        client.subscribe(1, "plant/#");
        long before = broker.engine().statistics().sessions();
        sensor.disable();
        client.awaitClose();
        assertThat(broker.engine().statistics().sessions()).isEqualTo(before);
    }

    @Test
    void tellsTheTenantOfASubscriptionThatAChangeHasEnded() {
        // given
        var sensor = acme.addCredential("sensor", "s", allow(Action.ALL, "#"));
        var client = connect(MqttVersion.V5, "sensor", sensor);
        client.subscribe(1, "private/#");
        // when
        sensor.permit(allow(Action.ALL, "#"), deny(Action.SUBSCRIBE, "private/#"));
        // then
        await().untilAsserted(() -> assertThat(incidents()).anySatisfy(incident -> {
            assertThat(incident.kind()).isEqualTo(Incident.Kind.SUBSCRIBE);
            assertThat(incident.topic()).isEqualTo("private/#");
            assertThat(incident.decidedBy()).isEqualTo("deny subscribe private/#");
        }));
    }
}
