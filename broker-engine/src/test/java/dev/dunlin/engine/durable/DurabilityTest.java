package dev.dunlin.engine.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.MessageStore.Refusal;
import dev.dunlin.engine.port.StoreChange;
import dev.dunlin.engine.testkit.MemoryStore;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing acknowledged is lost: what PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK wait for, and what a crash leaves. */
@SuppressWarnings("NullAway.Init") // set before each test
class DurabilityTest {
    private static final MqttVersion V5 = MqttVersion.V5;
    private static final int HOUR = 3_600;

    private final List<WireClient> clients = new ArrayList<>();
    private TestBroker broker;
    private MemoryStore store;

    @BeforeEach
    void start() {
        broker = TestBroker.start();
        store = broker.ports().store();
    }

    @AfterEach
    void stop() {
        store.commit();
        clients.forEach(WireClient::close);
        broker.close();
    }

    private WireClient connect(WireConnect connect) {
        var client = broker.open().connect(connect.as(broker.device()));
        clients.add(client);
        return client;
    }

    private WireClient connect(String clientId) {
        return connect(WireConnect.of(V5, clientId));
    }

    private static WireConnect keeping(String clientId) {
        return keeping(V5, clientId);
    }

    /** A session that outlives its connection. */
    private static WireConnect keeping(MqttVersion version, String clientId) {
        var connect = WireConnect.of(version, clientId).resuming();
        return version == V5 ? connect.sessionExpiry(HOUR) : connect;
    }

    /** A client that has subscribed to {@code filter} and gone, its session being kept. */
    private void away(String clientId, int qos, String filter) {
        away(V5, clientId, qos, filter);
    }

    private void away(MqttVersion version, String clientId, int qos, String filter) {
        var client = connect(keeping(version, clientId));
        client.subscribe(qos, filter);
        client.disconnect();
        client.awaitClose();
    }

    private static WireClient publish(WireClient client, String payload, int qos, int packetId) {
        return client.send(Wire.publish(V5, "plant/a", payload, qos, false, packetId));
    }

    /** Nothing has come but the answer to a ping, which is a fence. */
    private static void expectNothing(WireClient client) {
        assertThat(client.ping()).isEmpty();
    }

    /** So many messages are on their way into the store, and held back. */
    private void awaitQueued(int count) {
        await().until(() -> store.held().stream()
                        .filter(StoreChange.Queued.class::isInstance)
                        .count()
                == count);
    }

    /** The next {@code count} messages, acknowledged to the end, and nothing after them. */
    private static List<String> payloads(WireClient client, int count) {
        var payloads = new ArrayList<String>();
        int unreleased = 0;
        while (payloads.size() < count || unreleased > 0) {
            var packet = client.receive();
            if (packet.type() == WirePacket.PUBREL) {
                unreleased--;
                client.send(Wire.acknowledge(WirePacket.PUBCOMP, packet.packetId()));
                continue;
            }
            assertThat(packet.type()).isEqualTo(WirePacket.PUBLISH);
            payloads.add(packet.payload());
            if (packet.qos() == 2) {
                unreleased++;
            }
            if (packet.qos() > 0) {
                int answer = packet.qos() == 1 ? WirePacket.PUBACK : WirePacket.PUBREC;
                client.send(Wire.acknowledge(answer, packet.packetId()));
            }
        }
        expectNothing(client);
        return payloads;
    }

    // What acknowledgements wait for

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void acknowledgesAMessageForAnAbsentClientOnceItIsStored(int qos) {
        // given
        away("sub", 2, "plant/#");
        var publisher = connect("pub");
        // when it is not committed yet
        store.hold();
        publish(publisher, "kept", qos, 7);
        awaitQueued(1);
        expectNothing(publisher);
        // then nothing is acknowledged before it is
        store.commit();
        var acknowledgement = publisher.expect(qos == 1 ? WirePacket.PUBACK : WirePacket.PUBREC);
        assertThat(acknowledgement.packetId()).isEqualTo(7);
        assertThat(acknowledgement.reason()).isZero();
    }

    @Test
    void readsNoMoreOfAPublisherThatWaitsForAStoreThatIsBehind() {
        // given a store that is behind, and has one message of a publisher
        away("sub", 1, "plant/#");
        var publisher = connect("pub");
        store.hold();
        store.setBehind(true);
        publish(publisher, "1", 1, 1);
        awaitQueued(1);
        // when it sends more
        for (int id = 2; id <= 5; id++) {
            publish(publisher, String.valueOf(id), 1, id);
        }
        expectNothing(connect("other"));
        // then nothing of that is handed in before the first is stored, and all of it is stored in the end
        awaitQueued(1);
        store.commit();
        for (int id = 1; id <= 5; id++) {
            assertThat(publisher.expect(WirePacket.PUBACK).packetId()).isEqualTo(id);
        }
    }

