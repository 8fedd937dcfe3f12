package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.TenantMemory;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The limits of a tenant: what is over them is refused or slowed, and the tenant is told. */
class LimitTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    private void assertToldOf(Incident.Reason reason, Incident.Kind kind) {
        await().untilAsserted(() -> assertThat(incidents()).anySatisfy(incident -> {
            assertThat(incident.reason()).isEqualTo(reason);
            assertThat(incident.kind()).isEqualTo(kind);
            assertThat(incident.decidedBy()).isNotEmpty();
        }));
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void refusesConnectionsBeyondTheLimit(MqttVersion version) {
        // given
        acme.setLimits(Limits.NONE.connections(2).build());
        var first = connect(version, "one");
        connect(version, "two");
        // when
        var third = open();
        var connack = third.login(WireConnect.of(version, "three").as(device));
        // then
        assertThat(connack.reason()).isEqualTo(reasonFor(version, 0x97, 3));
        assertThat(third.awaitClose()).isEmpty();
        assertToldOf(Incident.Reason.TOO_MANY_CONNECTIONS, Incident.Kind.CONNECT);
        // and one that goes makes room for one, without a trace of the refused
        first.disconnect();
        first.close();
        await().until(() ->
                open().login(WireConnect.of(version, "three").as(device)).reason() == 0);
        // and others are not concerned
        var neighbour = broker.connect(version, "one");
        assertThat(neighbour.ping()).isEmpty();
        neighbour.close();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void refusesSessionsBeyondTheLimit(MqttVersion version) {
        // given
        acme.setLimits(Limits.NONE.sessions(2).build());
        connect(keeping(version, "one")).disconnect();
        connect(version, "two");
        // then another is refused
        assertThat(open().login(WireConnect.of(version, "three").as(device)).reason())
                .isEqualTo(reasonFor(version, 0x97, 3));
        assertToldOf(Incident.Reason.TOO_MANY_SESSIONS, Incident.Kind.CONNECT);
        // but not one that is there, or takes the place of one
        var one = connect(keeping(version, "one"));
        assertThat(one.ping()).isEmpty();
        assertThat(connect(version, "one").ping()).isEmpty();
        assertThat(connect(version, "two").ping()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void refusesSubscriptionsBeyondTheLimit(MqttVersion version) {
        acme.setLimits(Limits.NONE.subscriptionsPerSession(2).build());
        var client = connect(version, "boiler");
        assertThat(client.subscribe(1, "a", "b")).isEqualTo(1);
        assertThat(client.subscribe(1, "c")).isEqualTo(reasonFor(version, 0x97, 0x80));
        assertToldOf(Incident.Reason.TOO_MANY_SUBSCRIPTIONS, Incident.Kind.SUBSCRIBE);
        // but one may be replaced, or make room
        assertThat(client.subscribe(2, "a")).isEqualTo(2);
        unsubscribe(client, version, "b");
        assertThat(client.subscribe(1, "c")).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void dropsMessagesBeyondTheQueue(MqttVersion version) {
        // given
        acme.setLimits(Limits.NONE.queue(3, 1_000_000).build());
        var client = connect(keeping(version, "absent"));
        client.subscribe(1, "plant/#");
        client.disconnect();
        // when
        var publisher = connect(version, "pub");
        for (int i = 1; i <= 5; i++) {
            publisher.publish("plant/a", String.valueOf(i), 1, false);
        }
        // then the newest are dropped
        assertToldOf(Incident.Reason.QUEUE_FULL, Incident.Kind.DELIVER);
        var again = connect(keeping(version, "absent"));
        for (int i = 1; i <= 3; i++) {
            assertThat(again.receiveMessage().payload()).isEqualTo(String.valueOf(i));
        }
        assertThat(again.ping()).isEmpty();
        // and there is room again
        publisher.publish("plant/a", "6", 1, false);
        assertThat(again.receiveMessage().payload()).isEqualTo("6");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void dropsMessagesBeyondTheBytesOfTheQueue(MqttVersion version) {
        acme.setLimits(Limits.NONE.queue(1_000, 5_000).build());
        var client = connect(keeping(version, "absent"));
        client.subscribe(1, "plant/#");
        client.disconnect();
        var publisher = connect(version, "pub");
        for (int i = 1; i <= 5; i++) {
            publisher.publish("plant/a", i + "x".repeat(2_000), 1, false);
        }
        publisher.publish("plant/a", "short", 1, false);
        assertToldOf(Incident.Reason.QUEUE_FULL, Incident.Kind.DELIVER);
        var again = connect(keeping(version, "absent"));
        assertThat(again.receiveMessage().payload()).startsWith("1x");
        assertThat(again.receiveMessage().payload()).startsWith("2x");
        assertThat(again.receiveMessage().payload()).isEqualTo("short");
        assertThat(again.ping()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void dropsTheOldestMessagesWhereThePlanSaysSo(MqttVersion version) {
        // given
        acme.setLimits(Limits.NONE.queue(3, 5_000).dropOldest().build());
        var client = connect(keeping(version, "absent"));
        client.subscribe(2, "plant/#");
        client.disconnect();
        // when more come than may wait, of either QoS
        var publisher = connect(version, "pub");
        for (int i = 1; i <= 5; i++) {
            publisher.publish("plant/a", String.valueOf(i), 1, false);
        }
        publisher.publish("plant/a", "6", 2, false);
        assertToldOf(Incident.Reason.QUEUE_FULL, Incident.Kind.DELIVER);
        // and then one for which two have to go, and one that is larger than all that may wait
        publisher.publish("plant/a", "7" + "x".repeat(4_800), 1, false);
        publisher.publish("plant/a", "8" + "x".repeat(6_000), 1, false);
        // then the latest are there
        var again = connect(keeping(version, "absent"));
        assertThat(payloads(again.ping())).hasSize(1).first().asString().startsWith("7x");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void dropsNoMoreOfTheOldestThanTheNewestTakesWhereOthersHaveTheRoom(MqttVersion version) {
        // given a client that is away and has little, and another that has all that the tenant may have
        acme.setLimits(Limits.NONE.queuedBytes(100_000).dropOldest().build());
        for (var name : List.of("little", "much")) {
            var client = connect(keeping(version, name));
            client.subscribe(1, name + "/#");
            client.disconnect();
        }
        var publisher = connect(version, "pub");
        for (int i = 1; i <= 5; i++) {
            publisher.publish("little/a", i + "x".repeat(5_200), 1, false);
        }
        for (int i = 0; i < 30; i++) {
            publisher.publish("much/a", "x".repeat(5_000), 1, false);
        }
        // when the first gets one more, and one that is larger than all that it has
        publisher.publish("little/a", "6" + "x".repeat(5_200), 1, false);
        publisher.publish("little/a", "7" + "x".repeat(40_000), 1, false);
        // then one message made room for one
        var again = connect(keeping(version, "little"));
        assertThat(payloads(again.ping()))
                .extracting(payload -> payload.substring(0, 1))
                .containsExactly("2", "3", "4", "5", "6");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void dropsMessagesBeyondTheBytesOfAllQueuesTogether(MqttVersion version) {
        // given two clients that are away, and one that reads
        acme.setLimits(Limits.NONE.queuedBytes(100_000).build());
        for (var name : List.of("one", "two")) {
            var client = connect(keeping(version, name));
            client.subscribe(1, name + "/#");
            client.disconnect();
        }
        var present = connect(version, "present");
        present.subscribe(1, "present");
        var publisher = connect(version, "pub");
        // when there is more for one than the tenant may have
        for (int i = 0; i < 30; i++) {
            publisher.publish("one/a", "x".repeat(5_000), 1, false);
        }
        // then there is no room for the other either
        assertToldOf(Incident.Reason.QUEUES_FULL, Incident.Kind.DELIVER);
        for (int i = 0; i < 3; i++) {
            publisher.publish("two/a", "x".repeat(5_000), 1, false);
        }
        // but whoever reads is served
        for (int i = 0; i < 30; i++) {
            publisher.publish("present", "x".repeat(5_000), 1, false);
            assertThat(present.receiveMessage().payload()).hasSize(5_000);
        }
        assertThat(present.ping()).isEmpty();
        // and what one has read makes room for the other
        assertThat(queuedBytes()).isBetween(90_000L, 100_000L);
        var one = connect(keeping(version, "one"));
        for (int i = 0; i < 19; i++) {
            one.receiveMessage();
        }
        assertThat(one.ping()).isEmpty();
        assertThat(queuedBytes()).isZero();
        publisher.publish("two/a", "late", 1, false);
        assertThat(payloads(connect(keeping(version, "two")).ping())).last().isEqualTo("late");
    }

    private long queuedBytes() {
        return broker.engine().memory().stream()
                .filter(tenant -> tenant.tenant().equals(acme.id()))
                .mapToLong(TenantMemory::queuedBytes)
                .sum();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void refusesRetainedMessagesBeyondTheLimit(MqttVersion version) {
        acme.setLimits(Limits.NONE.retained(2, 1_000_000).build());
        var client = connect(version, "boiler");
        assertThat(client.publish("plant/a", "1", 1, true)).isZero();
        assertThat(client.publish("plant/b", "2", 1, true)).isZero();
        assertThat(client.publish("plant/c", "3", 1, true)).isEqualTo(reasonFor(version, 0x97, 0));
        assertToldOf(Incident.Reason.TOO_MANY_RETAINED, Incident.Kind.PUBLISH);
        // but one may be replaced, or make room; and what is not retained is not concerned
        assertThat(client.publish("plant/b", "2, newer", 1, true)).isZero();
        assertThat(client.publish("plant/c", "passing", 1, false)).isZero();
        assertThat(client.publish("plant/a", "", 1, true)).isZero();
        assertThat(client.publish("plant/c", "3", 1, true)).isZero();
        var late = connect(version, "late");
        late.subscribe(0, "#");
        assertThat(payloads(late.ping())).containsExactlyInAnyOrder("2, newer", "3");
    }

    @Test
    void refusesRetainedMessagesBeyondTheirBytes() {
        acme.setLimits(Limits.NONE.retained(100, 3_000).build());
        var client = connect(V5, "boiler");
        assertThat(client.publish("plant/a", "x".repeat(2_000), 1, true)).isZero();
        assertThat(client.publish("plant/b", "x".repeat(2_000), 1, true)).isEqualTo(0x97);
        assertThat(client.publish("plant/a", "x".repeat(3_000), 1, true)).isEqualTo(0x97);
        assertThat(client.publish("plant/a", "short", 1, true)).isZero();
        assertThat(client.publish("plant/b", "x".repeat(2_000), 1, true)).isZero();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void slowsPublishersDownAndLosesNothing(MqttVersion version) {
        // given a tenant of 500 messages a second
        acme.setLimits(Limits.NONE.publishPerSecond(500).build());
        var subscriber = connect(version, "sub");
        subscriber.subscribe(0, "plant/#");
        var publisher = connect(version, "pub");
        long start = System.nanoTime();
        // when 1,500 come as fast as they can
        for (int i = 1; i <= 1_500; i++) {
            publisher.send(Wire.publish(version, "plant/a", String.valueOf(i), 0, false, 0));
        }
        // then all arrive
        for (int i = 1; i <= 1_500; i++) {
            assertThat(subscriber.receive().payload()).isEqualTo(String.valueOf(i));
        }
        // and the publisher is heard again when all but the first second's worth would have come at the rate
        assertThat(publisher.ping()).isEmpty();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(1_900));
    }

    @Test
    void doesNotSlowTheNeighbourDown() {
        // given a tenant that is far ahead of its rate
        acme.setLimits(Limits.NONE.publishPerSecond(1).build());
        var publisher = connect(V5, "pub");
        for (int i = 0; i < 100; i++) {
            publisher.send(Wire.publish(V5, "plant/a", "m", 0, false, 0));
        }
        // then another is served at once
        long start = System.nanoTime();
        var neighbour = broker.connect(V5, "pub");
        for (int i = 0; i < 100; i++) {
            neighbour.publish("plant/a", "m", 1, false);
        }
        neighbour.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void appliesAChangeOfLimitsAtOnce(MqttVersion version) {
        var client = connect(version, "boiler");
        assertThat(client.subscribe(0, "a", "b")).isZero();
        acme.setLimits(Limits.NONE.subscriptionsPerSession(2).connections(1).build());
        assertThat(client.subscribe(0, "c")).isEqualTo(reasonFor(version, 0x97, 0x80));
        assertThat(open().login(WireConnect.of(version, "other").as(device)).reason())
                .isEqualTo(reasonFor(version, 0x97, 3));
        acme.setLimits(Limits.NONE.build());
        assertThat(client.subscribe(0, "c")).isZero();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void letsAClientTakeItsOwnPlaceAtTheLimit(MqttVersion version) {
        // given a tenant with all the connections that it may have
        acme.setLimits(Limits.NONE.connections(1).build());
        var before = connect(version, "boiler");
        // when its client comes again, before the old connection is gone
        var again = connect(version, "boiler");
        // then it is in, and as often as it likes
        before.awaitClose();
        assertThat(again.ping()).isEmpty();
        assertThat(connect(version, "boiler").ping()).isEmpty();
        // and another is not
        assertThat(open().login(WireConnect.of(version, "other").as(device)).reason())
                .isEqualTo(reasonFor(version, 0x97, 3));
    }

    @Test
    void makesRoomForARetainedMessageWhereOneHasExpired() {
        // given a tenant whose one retained message expires at once
        acme.setLimits(Limits.NONE.retained(1, 1_000_000).build());
        var publisher = connect(MqttVersion.V5, "pub");
        publisher.send(Mqtt5.publish("plant/old", "m", 1, true, 1, Mqtt5.int32(Mqtt5.MESSAGE_EXPIRY, 0)));
        assertThat(publisher.expect(WirePacket.PUBACK).reason()).isZero();
        // then another takes its place, and a third has none
        assertThat(publisher.publish("plant/new", "m", 1, true)).isZero();
        assertThat(publisher.publish("plant/more", "m", 1, true)).isEqualTo(0x97);
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.3.2-5]")
    void makesRoomInTheQueueWhereMessagesHaveExpired() {
        // given a client that is away, and whose queue is full of what has expired
        acme.setLimits(Limits.NONE.queue(3, 1_000_000).build());
        var client = connect(keeping(MqttVersion.V5, "absent"));
        client.subscribe(1, "plant/#");
        client.disconnect();
        var publisher = connect(MqttVersion.V5, "pub");
        for (int i = 1; i <= 3; i++) {
            publisher.send(Mqtt5.publish("plant/a", "old", 1, false, i, Mqtt5.int32(Mqtt5.MESSAGE_EXPIRY, 0)));
            publisher.expect(WirePacket.PUBACK);
        }
        // when others come
        publisher.publish("plant/a", "new", 1, false);
        publisher.publish("plant/a", "newer", 1, false);
        // then they have their place
        assertThat(payloads(connect(keeping(MqttVersion.V5, "absent")).ping())).containsExactly("new", "newer");
    }
}
