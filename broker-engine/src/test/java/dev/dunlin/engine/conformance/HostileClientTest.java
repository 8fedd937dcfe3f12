package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What an attacker does that no tenant's limits are about: they hold for all, and each says why. */
class HostileClientTest extends WireScenario {
    /** Take-overs of one client id in a row that wait for nothing. */
    private static final int UNDAMPED_TAKE_OVERS = 16;

    private static final MqttVersion V5 = MqttVersion.V5;

    private void assertToldOf(Incident.Reason reason, String decidedBy) {
        await().untilAsserted(() -> assertThat(incidents()).anySatisfy(incident -> {
            assertThat(incident.reason()).isEqualTo(reason);
            assertThat(incident.decidedBy()).contains(decidedBy);
        }));
    }

    // Before the log-in

    @Test
    void closesOnEveryListenerWhoDoesNotLogIn() throws Exception {
        // given on each listener one who says nothing, and one whose CONNECT never ends
        var sockets = new ArrayList<Socket>();
        var clients = new EnumMap<Transport, WireClient>(Transport.class);
        long start = System.nanoTime();
        for (var transport : Transport.values()) {
            sockets.add(new Socket(InetAddress.getLoopbackAddress(), broker.port(transport)));
            clients.put(transport, open(transport).send(Wire.bytes(0x10, 100, 0, 4, 'M', 'Q')));
        }
        // then all are closed in time, and none before
        for (var socket : sockets) {
            socket.setSoTimeout(20_000);
            while (socket.getInputStream().read() >= 0) {
                // what TLS and WebSocket say in the end
            }
            socket.close();
        }
        for (var client : clients.values()) {
            client.socket().setSoTimeout(20_000);
            assertThat(client.awaitClose()).isEmpty();
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .isBetween(Duration.ofSeconds(9), Duration.ofSeconds(14));
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void holdsNothingForALengthThatIsAnnounced(Transport transport) {
        // given somebody who is not logged in, and a client of a tenant without limits
        var stranger = open(transport).send(Wire.hex("10 ff ff ff 7f 00 04"));
        var client = open(transport).connect(WireConnect.of(V5, "boiler").as(device));
        client.send(Wire.hex("30 ff ff ff 7f"), new byte[1_000]);
        // then the one is refused, and the other costs what it has sent
        assertThat(stranger.awaitClose()).isEmpty();
        assertThat(connect(V5, "other").ping()).isEmpty();
        client.close();
    }

    @Test
    void takesLittleFromTheNetworkUntilALogInIsAnsweredAndAllOfItAfterwards() throws Exception {
        // given somebody who does not wait for CONNACK, and sends more than strangers together may make the broker hold
        broker.ports().holdLogins();
        var hasty = open().send(WireConnect.of(V5, "hasty").as(device).encode());
        var packet = Wire.publish(V5, "plant/a", "x".repeat(32 * 1024), 0, false, 0);
        var sent = new AtomicInteger();
        var sending = CompletableFuture.runAsync(() -> {
            while (sent.get() < 3_000) {
                hasty.send(packet);
                sent.incrementAndGet();
            }
        });
        // when he can send no more
        var before = new AtomicInteger(-1);
        await().pollInterval(Duration.ofMillis(200)).until(() -> before.getAndSet(sent.get()) == sent.get());
        assertThat(sending).isNotDone();
        broker.ports().answerLogins();
        // then
        assertThat(hasty.expect(WirePacket.CONNACK).reason()).isZero();
        sending.join();
        assertThat(hasty.ping()).isEmpty();
        hasty.close();
    }

    // Parts of packets

    @Test
    void refusesMoreUserPropertiesThanAPacketMayHave() {
        // given a client whose packet has as many as it may
        var client = connect(V5, "boiler");
        client.send(Mqtt5.publish("plant/a", "m", 1, false, 1, userProperties(4_000)));
        assertThat(client.expect(WirePacket.PUBACK).reason()).isZero();
        // when there is one more
        client.send(Mqtt5.publish("plant/a", "m", 1, false, 2, userProperties(4_001)));
        // then
        assertThat(client.expect(WirePacket.DISCONNECT).reason()).isEqualTo(0x97);
        assertThat(client.awaitClose()).isEmpty();
        assertToldOf(Incident.Reason.PACKET_TOO_COMPLEX, "4000 User Properties");
    }

    @Test
    void refusesThemInEveryPacketThatMayHaveThem() {
        var many = Wire.counted(userProperties(4_001));
        for (var packet : List.of(
                Wire.packet(0x82, Wire.int16(1), many, Wire.string("a"), Wire.bytes(0)),
                Wire.packet(0xA2, Wire.int16(1), many, Wire.string("a")),
                Wire.packet(0x40, Wire.int16(1), Wire.bytes(0), many),
                Wire.packet(0x62, Wire.int16(1), Wire.bytes(0), many),
                Wire.packet(0xE0, Wire.bytes(0), many))) {
            var client = connect(V5, "boiler").send(packet);
            assertThat(client.expect(WirePacket.DISCONNECT).reason()).isEqualTo(0x97);
            client.close();
        }
        var connack = open().login(WireConnect.of(V5, "boiler").as(device).properties(userProperties(4_001)));
        assertThat(connack.reason()).isEqualTo(0x97);
    }

    @Test
    void refusesMoreBytesOfPropertiesThanAPacketMayHave() {
        var client = connect(V5, "boiler");
        var property = Wire.concat(Wire.bytes(0x26), Wire.string("n"), Wire.string("x".repeat(60_000)));
        client.send(
                Mqtt5.publish("plant/a", "m", 1, false, 1, property, property, property, property, property, property));
        assertThat(client.expect(WirePacket.PUBACK).reason()).isZero();
        client.send(Mqtt5.publish(
                "plant/a", "m", 1, false, 1, property, property, property, property, property, property, property));
        assertThat(client.expect(WirePacket.DISCONNECT).reason()).isEqualTo(0x97);
        assertToldOf(Incident.Reason.PACKET_TOO_COMPLEX, "properties of 420042 bytes");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void refusesMoreTopicFiltersThanAPacketMayHave(MqttVersion version) {
        var filters = IntStream.range(0, 10_001).mapToObj(i -> "f").toArray(String[]::new);
        for (var packet : List.of(Wire.subscribe(version, 1, 0, filters), Wire.unsubscribe(version, 1, filters))) {
            var client = connect(version, "boiler").send(packet);
            assertThat(client.awaitClose())
                    .extracting(WirePacket::reason)
                    .isEqualTo(version.hasProperties() ? List.of(0x97) : List.of());
        }
        assertToldOf(Incident.Reason.PACKET_TOO_COMPLEX, "10000 Topic Filters");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void saysThatATopicHasTooManyLevels(MqttVersion version) {
        // given
        var client = connect(version, "boiler");
        // when a filter is too deep
        assertThat(client.subscribe(0, "x/".repeat(128))).isEqualTo(reasonFor(version, 0x8F, 0x80));
        // then the tenant is told of the limit
        assertToldOf(Incident.Reason.TOPIC_INVALID, "at most 128 levels");
        // and so it is for a topic that is published to
        client.send(Wire.publish(version, "x/".repeat(128), "m", 0, false, 0));
        client.awaitClose();
        assertToldOf(Incident.Reason.TOPIC_INVALID, "more than 128 levels");
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void boundsWhatLongFiltersOfAClientTakeTogether(MqttVersion version) {
        // given a client with as many long filters as it may have
        var client = connect(version, "boiler");
        for (int i = 0; i < 4; i++) {
            assertThat(client.subscribe(0, i + "x".repeat(65_000))).isZero();
        }
        // then it may not have another, but any that is short, or one again
        assertThat(client.subscribe(0, "y".repeat(65_000))).isEqualTo(reasonFor(version, 0x97, 0x80));
        assertToldOf(Incident.Reason.TOO_MANY_SUBSCRIPTIONS, "262144 characters");
        assertThat(client.subscribe(1, "plant/#")).isEqualTo(1);
        assertThat(client.subscribe(1, 0 + "x".repeat(65_000))).isEqualTo(1);
    }

    @Test
    void namesTheReceiveMaximumThatAClientHasExceeded() {
        var client = connect(V5, "boiler");
        for (int i = 1; i <= 1_025; i++) {
            client.send(Wire.publish(V5, "plant/a", "m", 2, false, i));
        }
        assertThat(client.awaitClose()).last().extracting(WirePacket::reason).isEqualTo(0x93);
        assertToldOf(Incident.Reason.RECEIVE_MAXIMUM_EXCEEDED, "1024 unreleased");
    }

    private static byte[] userProperties(int count) {
        var one = Wire.concat(Wire.bytes(0x26), Wire.string("n"), Wire.string("v"));
        return Wire.concat(IntStream.range(0, count).mapToObj(i -> one).toArray(byte[][]::new));
    }

    // A great many deliveries

    @Test
    void takesTurnsWithOthersWhereOneReadLeadsToManyDeliveries() {
        // given subscribers that read, and a publisher whose bytes of one read go to all of them
        var subscribers = new ArrayList<WireClient>();
        for (int i = 0; i < 60; i++) {
            var subscriber = connect(V5, "sub-" + i);
            subscriber.subscribe(0, "plant/#");
            subscribers.add(subscriber);
        }
        var publisher = connect(V5, "pub");
        var batch = IntStream.range(0, 600)
                .mapToObj(i -> Wire.publish(V5, "plant/a", String.valueOf(i), 1, false, i + 1))
                .toArray(byte[][]::new);
        // when it sends more than may be delivered in a turn, and then pings
        publisher.send(Wire.concat(batch), Wire.pingreq());
        // then all is acknowledged in order, the ping behind it, and all arrives in order
        for (int i = 0; i < 600; i++) {
            assertThat(publisher.expect(WirePacket.PUBACK).packetId()).isEqualTo(i + 1);
        }
        publisher.expect(WirePacket.PINGRESP);
        for (var subscriber : subscribers) {
            for (int i = 0; i < 600; i++) {
                assertThat(subscriber.receive().payload()).isEqualTo(String.valueOf(i));
            }
        }
    }

    @Test
    void goesOnWithWhatIsLeftOfAReadThatOnlyAcknowledges() {
        // given a subscriber that has left many messages unacknowledged, with more behind them
        var subscriber = connect(V5, "sub");
        subscriber.subscribe(1, "plant/#");
        var publisher = connect(V5, "pub");
        for (int i = 0; i < 3_000; i++) {
            publisher.send(Wire.publish(V5, "plant/a", String.valueOf(i), 1, false, i + 1));
        }
        publisher.ping();
        var first = IntStream.range(0, 1_024)
                .map(i -> subscriber.receive().packetId())
                .toArray();
        // when it acknowledges all of them at once, those that come next for them too, and pings
        var acknowledgements = IntStream.concat(
                        IntStream.of(first), IntStream.of(first).map(id -> id + first.length))
                .mapToObj(id -> Wire.acknowledge(WirePacket.PUBACK, id))
                .toArray(byte[][]::new);
        subscriber.send(Wire.concat(acknowledgements), Wire.pingreq());
        // then all messages come, and the answer behind them
        for (int i = 1_024; i < 3_000; i++) {
            assertThat(subscriber.expect(WirePacket.PUBLISH).payload()).isEqualTo(String.valueOf(i));
        }
        subscriber.expect(WirePacket.PINGRESP);
    }

    // Log-ins

    @Test
    void answersFewGuessesOfOneNameHoweverManyAddressesTheyComeFrom() throws IOException {
        try (var guarded = TestBroker.startAnswering(3)) {
            // when one name is guessed at, each time from another address
            int answered = 0;
            for (int i = 1; i <= 60; i++) {
                try (var client = guarded.openFrom("127.0.9." + i)) {
                    client.send(WireConnect.of(V5, "any-" + i)
                            .as(guarded.device().userName(), "guess " + i)
                            .encode());
                    answered += client.awaitClose().size();
                }
            }
            // then most learn nothing, its owner comes in, and a neighbour's mistake is answered
            assertThat(answered).isBetween(12, 50);
            guarded.connect(V5, "boiler").close();
            try (var client = guarded.openFrom("127.0.9.99")) {
                var connack = client.login(WireConnect.of(V5, "boiler").as("globex.boiler-7", "mistyped"));
                assertThat(connack.reason()).isEqualTo(0x86);
            }
        }
    }

    @Test
    void dampsClientsThatThrowEachOtherOutAndTellsTheirTenantOnce() {
        // given two devices of one client id, each of which comes back as soon as it is thrown out
        long start = System.nanoTime();
        int rounds = UNDAMPED_TAKE_OVERS + 4;
        var holder = connect(V5, "boiler");
        for (int i = 0; i < rounds; i++) {
            var next = open().send(WireConnect.of(V5, "boiler").as(device).encode());
            assertThat(holder.awaitClose()).extracting(WirePacket::reason).containsExactly(0x8E);
            assertThat(next.expect(WirePacket.CONNACK).reason()).isZero();
            holder = next;
        }
        // then the last ones had to wait: a quarter, a half, one and two seconds
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(3_600));
        assertThat(incidents().filter(told -> told.reason() == Incident.Reason.CLIENT_ID_IN_DISPUTE))
                .hasSize(1);
        // and another is not concerned, nor is the one who has the session now
        assertThat(connect(V5, "other").ping()).isEmpty();
        assertThat(holder.ping()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void letsOneClientWaitForASessionAndTellsTheOthersThatTheServerIsBusy(MqttVersion version) {
        // given a client id in dispute
        var holder = connect(version, "boiler");
        for (int i = 0; i < UNDAMPED_TAKE_OVERS; i++) {
            holder = connect(version, "boiler");
        }
        // when two come while it is
        var first = open().send(WireConnect.of(version, "boiler").as(device).encode());
        await().until(() -> incidents().anyMatch(told -> told.reason() == Incident.Reason.CLIENT_ID_IN_DISPUTE));
        var second = open();
        // then the first gives way, the second enters, and nothing is counted that is not there
        assertThat(second.login(WireConnect.of(version, "boiler").as(device)).reason())
                .isZero();
        assertThat(first.expect(WirePacket.CONNACK).reason()).isEqualTo(reasonFor(version, 0x89, 3));
        assertThat(first.awaitClose()).isEmpty();
        holder.awaitClose();
        second.disconnect();
        awaitQuiet();
    }

    @Test
    void forgetsAClientThatLeavesWhileItWaits() {
        // given a client that waits for a session in dispute
        for (int i = 0; i <= UNDAMPED_TAKE_OVERS; i++) {
            connect(V5, "boiler");
        }
        var waiting = open().send(WireConnect.of(V5, "boiler").as(device).encode());
        await().until(() -> incidents().anyMatch(told -> told.reason() == Incident.Reason.CLIENT_ID_IN_DISPUTE));
        // when it goes
        waiting.close();
        // then the others' next turn comes, and nothing of it stays
        var next = connect(V5, "boiler");
        assertThat(next.ping()).isEmpty();
        next.disconnect();
        awaitQuiet();
    }
}