    @Test
    void doesNotStoreWhatTheSubscriberAcknowledges() {
        // given
        var subscriber = connect(keeping("sub"));
        subscriber.subscribe(1, "plant/#");
        var publisher = connect("pub");
        store.hold();
        // when
        publish(publisher, "fast", 1, 7);
        var message = subscriber.expect(WirePacket.PUBLISH);
        expectNothing(publisher);
        subscriber.send(Wire.acknowledge(WirePacket.PUBACK, message.packetId()));
        // then the publisher is answered though nothing was committed
        assertThat(publisher.expect(WirePacket.PUBACK).packetId()).isEqualTo(7);
    }

    @Test
    void storesWhatTheSubscriberDoesNotAcknowledgeInTime() {
        // given
        var subscriber = connect(keeping("sub"));
        subscriber.subscribe(1, "plant/#");
        var publisher = connect("pub");
        // when
        publish(publisher, "slow", 1, 7);
        // then
        assertThat(publisher.expect(WirePacket.PUBACK).packetId()).isEqualTo(7);
        assertThat(store.placeCount()).isEqualTo(1);
        // and it is gone from the store when the subscriber has it
        var message = subscriber.expect(WirePacket.PUBLISH);
        subscriber.send(Wire.acknowledge(WirePacket.PUBACK, message.packetId()));
        expectNothing(subscriber);
        assertThat(store.placeCount()).isZero();
        assertThat(store.messageCount()).isZero();
    }

    @Test
    void doesNotTouchTheStoreForSessionsThatEndWithTheirConnection() {
        // given
        var subscriber = connect("sub");
        var publisher = connect("pub");
        store.hold();
        // when
        subscriber.subscribe(2, "plant/#");
        publish(publisher, "light", 1, 7);
        // then
        assertThat(publisher.expect(WirePacket.PUBACK).packetId()).isEqualTo(7);
        assertThat(payloads(subscriber, 1)).containsExactly("light");
        assertThat(store.held()).isEmpty();
    }

    @Test
    void acknowledgesInTheOrderOfThePackets() {
        // given
        away("sub", 1, "plant/#");
        var publisher = connect("pub");
        store.hold();
        // when the second message goes to nobody
        publish(publisher, "kept", 1, 7);
        publisher.send(Wire.publish(V5, "elsewhere", "light", 1, false, 8));
        expectNothing(publisher);
        store.commit();
        // then
        assertThat(publisher.expect(WirePacket.PUBACK).packetId()).isEqualTo(7);
        assertThat(publisher.expect(WirePacket.PUBACK).packetId()).isEqualTo(8);
    }

    @Test
    void acknowledgesSubscriptionsOnceTheyAreStored() {
        // given
        var client = connect(keeping("sub"));
        store.hold();
        // when
        client.send(Wire.subscribe(V5, 5, 1, "plant/#"));
        expectNothing(client);
        store.commit();
        // then
        assertThat(client.expect(WirePacket.SUBACK).reason()).isEqualTo(1);
        // and the same again needs no commit
        store.hold();
        client.send(Wire.subscribe(V5, 6, 1, "plant/#"));
        assertThat(client.expect(WirePacket.SUBACK).packetId()).isEqualTo(6);
        client.send(Wire.unsubscribe(V5, 7, "plant/#"));
        expectNothing(client);
        store.commit();
        assertThat(client.expect(WirePacket.UNSUBACK).packetId()).isEqualTo(7);
    }

    @Test
    void acknowledgesARetainedMessageOnceItIsStored() {
        // given
        var publisher = connect("pub");
        store.hold();
        // when
        publisher.send(Wire.publish(V5, "plant/a", "kept", 1, true, 7));
        expectNothing(publisher);
        store.commit();
        // then
        assertThat(publisher.expect(WirePacket.PUBACK).packetId()).isEqualTo(7);
        broker.restart();
        var subscriber = connect("sub");
        subscriber.subscribe(0, "plant/#");
        assertThat(subscriber.expect(WirePacket.PUBLISH).payload()).isEqualTo("kept");
    }

