package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.port.UsageSample;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the engine tells its ports, how it ends, and what a fault in one connection does to others. */
class LifecycleTest extends WireScenario {
    private static final MqttVersion V5 = MqttVersion.V5;

    private Stream<ConnectedClient> ofAcme(List<ConnectedClient> clients) {
        return clients.stream().filter(client -> client.tenant().equals(acme.id()));
    }

    // Presence

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void tellsWhoComesAndGoes(MqttVersion version) {
        // given one refused and two accepted, one of whom takes the other over
        open().login(WireConnect.of(version, "boiler").as(device.userName(), "wrong"));
        connect(version, "boiler");
        var second = connect(version, "boiler");
        // then
        await().untilAsserted(
                        () -> assertThat(ofAcme(broker.ports().disconnected())).hasSize(1));
        assertThat(ofAcme(broker.ports().connected())).hasSize(2).allSatisfy(client -> {
            assertThat(client.clientId()).isEqualTo("boiler");
            assertThat(client.credential()).isEqualTo(device.id());
            assertThat(client.credentialName()).isEqualTo("boiler-7");
            assertThat(client.transport()).isEqualTo(Transport.TCP);
            assertThat(client.remoteAddress()).isEqualTo("127.0.0.1");
            assertThat(client.protocol())
                    .isEqualTo(
                            switch (version) {
                                case V3_1 -> "MQTT 3.1";
                                case V3_1_1 -> "MQTT 3.1.1";
                                case V5 -> "MQTT 5";
                            });
        });
        assertThat(ofAcme(broker.ports().online())).hasSize(1);
        // and at the end nobody is there
        second.disconnect();
        second.close();
        await().untilAsserted(() -> assertThat(ofAcme(broker.ports().online())).isEmpty());
        assertThat(ofAcme(broker.ports().disconnected())).hasSize(2);
    }

    // Usage

    @Test
    void countsWhatACredentialUses() {
        // given
        var subscriber = connect(V5, "sub");
        subscriber.subscribe(1, "plant/#");
        var publisher = connect(V5, "pub");
        // when three messages of ten bytes go in and out, and one is refused
        for (int qos = 0; qos <= 2; qos++) {
            publisher.publish("plant/a", "0123456789", qos, false);
            subscriber.receiveMessage();
        }
        publisher.publish("$no", "m", 1, false);
        publisher.disconnect();
        // then
        await().untilAsserted(() -> {
            assertThat(used(UsageSample::messagesIn)).isEqualTo(3);
            assertThat(used(UsageSample::bytesIn)).isEqualTo(30);
            assertThat(used(UsageSample::messagesOut)).isEqualTo(3);
            assertThat(used(UsageSample::bytesOut)).isEqualTo(30);
            assertThat(used(UsageSample::refused)).isEqualTo(1);
        });
    }

    private long used(ToLongFunction<UsageSample> what) {
        return broker.ports().usage().stream()
                .filter(sample ->
                        sample.tenant().equals(acme.id()) && sample.credential().equals(device.id()))
                .mapToLong(what)
                .sum();
    }

    // Taps

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void showsATapWhatIsPublished(MqttVersion version) {
        // given
        var publisher = connect(version, "pub");
        publisher.publish("plant/a", "before", 1, false);
        acme.tap();
        // when
        publisher.publish("plant/a", "seen", 2, true);
        publisher.publish("plant/a", "x".repeat(100_000), 0, false);
        publisher.publish("$no", "refused", 1, false);
        publisher.ping();
        acme.untap();
        publisher.publish("plant/a", "after", 1, false);
        // then
        assertThat(acme.tapped()).hasSize(2);
        var seen = acme.tapped().get(0);
        assertThat(seen.topic()).isEqualTo("plant/a");
        assertThat(seen.payload()).asString().isEqualTo("seen");
        assertThat(seen.qos()).isEqualTo(2);
        assertThat(seen.retain()).isTrue();
        assertThat(seen.clientId()).isEqualTo("pub");
        assertThat(seen.credential()).isEqualTo(device.id());
        var long_ = acme.tapped().get(1);
        assertThat(long_.payload()).hasSize(65_536);
        assertThat(long_.payloadBytes()).isEqualTo(100_000);
    }

    // Guard

    @Test
    void answersOnlySoManyFailedLogIns() {
        try (var guarded = TestBroker.startAnswering(3)) {
            // when somebody guesses
            int answered = 0;
            for (int i = 0; i < 10; i++) {
                try (var client = guarded.open()) {
                    client.send(WireConnect.of(V5, "boiler")
                            .as(guarded.device().userName(), "guess " + i)
                            .encode());
                    answered += client.awaitClose().size();
                }
            }
            // then most get no answer, and whoever knows the secret comes in
            assertThat(answered).isBetween(3, 5);
            guarded.connect(V5, "boiler").close();
            await().untilAsserted(() ->
                    assertThat(guarded.ports().incidentReasons()).contains(Incident.Reason.TOO_MANY_FAILED_LOGINS));
        }
    }

    // The end

