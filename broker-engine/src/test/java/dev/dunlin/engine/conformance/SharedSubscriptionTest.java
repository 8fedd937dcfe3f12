package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Shared Subscriptions, as far as they go: each message to one member (MQTT 5 §4.8.2). */
class SharedSubscriptionTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 5 §4.8.2", "MQTT 5 [MQTT-4.8.2-1]"})
    void givesEachMessageToOneMemberOfAGroup(MqttVersion version) {
        // given two groups and one who is in none
        var members = new ArrayList<dev.dunlin.engine.testkit.WireClient>();
        for (int i = 0; i < 4; i++) {
            var member = connect(version, "member " + i);
            member.subscribe(1, "$share/one/plant/#");
            members.add(member);
        }
        var other = connect(version, "other");
        other.subscribe(1, "$share/two/plant/#");
        var alone = connect(version, "alone");
        alone.subscribe(1, "plant/#");
        // when
        var publisher = connect(version, "pub");
        for (int i = 0; i < 20; i++) {
            publisher.publish("plant/a", String.valueOf(i), 1, false);
        }
        // then
        var received = new ArrayList<String>();
        for (var member : members) {
            var mine = payloads(moreFrom(publisher, member));
            assertThat(mine).isNotEmpty();
            received.addAll(mine);
        }
        assertThat(received).hasSize(20).doesNotHaveDuplicates();
        assertThat(moreFrom(publisher, other)).hasSize(20);
        assertThat(moreFrom(publisher, alone)).hasSize(20);
    }

    @ParameterizedTest
    @ValueSource(strings = {"$share/g", "$share//a", "$share/g/", "$share/g+/a", "$share/#/a", "$share/+/a", "$share/"})
    @Conformance({"MQTT 5 [MQTT-4.8.2-1]", "MQTT 5 [MQTT-4.8.2-2]"})
    void refusesWhatIsNoSharedSubscription(String filter) {
        assertThat(connect(V5, "boiler").subscribe(0, filter)).isEqualTo(0x8F);
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.8.3-4]")
    void closesOnNoLocalInASharedSubscription() {
        var client = connect(V5, "boiler");
        client.send(Mqtt5.subscribe(1, "$share/g/plant", options(0, true, false, 0)));
        assertThat(client.awaitClose()).extracting(WirePacket::reason).containsExactly(0x82);
    }

    @Test
    @Conformance("MQTT 5 [MQTT-4.8.2-3]")
    void deliversAtTheQosOfTheMember() {
        var client = connect(V5, "boiler");
        client.subscribe(1, "$share/g/plant");
        connect(V5, "pub").publish("plant", "m", 2, false);
        assertThat(client.receiveMessage().qos()).isEqualTo(1);
    }

    @Test
    @Conformance("MQTT 5 §4.8.2")
    void sendsNoRetainedMessagesToASharedSubscription() {
        var publisher = connect(V5, "pub");
        publisher.publish("plant", "kept", 1, true);
        var client = connect(V5, "boiler");
        client.subscribe(1, "$share/g/plant");
        assertNothingMore(publisher, client);
    }

    @Test
    @Conformance("MQTT 5 §4.8.2")
    void keepsSharedAndOwnSubscriptionsApart() {
        // given
        var client = connect(V5, "boiler");
        client.subscribe(0, "plant", "$share/g/plant");
        var publisher = connect(V5, "pub");
        publisher.publish("plant", "both", 1, false);
        assertThat(payloads(moreFrom(publisher, client))).containsExactly("both", "both");
        // when one ends, the other stays
        unsubscribe(client, V5, "plant");
        publisher.publish("plant", "shared", 1, false);
        assertThat(payloads(moreFrom(publisher, client))).containsExactly("shared");
        unsubscribe(client, V5, "$share/g/plant");
        publisher.publish("plant", "none", 1, false);
        assertNothingMore(publisher, client);
    }

    @Test
    void prefersMembersWhoAreThere() {
        // given
        var absent = connect(keeping(V5, "absent"));
        absent.subscribe(1, "$share/g/plant");
        absent.disconnect();
        var present = connect(V5, "present");
        present.subscribe(1, "$share/g/plant");
        var publisher = connect(V5, "pub");
        // when
        for (int i = 0; i < 10; i++) {
            publisher.publish("plant", "m", 1, false);
        }
        // then
        for (int i = 0; i < 10; i++) {
            assertThat(present.receiveMessage().payload()).isEqualTo("m");
        }
        // and whoever waits is served once nobody is there
        present.disconnect();
        publisher.publish("plant", "late", 1, false);
        assertThat(connect(keeping(V5, "absent")).receiveMessage().payload()).isEqualTo("late");
    }

    @Test
    void admitsNobodyToAGroupWhoMayNotRead() {
        // given
        var stranger =
                acme.addCredential("stranger", "s", PermissionRule.of("1", Effect.ALLOW, Action.SUBSCRIBE, "public/#"));
        var member = connect(V5, "member");
        member.subscribe(1, "$share/g/secret/#");
        var client = connect(V5, "stranger", stranger);
        for (var filter : List.of("$share/g/secret/#", "$share/g/#", "$share/public/secret", "$share/g/+/secret")) {
            assertThat(client.subscribe(0, filter)).as(filter).isEqualTo(0x87);
        }
        assertThat(client.subscribe(0, "$share/g/public/#")).isZero();
        // when
        var publisher = connect(V5, "pub");
        for (int i = 0; i < 10; i++) {
            publisher.publish("secret/a", "m", 1, false);
        }
        // then
        assertThat(moreFrom(publisher, member)).hasSize(10);
        assertThat(client.ping()).isEmpty();
    }

    @Test
    void passesByMembersForWhomADenyHidesTheMessage() {
        // given two members, for one of whom a topic is hidden
        var limited = acme.addCredential(
                "limited",
                "s",
                PermissionRule.of("1", Effect.ALLOW, Action.SUBSCRIBE, "plant/#"),
                PermissionRule.of("2", Effect.DENY, Action.SUBSCRIBE, "plant/secret"));
        var member = connect(V5, "member");
        member.subscribe(1, "$share/g/plant/#");
        var other = connect(V5, "limited", limited);
        assertThat(other.subscribe(1, "$share/g/plant/#")).isEqualTo(1);
        // when
        var publisher = connect(V5, "pub");
        for (int i = 0; i < 10; i++) {
            publisher.publish("plant/secret", "m", 1, false);
        }
        // then all go to the one who may read them
        assertThat(moreFrom(publisher, member)).hasSize(10);
        assertThat(other.ping()).isEmpty();
    }

    @Test
    @Conformance({"MQTT 5 §4.8.2", "MQTT 5 [MQTT-4.8.2-5]"})
    void givesWhatALeavingMemberHasNotFinishedToAnother() {
        // given a member who acknowledges nothing, with room for two messages in flight
        var leaver = connect(WireConnect.of(V5, "leaver").as(device).properties(Wire.hex("21 00 02")));
        leaver.subscribe(2, "$share/g/plant/#");
        var publisher = connect(V5, "pub");
        for (int i = 0; i < 4; i++) {
            publisher.publish("plant/once", String.valueOf(i), 1, false);
        }
        assertThat(payloads(moreFrom(publisher, leaver))).containsExactly("0", "1");
        // when another member is there and the first goes
        var stayer = connect(V5, "stayer");
        stayer.subscribe(2, "$share/g/plant/#");
        leaver.close();
        // then the other has all, in their order and as new
        for (int i = 0; i < 4; i++) {
            var message = stayer.receiveMessage();
            assertThat(message.payload()).isEqualTo(String.valueOf(i));
            assertThat(message.isDuplicate()).isFalse();
        }
    }

    @Test
    @Conformance("MQTT 5 [MQTT-4.8.2-5]")
    void givesNoSentQosTwoMessageToAnother() {
        // given a member who has been sent a QoS 2 message
        var leaver = connect(V5, "leaver");
        leaver.subscribe(2, "$share/g/plant/#");
        var publisher = connect(V5, "pub");
        publisher.publish("plant/twice", "sent", 2, false);
        leaver.expect(WirePacket.PUBLISH);
        var stayer = connect(V5, "stayer");
        stayer.subscribe(2, "$share/g/plant/#");
        // when its session ends
        leaver.close();
        await().until(() -> broker.ports().disconnected().stream()
                .anyMatch(gone ->
                        gone.tenant().equals(acme.id()) && gone.clientId().equals("leaver")));
        // then nobody else has it
        publisher.publish("plant/after", "fence", 1, false);
        assertThat(stayer.receiveMessage().payload()).isEqualTo("fence");
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-4.8.2-4]", "MQTT 5 [MQTT-4.3.3-6]"})
    void completesASentQosTwoMessageWithTheMemberThatComesBack() {
        // given a member that breaks off with one message sent and one received, and another who is there
        var first = connect(keeping(V5, "first"));
        first.subscribe(2, "$share/g/plant/#");
        var publisher = connect(V5, "pub");
        publisher.publish("plant/a", "received", 2, false);
        publisher.publish("plant/a", "sent", 2, false);
        int received = first.expect(WirePacket.PUBLISH).packetId();
        int sent = first.expect(WirePacket.PUBLISH).packetId();
        first.send(Wire.acknowledge(WirePacket.PUBREC, received));
        first.expect(WirePacket.PUBREL);
        var other = connect(V5, "other");
        other.subscribe(2, "$share/g/plant/#");
        first.close();
        // when it comes back
        var back = connect(keeping(V5, "first"));
        // then both go on with it
        assertThat(back.expect(WirePacket.PUBREL).packetId()).isEqualTo(received);
        var again = back.receiveMessage();
        assertThat(again.packetId()).isEqualTo(sent);
        assertThat(again.isDuplicate()).isTrue();
        assertThat(again.payload()).isEqualTo("sent");
        // and none with the other
        assertThat(other.ping()).isEmpty();
    }

    @Test
    @Conformance("MQTT 5 [MQTT-4.8.2-6]")
    void givesNothingToAnotherThatAMemberRefuses() {
        // given two members, the second of whom comes when the first has been sent two messages
        var refuser = connect(keeping(V5, "refuser"));
        refuser.subscribe(2, "$share/g/plant/#");
        var publisher = connect(V5, "pub");
        publisher.publish("plant/a", "one", 1, false);
        publisher.publish("plant/a", "two", 2, false);
        int one = refuser.expect(WirePacket.PUBLISH).packetId();
        int two = refuser.expect(WirePacket.PUBLISH).packetId();
        var other = connect(V5, "other");
        other.subscribe(2, "$share/g/plant/#");
        // when it refuses both, and goes
        refuser.send(Mqtt5.acknowledge(WirePacket.PUBACK, one, 0x83), Mqtt5.acknowledge(WirePacket.PUBREC, two, 0x80));
        assertThat(refuser.ping()).isEmpty();
        refuser.close();
        // then nobody has them
        assertThat(connect(keeping(V5, "refuser")).ping()).isEmpty();
        assertThat(other.ping()).isEmpty();
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-3.3.4-5]", "MQTT 5 §4.8.2"})
    void namesWithEachCopyTheSubscriptionThatBroughtIt() {
        // given a client with an own and two shared subscriptions that overlap
        var client = connect(V5, "boiler");
        client.send(
                Mqtt5.subscribe(1, "plant/+", 1, Mqtt5.varint(Mqtt5.SUBSCRIPTION_ID, 1)),
                Mqtt5.subscribe(2, "$share/g/plant/#", 1, Mqtt5.varint(Mqtt5.SUBSCRIPTION_ID, 2)),
                Mqtt5.subscribe(3, "$share/h/plant/a", 1));
        for (int i = 0; i < 3; i++) {
            client.expect(WirePacket.SUBACK);
        }
        // when
        var publisher = connect(V5, "pub");
        publisher.publish("plant/a", "m", 1, false);
        // then a copy comes for each, with its own identifier or none
        assertThat(moreFrom(publisher, client))
                .extracting(Mqtt5::subscriptionIds)
                .containsExactlyInAnyOrder(List.of(1), List.of(2), List.of());
    }
}