    @Test
    void releasesAQos2MessageOnceItIsStoredThatTheClientHasIt() {
        // given
        var subscriber = connect(keeping("sub"));
        subscriber.subscribe(2, "plant/#");
        var publisher = connect("pub");
        store.hold();
        publish(publisher, "once", 2, 7);
        awaitQueued(1);
        // then nothing is sent before it is stored
        expectNothing(subscriber);
        expectNothing(publisher);
        store.commit();
        publisher.expect(WirePacket.PUBREC);
        var message = subscriber.expect(WirePacket.PUBLISH);
        // when the client has it
        store.hold();
        subscriber.send(Wire.acknowledge(WirePacket.PUBREC, message.packetId()));
        expectNothing(subscriber);
        store.commit();
        // then
        assertThat(subscriber.expect(WirePacket.PUBREL).packetId()).isEqualTo(message.packetId());
    }

    @Test
    void completesAQos2MessageOnceItIsStoredThatItWasReleased() {
        // given
        away("sub", 2, "plant/#");
        var publisher = connect(keeping("pub"));
        publish(publisher, "once", 2, 7);
        publisher.expect(WirePacket.PUBREC);
        // when
        store.hold();
        publisher.send(Wire.acknowledge(WirePacket.PUBREL, 7));
        expectNothing(publisher);
        store.commit();
        // then
        assertThat(publisher.expect(WirePacket.PUBCOMP).packetId()).isEqualTo(7);
    }

    @Test
    void answersAMessageThatComesAgainOnceTheFirstIsStored() {
        // given
        away("sub", 2, "plant/#");
        var first = connect(keeping("pub"));
        store.hold();
        publish(first, "once", 2, 7);
        expectNothing(first);
        first.close();
        // when it comes again on another connection
        var second = connect(keeping("pub"));
        var again = Wire.publish(V5, "plant/a", "once", 2, false, 7);
        again[0] |= 8;
        second.send(again);
        expectNothing(second);
        store.commit();
        // then
        assertThat(second.expect(WirePacket.PUBREC).packetId()).isEqualTo(7);
        assertThat(store.placeCount()).isEqualTo(1);
    }

    // What is refused

