package dev.dunlin.engine.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a client and its tenant learn of a log-in that is refused. */
class LoginAnswerTest {
    private TestBroker broker;

    @BeforeEach
    void start() {
        broker = TestBroker.start();
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void tellsUnknownAndWrongApartToTheTenantAlone(MqttVersion version) {
        // given
        var refused = version.hasProperties() ? 0x86 : 4;
        var device = broker.device();
        // when
        var answers = List.of(
                login(version, device.userName(), "wrong"),
                login(version, device.userName(), ""),
                login(version, device.userName(), null),
                login(version, "acme.no-such", device.secret()),
                login(version, "no-such.boiler-7", device.secret()),
                login(version, "boiler-7", device.secret()),
                login(version, "", device.secret()),
                login(version, null, null));
        // then all read the same
        assertThat(answers).allSatisfy(answer -> assertThat(answer.reason()).isEqualTo(refused));
        assertThat(answers).containsOnly(answers.get(0));
        // and the tenant that was named reads more
        await().untilAsserted(() -> assertThat(broker.ports().incidents())
                .filteredOn(incident -> broker.tenant("acme").id().equals(incident.tenant()))
                .extracting(Incident::reason)
                .containsExactly(
                        Incident.Reason.WRONG_SECRET,
                        Incident.Reason.WRONG_SECRET,
                        Incident.Reason.WRONG_SECRET,
                        Incident.Reason.UNKNOWN_CREDENTIAL));
        assertThat(broker.ports().connected()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void saysNotAuthorisedToWhoeverKnowsTheSecret(MqttVersion version) {
        var device = broker.device();
        device.bindTo("another-client");
        assertThat(login(version, device.userName(), device.secret()).reason())
                .isEqualTo(version.hasProperties() ? 0x87 : 5);
        device.disable();
        var answer = login(version, device.userName(), device.secret());
        assertThat(answer.reason()).isEqualTo(version.hasProperties() ? 0x87 : 5);
        await().untilAsserted(() -> assertThat(broker.ports().incidentReasons())
                .containsExactly(Incident.Reason.CLIENT_ID_NOT_ALLOWED, Incident.Reason.CREDENTIAL_DISABLED));
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void saysUnavailableWhenNobodyCanTell(MqttVersion version) {
        var device = broker.device();
        broker.ports().setAvailable(false);
        assertThat(login(version, device.userName(), device.secret()).reason())
                .isEqualTo(version.hasProperties() ? 0x88 : 3);
        // and lets in who comes when it is back
        broker.ports().setAvailable(true);
        assertThat(login(version, device.userName(), device.secret()).reason()).isZero();
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void leavesSessionAndWillAloneUntilTheLogInIsDecided(MqttVersion version) {
        try (var online = broker.connect(version, "boiler");
                var subscriber = broker.connect(version, "sub")) {
            subscriber.subscribe(0, "#");
            // when someone without the secret uses the client id, and brings a will
            try (var thief = broker.open()) {
                var connack = thief.login(WireConnect.of(version, "boiler")
                        .as(broker.device().userName(), "wrong")
                        .will("plant/alarm", "fake", 0, true));
                assertThat(connack.reason()).isNotZero();
                thief.awaitClose();
            }
            // then nothing has happened
            assertThat(online.ping()).isEmpty();
            assertThat(subscriber.ping()).isEmpty();
        }
    }

    @Test
    void answersSomeFailedLogInsASecondAndClosesUnansweredAboveThat() {
        try (var guarded = TestBroker.startAnswering(1)) {
            // when twenty wrong secrets come at once
            int answered = 0;
            for (int i = 0; i < 20; i++) {
                try (var client = guarded.open()) {
                    client.send(WireConnect.of(MqttVersion.V5, "client")
                            .as(guarded.device().userName(), "wrong")
                            .encode());
                    answered += client.awaitClose().size();
                }
            }
            // then most learn nothing, and who knows the secret is let in
            assertThat(answered).isBetween(1, 10);
            guarded.connect(MqttVersion.V5, "boiler").close();
        }
    }

    private WirePacket login(MqttVersion version, @Nullable String userName, @Nullable String secret) {
        try (var client = broker.open()) {
            var connack = client.login(WireConnect.of(version, "client").as(userName, secret));
            if (connack.reason() != 0) {
                assertThat(client.awaitClose()).isEmpty();
            }
            return connack;
        }
    }
}
