package dev.dunlin.engine.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two tenants with equal topics, client ids and credential names: nothing crosses. */
class TenantIsolationTest {
    private TestBroker broker;

    @BeforeEach
    void start() {
        broker = TestBroker.start();
        for (var slug : new String[] {"acme", "globex"}) {
            broker.tenant(slug).tap();
        }
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    private WireClient connect(MqttVersion version, String tenant, String clientId) {
        return broker.connect(version, clientId, broker.tenant(tenant).credential("boiler-7"));
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void keepsPublishesApart(MqttVersion version) {
        try (var acme = connect(version, "acme", "sub");
                var globex = connect(version, "globex", "sub");
                var publisher = connect(version, "acme", "pub")) {
            for (var filter : new String[] {"#", "+/+", "plant/boiler"}) {
                // given both subscribe alike
                acme.subscribe(2, filter);
                globex.subscribe(2, filter);
                // when one tenant publishes, and then the other as a fence
                for (int qos = 0; qos <= 2; qos++) {
                    publisher.publish("plant/boiler", filter + qos, qos, false);
                    assertThat(acme.receiveMessage().payload()).isEqualTo(filter + qos);
                }
                // then the other has nothing
                globex.publish("plant/boiler", "own", 0, false);
                assertThat(globex.receiveMessage().payload()).isEqualTo("own");
                assertThat(globex.ping()).isEmpty();
                assertThat(acme.ping()).isEmpty();
                acme.send(Wire.unsubscribe(version, 900, filter));
                acme.expect(WirePacket.UNSUBACK);
                globex.send(Wire.unsubscribe(version, 900, filter));
                globex.expect(WirePacket.UNSUBACK);
            }
            assertThat(broker.tenant("globex").tapped())
                    .extracting(message -> new String(message.payload(), UTF_8))
                    .containsOnly("own");
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void keepsRetainedMessagesApart(MqttVersion version) {
        try (var acme = connect(version, "acme", "client");
                var globex = connect(version, "globex", "client")) {
            // given
            acme.publish("plant/state", "of acme", 1, true);
            // then
            globex.subscribe(1, "#");
            assertThat(globex.ping()).isEmpty();
            // when the other keeps one on the same topic, and removes it
            globex.publish("plant/state", "of globex", 1, true);
            assertThat(globex.receiveMessage().payload()).isEqualTo("of globex");
            globex.publish("plant/state", "", 1, true);
            // then the first is still there
            acme.subscribe(1, "+/+");
            assertThat(acme.receiveMessage().payload()).isEqualTo("of acme");
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void keepsWillsApart(MqttVersion version) {
        try (var acme = connect(version, "acme", "sub");
                var globex = connect(version, "globex", "sub")) {
            acme.subscribe(1, "#");
            globex.subscribe(1, "#");
            // when a client with a will breaks off
            broker.open()
                    .connect(WireConnect.of(version, "doomed")
                            .as(broker.device())
                            .will("plant/alarm", "gone", 1, false))
                    .close();
            // then its own tenant learns it, and the other does not
            assertThat(acme.receiveMessage().payload()).isEqualTo("gone");
            assertThat(globex.ping()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void keepsClientIdsApart(MqttVersion version) {
        try (var acme = connect(version, "acme", "boiler");
                var globex = connect(version, "globex", "boiler")) {
            // then both stay
            assertThat(acme.ping()).isEmpty();
            assertThat(globex.ping()).isEmpty();
            // when one takes its own session over
            try (var taker = connect(version, "acme", "boiler")) {
                acme.awaitClose();
                // then the other tenant's client stays
                assertThat(globex.ping()).isEmpty();
                assertThat(taker.ping()).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void keepsSessionsApart(MqttVersion version) {
        // given a session with a subscription and a queued message
        var session = WireConnect.of(version, "boiler").resuming();
        if (version.hasProperties()) {
            session = session.sessionExpiry(3_600);
        }
        try (var acme = broker.open().connect(session.as(broker.device()))) {
            acme.subscribe(1, "plant/#");
            acme.disconnect();
        }
        try (var publisher = connect(version, "acme", "pub")) {
            publisher.publish("plant/boiler", "queued", 1, false);
        }
        // when the other tenant's client of that id comes, it finds nothing
        try (var globex = broker.open()) {
            var connack = globex.login(session.as(broker.tenant("globex").credential("boiler-7")));
            assertThat(connack.reason()).isZero();
            assertThat(connack.isSessionPresent()).isFalse();
            assertThat(globex.ping()).isEmpty();
        }
        // and the owner finds all
        try (var acme = broker.open()) {
            var connack = acme.login(session.as(broker.device()));
            assertThat(connack.isSessionPresent()).isEqualTo(version != MqttVersion.V3_1);
            assertThat(acme.receiveMessage().payload()).isEqualTo("queued");
        }
    }
}