    @Test
    void refusesWhatTheStoreHasNoRoomFor() {
        // given
        away("sub", 1, "plant/#");
        var publisher = connect("pub");
        var old = connect(WireConnect.of(MqttVersion.V3_1_1, "old"));
        store.hold();
        publish(publisher, "too much", 1, 7);
        old.send(Wire.publish(MqttVersion.V3_1_1, "plant/a", "too much", 1, false, 7));
        awaitQueued(2);
        // when
        store.refuse(Refusal.FULL);
        // then MQTT 5 is told, and before it nobody is told that the message is safe
        assertThat(publisher.expect(WirePacket.PUBACK).reason()).isEqualTo(0x97);
        assertThat(old.awaitClose()).isEmpty();
        // and the subscriber gets none of it
        expectNothing(connect(keeping("sub")));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void keepsNothingInMemoryThatTheStoreRefuses(int qos) {
        // given a client that is away, and a store without room
        away("sub", 2, "plant/#");
        var publisher = connect("pub");
        store.setFull(true);
        for (int i = 0; i < 100; i++) {
            assertThat(publisher.publish("plant/a", "x".repeat(1_000), qos, false))
                    .isEqualTo(0x97);
        }
        // then they take no memory
        assertThat(broker.engine().memory()).allMatch(tenant -> tenant.queuedBytes() < 5_000);
        // and once there is room, messages are kept as ever
        store.setFull(false);
        assertThat(publisher.publish("plant/a", "kept", qos, false)).isZero();
        assertThat(payloads(connect(keeping("sub")), 1)).containsExactly("kept");
    }

    @Test
    void makesNoSubscriptionThatTheStoreDoesNotTake() {
        // given
        var client = connect(keeping("sub"));
        store.hold();
        client.send(Wire.subscribe(V5, 5, 1, "plant/#"));
        expectNothing(client);
        // when
        store.refuse(Refusal.FULL);
        // then
        assertThat(client.expect(WirePacket.SUBACK).reason()).isEqualTo(0x97);
        connect("pub").publish("plant/a", "unheard", 1, false);
        expectNothing(client);
    }

    @Test
    void letsNobodyInWhoseTenantCannotBeLoaded() {
        // given
        away("sub", 1, "plant/#");
        broker.restart();
        store.setAway(true);
        // when
        var client = broker.open();
        clients.add(client);
        var answer = client.login(keeping("sub").as(broker.device()));
        // then
        assertThat(answer.reason()).isEqualTo(0x88);
        store.setAway(false);
        assertThat(resumes("sub")).isTrue();
    }

    @Test
    void letsInWhoComesAgainToATenantOfWhichNothingIsStored() {
        // given
        connect("boiler").disconnect();
        await().until(() -> broker.engine().statistics().tenants() == 0);
        // when
        store.setAway(true);
        // then
        assertThat(connect("boiler").ping()).isEmpty();
        store.setAway(false);
    }

    // What a crash leaves

    private boolean resumes(String clientId) {
        var client = broker.open();
        clients.add(client);
        var connack = client.login(keeping(clientId).as(broker.device()));
        assertThat(connack.reason()).isZero();
        return connack.body()[0] == 1;
    }

    private WireClient resume(MqttVersion version, String clientId) {
        return connect(keeping(version, clientId));
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void findsSessionsSubscriptionsAndQueuesAfterACrash(MqttVersion version) {
        // given
        away(version, "sub", 2, "plant/#");
        var publisher = connect("pub");
        for (int i = 0; i < 20; i++) {
            publisher.publish("plant/a", "m" + i, 1 + i % 2, false);
        }
        // when
        broker.restart();
        // then
        var subscriber = resume(version, "sub");
        var expected = new ArrayList<String>();
        for (int i = 0; i < 20; i++) {
            expected.add("m" + i);
        }
        assertThat(payloads(subscriber, 20)).isEqualTo(expected);
        assertThat(store.placeCount()).isZero();
        assertThat(store.messageCount()).isZero();
        // and the subscription is there
        connect("pub").publish("plant/b", "new", 1, false);
        assertThat(payloads(subscriber, 1)).containsExactly("new");
    }

    @Test
    void losesWhatWasNotAcknowledgedAndNothingElse() {
        // given
        away("sub", 1, "plant/#");
        var publisher = connect("pub");
        publisher.publish("plant/a", "acknowledged", 1, false);
        store.hold();
        publish(publisher, "not acknowledged", 1, 8);
        awaitQueued(1);
        expectNothing(publisher);
        // when
        store.crash();
        broker.restart();
        // then
        assertThat(payloads(resume(V5, "sub"), 1)).containsExactly("acknowledged");
    }

    @Test
    void sendsAQos2MessageAgainWithTheSamePacketIdentifierAfterACrash() {
        // given a client that has the message, though the broker does not know
        var subscriber = connect(keeping("sub"));
        subscriber.subscribe(2, "plant/#");
        connect("pub").publish("plant/a", "once", 2, false);
        var before = subscriber.expect(WirePacket.PUBLISH);
        // when
        broker.restart();
        // then
        var again = resume(V5, "sub").expect(WirePacket.PUBLISH);
        assertThat(again.packetId()).isEqualTo(before.packetId());
        assertThat(again.payload()).isEqualTo("once");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void sendsARetainedMessageAgainAfterACrash(int qos) {
        // given retained messages, and a client that a new subscription brings them, which acknowledges none
        var publisher = connect("pub");
        for (int i = 0; i < 3; i++) {
            publisher.publish("plant/" + i, "retained", qos, true);
        }
        var before = connect(keeping("sub"));
        before.subscribe(qos, "plant/#");
        var sent = new ArrayList<Integer>();
        for (int i = 0; i < 3; i++) {
            sent.add(before.expect(WirePacket.PUBLISH).packetId());
        }
        await().until(() -> store.placeCount() == 3);
        // when
        broker.restart();
        // then they come again, as themselves, and another is none of them
        var after = connect(keeping("sub"));
        connect("pub").publish("plant/x", "another", qos, false);
        var again = new ArrayList<WirePacket>();
        for (int i = 0; i < 4; i++) {
            again.add(after.expect(WirePacket.PUBLISH));
        }
        assertThat(again.stream().map(WirePacket::packetId).limit(3)).containsExactlyElementsOf(sent);
        assertThat(again.get(3).payload()).isEqualTo("another");
        assertThat(sent).doesNotContain(again.get(3).packetId());
    }

    @Test
    void sendsARetainedMessageOfQos2OnceItIsStored() {
        // given a subscription that the store knows
        var subscriber = connect(keeping("sub"));
        subscriber.subscribe(2, "plant/#");
        connect("pub").publish("plant/a", "retained", 2, true);
        subscriber.receiveMessage();
        // when it is made again, and the store is behind
        store.hold();
        assertThat(subscriber.subscribe(2, "plant/#")).isEqualTo(2);
        expectNothing(subscriber);
        // then
        store.commit();
        assertThat(subscriber.receiveMessage().payload()).isEqualTo("retained");
    }

    @Test
    void goesOnWithPubrelAfterACrash() {
        // given
        var subscriber = connect(keeping("sub"));
        subscriber.subscribe(2, "plant/#");
        connect("pub").publish("plant/a", "once", 2, false);
        var message = subscriber.expect(WirePacket.PUBLISH);
        subscriber.send(Wire.acknowledge(WirePacket.PUBREC, message.packetId()));
        subscriber.expect(WirePacket.PUBREL);
        // when
        broker.restart();
        // then
        var resumed = resume(V5, "sub");
        assertThat(resumed.expect(WirePacket.PUBREL).packetId()).isEqualTo(message.packetId());
        resumed.send(Wire.acknowledge(WirePacket.PUBCOMP, message.packetId()));
        expectNothing(resumed);
        assertThat(store.placeCount()).isZero();
    }

    @Test
    void doesNotPublishAQos2MessageTwiceThatComesAgainAfterACrash() {
        // given
        away("sub", 2, "plant/#");
        var publisher = connect(keeping("pub"));
        publish(publisher, "once", 2, 7);
        publisher.expect(WirePacket.PUBREC);
        // when
        broker.restart();
        var resumed = resume(V5, "pub");
        publish(resumed, "once", 2, 7);
        resumed.expect(WirePacket.PUBREC);
        resumed.send(Wire.acknowledge(WirePacket.PUBREL, 7));
        resumed.expect(WirePacket.PUBCOMP);
        // then
        assertThat(payloads(resume(V5, "sub"), 1)).containsExactly("once");
        // and the identifier is free for another message
        publish(resumed, "another", 2, 7);
        resumed.expect(WirePacket.PUBREC);
        broker.restart();
        assertThat(payloads(resume(V5, "sub"), 1)).containsExactly("another");
    }

    @Test
    void storesABodyOnceHoweverManyQueueIt() {
        // given
        for (int i = 0; i < 50; i++) {
            away("sub-" + i, 1, "plant/#");
        }
        // when
        connect("pub").publish("plant/a", "for all", 1, false);
        // then
        assertThat(store.placeCount()).isEqualTo(50);
        assertThat(store.messageCount()).isEqualTo(1);
        // and it is there until the last has it
        broker.restart();
        for (int i = 0; i < 50; i++) {
            assertThat(store.messageCount()).isEqualTo(1);
            assertThat(payloads(resume(V5, "sub-" + i), 1)).containsExactly("for all");
        }
        assertThat(store.messageCount()).isZero();
    }

    @Test
    void publishesTheWillOfAClientThatWasLostWithTheNode() {
        // given
        away("sub", 1, "wills/#");
        connect(keeping("device").will("wills/device", "gone", 1, false));
        // when
        broker.restart();
        // then nobody has to come for it
        await().untilAsserted(() -> assertThat(store.placeCount()).isEqualTo(1));
        assertThat(payloads(resume(V5, "sub"), 1)).containsExactly("gone");
        // and once is enough
        broker.restart();
        expectNothing(resume(V5, "sub"));
    }

    @Test
    void keepsNothingOfASessionThatIsDiscarded() {
        // given
        away("sub", 1, "plant/#");
        connect("pub").publish("plant/a", "old", 1, false);
        // when
        connect(WireConnect.of(V5, "sub"));
        // then
        assertThat(store.sessionCount()).isZero();
        assertThat(store.messageCount()).isZero();
        broker.restart();
        assertThat(resumes("sub")).isFalse();
    }

    @Test
    void forgetsWhatACredentialLeftThatIsGone() {
        // given
        var other = broker.tenant("acme").addCredential("pump-1", TestBroker.SECRET);
        var client = broker.open().connect(keeping("pump").as(other));
        clients.add(client);
        client.subscribe(1, "plant/#");
        client.disconnect();
        client.awaitClose();
        connect("pub").publish("plant/a", "kept", 1, false);
        // when
        broker.restart();
        other.delete();
        connect("anyone");
        // then
        await().untilAsserted(() -> assertThat(store.sessionCount()).isZero());
        assertThat(store.messageCount()).isZero();
    }

    @Test
    void keepsTheMessagesOfASharedSubscriptionWhoeverTakesThem() {
        // given
        away("one", 1, "$share/group/plant/#");
        connect("pub").publish("plant/a", "for one of them", 1, false);
        away("two", 1, "$share/group/plant/#");
        // when
        connect(WireConnect.of(V5, "one"));
        // then
        broker.restart();
        assertThat(payloads(resume(V5, "two"), 1)).containsExactly("for one of them");
    }

    @Test
    void storesASessionAnewThatItsClientComesBackTo() {
        // given
        away("sub", 1, "plant/#");
        broker.restart();
        store.hold();
        // when
        resume(V5, "sub");
        // then
        await().untilAsserted(() -> assertThat(store.held())
                .anyMatch(change -> change instanceof StoreChange.SessionPut put
                        && put.session().connected()));
    }
}