    @Test
    void tellsClientsThatItStopsAndClosesAll() {
        // given clients of all versions, one who does not answer, one who logs in and one who says nothing
        var stopping = TestBroker.start();
        var clients = new ArrayList<WireClient>();
        for (var version : MqttVersion.values()) {
            clients.add(stopping.open()
                    .connect(WireConnect.of(version, "client of " + version)
                            .as(stopping.device())
                            .will("alarm", "will", 0, false)));
        }
        var nobody = stopping.open();
        stopping.ports().holdLogins();
        var waiting = stopping.open()
                .send(WireConnect.of(V5, "waiting").as(stopping.device()).encode());
        clients.get(0).ping();
        // when
        long start = System.nanoTime();
        stopping.close();
        // then
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        assertThat(clients.get(0).awaitClose()).isEmpty();
        assertThat(clients.get(1).awaitClose()).isEmpty();
        assertThat(clients.get(2).awaitClose()).singleElement().satisfies(packet -> {
            assertThat(packet.type()).isEqualTo(WirePacket.DISCONNECT);
            assertThat(packet.reason()).isEqualTo(0x8B);
        });
        assertThat(nobody.awaitClose()).isEmpty();
        assertThat(waiting.awaitClose()).isEmpty();
        assertThat(stopping.ports().online()).isEmpty();
        clients.forEach(WireClient::close);
        nobody.close();
        waiting.close();
    }

    // Faults

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void servesOthersWhateverOneConnectionSends(MqttVersion version) {
        // given
        var subscriber = connect(version, "sub");
        subscriber.subscribe(1, "plant/#");
        var publisher = connect(version, "pub");
        // when many send nonsense, half a packet, or nothing, and go
        for (int i = 0; i < 50; i++) {
            open().send(Wire.bytes(0xFF, i, i, i)).close();
            open().send(WireConnect.of(version, "half " + i).as(device).encode(), Wire.bytes(0x30, 0x7F, 0))
                    .close();
            connect(version, "bad " + i).send(Wire.bytes(0x00)).close();
            open().close();
        }
        // then
        for (int i = 0; i < 20; i++) {
            publisher.publish("plant/a", String.valueOf(i), 1, false);
            assertThat(subscriber.receiveMessage().payload()).isEqualTo(String.valueOf(i));
        }
        await().untilAsserted(() -> assertThat(ofAcme(broker.ports().online())).hasSize(2));
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance("MQTT 3.1.1 [MQTT-4.8.0-2]")
    void closesOnlyTheConnectionWhosePublishFails(MqttVersion version) {
        // given an engine that fails at one message
        awaitQuiet();
        acme.tap(message -> {
            if (message.topic().equals("fault")) {
                throw new IllegalStateException("a fault that the test asked for");
            }
        });
        var subscriber = connect(version, "sub");
        subscriber.subscribe(1, "#");
        var other = connect(version, "other");
        // when
        var client = connect(version, "boiler");
        client.send(Wire.publish(version, "fault", "m", 1, false, 1), Wire.pingreq());
        // then
        assertThat(client.awaitClose())
                .extracting(WirePacket::reason)
                .isEqualTo(version.hasProperties() ? List.of(0x80) : List.of());
        client.close();
        await().untilAsserted(() ->
                assertThat(incidents()).extracting(Incident::reason).containsExactly(Incident.Reason.INTERNAL_ERROR));
        // and so with a will
        connect(WireConnect.of(version, "boiler").as(device).will("fault", "will", 1, false))
                .close();
        await().untilAsserted(() -> assertThat(ofAcme(broker.ports().online())).hasSize(2));
        assertThat(broker.engine().statistics().connections()).isEqualTo(2);
        // whose session is gone all the same
        await().untilAsserted(() ->
                assertThat(broker.engine().statistics().sessions()).isEqualTo(2));
        assertNothingMore(other, subscriber);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void closesOnlyTheConnectionWhoseLogInFails(MqttVersion version) {
        // given ids whose sessions live on either event loop, so that one of the connections moves
        awaitQuiet();
        var other = connect(version, "other");
        for (int i = 0; i < 6; i++) {
            var clientId = "faulty " + i;
            broker.ports().failFor(clientId);
            // when
            var client =
                    open().send(WireConnect.of(version, clientId).as(device).encode());
            // then
            client.awaitClose();
            client.close();
            assertThat(other.ping()).isEmpty();
        }
        await().untilAsserted(() ->
                assertThat(broker.engine().statistics().connections()).isEqualTo(1));
        assertThat(broker.engine().statistics().sessions()).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void keepsNothingOfClientsThatLeaveWhileTheyLogIn(MqttVersion version) {
        awaitQuiet();
        // given
        long before = broker.engine().statistics().sessions();
        broker.ports().holdLogins();
        for (int i = 0; i < 20; i++) {
            open().send(WireConnect.of(version, "hasty " + i)
                            .as(device)
                            .will("alarm", "will", 0, false)
                            .encode())
                    .close();
        }
        // when
        broker.ports().answerLogins();
        // then
        connect(version, "other").disconnect();
        await().untilAsserted(() -> {
            assertThat(ofAcme(broker.ports().online())).isEmpty();
            assertThat(broker.engine().statistics().connections()).isZero();
            assertThat(broker.engine().statistics().sessions()).isEqualTo(before);
        });
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void dropsASpaceOfWhichNothingIsLeft(MqttVersion version) {
        awaitQuiet();
        // given
        long before = broker.engine().statistics().tenants();
        var client = connect(version, "boiler");
        client.subscribe(1, "plant/#");
        client.publish("plant/a", "m", 1, true);
        client.publish("plant/a", "", 1, true);
        assertThat(broker.engine().statistics().tenants()).isEqualTo(before + 1);
        // when
        client.send(Wire.disconnect());
        client.close();
        // then
        await().until(() -> broker.engine().statistics().tenants() == before);
    }
}
