package dev.dunlin.engine.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.datatypes.MqttUtf8String;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.Mqtt5ClientConfig;
import com.hivemq.client.mqtt.mqtt5.auth.Mqtt5EnhancedAuthMechanism;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5ConnAckException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5DisconnectException;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5Auth;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5AuthBuilder;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5EnhancedAuthBuilder;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5Connect;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAck;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5Disconnect;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5DisconnectReasonCode;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.LoginAnswer;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Scram;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** AUTH and what belongs to it (MQTT 5 §4.12). */
class EnhancedAuthenticationTest {
    private static final int CONTINUE = 0x18;
    private static final int RE_AUTHENTICATE = 0x19;
    private static final int PROTOCOL_ERROR = 0x82;
    private static final int NOT_AUTHORIZED = 0x87;
    private static final int BAD_METHOD = 0x8C;

    private TestBroker broker;

    @BeforeEach
    void start() {
        broker = TestBroker.start();
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    // Packets

    private static byte[] authentication(@Nullable String method, byte @Nullable [] data) {
        return Wire.concat(
                method == null ? new byte[0] : Wire.concat(Wire.bytes(0x15), Wire.string(method)),
                data == null ? new byte[0] : Wire.concat(Wire.bytes(0x16), Wire.string(data)));
    }

    private static byte[] auth(int reason, @Nullable String method, byte @Nullable [] data) {
        return Wire.packet(0xF0, Wire.bytes(reason), Wire.counted(authentication(method, data)));
    }

    private static byte[] connect(@Nullable String method, byte @Nullable [] data) {
        return WireConnect.of(MqttVersion.V5, "boiler")
                .properties(authentication(method, data))
                .encode();
    }

    /** The Authentication Data of a packet whose Property Length is one byte, at {@code at}. */
    private static byte @Nullable [] dataOf(WirePacket packet, int at) {
        var body = ByteBuffer.wrap(packet.body());
        body.position(at + 1);
        while (body.hasRemaining()) {
            int id = body.get();
            if (id == 0x15 || id == 0x16 || id == 0x12 || id == 0x1F) {
                var value = new byte[body.getShort()];
                body.get(value);
                if (id == 0x16) {
                    return value;
                }
            } else {
                body.position(body.position() + (id == 0x27 ? 4 : 2));
            }
        }
        return null;
    }

    private static byte[] challengeIn(WirePacket auth) {
        assertThat(auth.reason()).isEqualTo(CONTINUE);
        var data = dataOf(auth, 1);
        assertThat(data).isNotNull();
        return data == null ? new byte[0] : data;
    }

    private Scram scram() {
        return new Scram(broker.device().userName(), broker.device().secret());
    }

    private WireClient challenged(Scram scram, List<byte[]> challenge) {
        var client = broker.open();
        client.login5(connect(Scram.METHOD, scram.first()));
        challenge.add(challengeIn(client.expect(WirePacket.AUTH)));
        return client;
    }

    private WireClient connected() {
        var scram = scram();
        var challenge = new ArrayList<byte[]>();
        var client = challenged(scram, challenge);
        client.send(auth(CONTINUE, Scram.METHOD, scram.last(challenge.get(0))));
        var connack = client.expect(WirePacket.CONNACK);
        assertThat(connack.reason()).isZero();
        assertThat(new String(connack.body(), UTF_8)).contains(Scram.METHOD);
        var signature = dataOf(connack, 2);
        assertThat(signature).isNotNull();
        assertThat(signature != null && scram.isServerKnown(signature)).isTrue();
        return client;
    }

    private static void expectEnd(WireClient client, int type, int reason) {
        var last = client.awaitClose();
        assertThat(last).hasSize(1);
        assertThat(last.get(0).type()).isEqualTo(type);
        assertThat(last.get(0).reason()).isEqualTo(reason);
    }

    // The log-in

    @Test
    @Conformance({"MQTT 5 [MQTT-4.12.0-2]", "MQTT 5 [MQTT-4.12.0-5]", "MQTT 5 [MQTT-3.15.2-1]"})
    void admitsWhoeverProvesToKnowTheSecret() {
        try (var client = connected()) {
            assertThat(client.subscribe(1, "plant/#")).isEqualTo(1);
            client.ping();
        }
        await().until(() -> broker.ports().disconnected().size() == 1);
        assertThat(broker.ports().connected().get(0).credential())
                .isEqualTo(broker.device().id());
    }

    @Test
    @Conformance("MQTT 5 [MQTT-4.12.0-4]")
    void refusesAWrongSecretAndAnUnknownNameAlike() {
        for (var scram : List.of(
                new Scram(broker.device().userName(), "wrong"),
                new Scram("acme.nobody", broker.device().secret()))) {
            var challenge = new ArrayList<byte[]>();
            try (var client = challenged(scram, challenge)) {
                client.send(auth(CONTINUE, Scram.METHOD, scram.last(challenge.get(0))));
                expectEnd(client, WirePacket.CONNACK, 0x86);
            }
        }
    }

    @Test
    @Conformance("MQTT 5 [MQTT-4.12.0-1]")
    void refusesAMethodThatItDoesNotKnow() {
        try (var client = broker.open()) {
            client.login5(connect("GS2-KRB5", new byte[] {1}));
            expectEnd(client, WirePacket.CONNACK, BAD_METHOD);
        }
        assertThat(broker.ports().incidentReasons()).containsExactly(Incident.Reason.AUTHENTICATION_METHOD_UNKNOWN);
    }

    @Test
    void refusesDataWithoutAMethodAndDataThatIsNotOfTheMethod() {
        try (var client = broker.open()) {
            client.login5(connect(null, new byte[] {1}));
            client.awaitClose();
        }
        try (var client = broker.open()) {
            client.login5(connect(Scram.METHOD, "p=tls-unique,,n=a,r=b".getBytes(UTF_8)));
            expectEnd(client, WirePacket.CONNACK, NOT_AUTHORIZED);
        }
        assertThat(broker.ports().incidentReasons())
                .containsExactly(Incident.Reason.PROTOCOL_ERROR, Incident.Reason.AUTHENTICATION_DATA_INVALID);
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.1.2-30]")
    void takesNothingButAuthAndDisconnectBeforeConnack() {
        for (var packet : List.of(
                Wire.pingreq(),
                Wire.publish(MqttVersion.V5, "plant/a", "x", 0, false, 0),
                Wire.subscribe(MqttVersion.V5, 1, 0, "#"),
                Wire.acknowledge(WirePacket.PUBREL, 1),
                connect(null, null))) {
            try (var client = challenged(scram(), new ArrayList<>())) {
                client.send(packet);
                expectEnd(client, WirePacket.CONNACK, PROTOCOL_ERROR);
            }
        }
        // and at once, as when it is on its way with the CONNECT
        try (var client = broker.open()) {
            client.login5(Wire.concat(connect(Scram.METHOD, scram().first()), Wire.pingreq()));
            client.expect(WirePacket.AUTH);
            expectEnd(client, WirePacket.CONNACK, PROTOCOL_ERROR);
        }
        try (var client = challenged(scram(), new ArrayList<>())) {
            client.send(Wire.disconnect());
            assertThat(client.awaitClose()).isEmpty();
        }
        assertThat(broker.ports().connected()).isEmpty();
        await().until(() -> broker.engine().statistics().connections() == 0);
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-4.12.0-3]", "MQTT 5 [MQTT-4.12.0-5]"})
    void takesAuthWithTheMethodOfTheConnectAlone() {
        try (var client = challenged(scram(), new ArrayList<>())) {
            client.send(auth(CONTINUE, "PLAIN", new byte[] {1}));
            expectEnd(client, WirePacket.CONNACK, BAD_METHOD);
        }
        for (var packet : List.of(
                auth(CONTINUE, null, null),
                auth(RE_AUTHENTICATE, Scram.METHOD, new byte[] {1}),
                auth(0, Scram.METHOD, new byte[] {1}),
                Wire.bytes(0xF0, 0))) {
            try (var client = challenged(scram(), new ArrayList<>())) {
                client.send(packet);
                expectEnd(client, WirePacket.CONNACK, PROTOCOL_ERROR);
            }
        }
    }

    @Test
    @Conformance("MQTT 5 [MQTT-4.12.0-7]")
    void refusesAuthWhereNoMethodWasAgreed() {
        try (var client = broker.connect(MqttVersion.V5, "plain")) {
            client.send(auth(RE_AUTHENTICATE, Scram.METHOD, scram().first()));
            expectEnd(client, WirePacket.DISCONNECT, PROTOCOL_ERROR);
        }
        try (var client = broker.connect(MqttVersion.V3_1_1, "old")) {
            client.send(auth(RE_AUTHENTICATE, Scram.METHOD, scram().first()));
            assertThat(client.awaitClose()).isEmpty();
        }
    }

    @Test
    void readsNothingWhileAnAnswerIsBeingMade() {
        broker.ports().holdLogins();
        var scram = scram();
        try (var client = broker.open()) {
            client.login5(Wire.concat(
                    connect(Scram.METHOD, scram.first()),
                    auth(CONTINUE, Scram.METHOD, new byte[] {1}),
                    Wire.pingreq()));
            broker.ports().answerLogins();
            client.expect(WirePacket.AUTH);
            expectEnd(client, WirePacket.CONNACK, 0x86);
        }
    }

    @Test
    @Conformance("MQTT 5 [MQTT-3.1.2-24]")
    void sendsNoAuthThatIsTooLargeForTheClient() {
        try (var client = broker.open()) {
            client.login5(WireConnect.of(MqttVersion.V5, "boiler")
                    .properties(authentication(Scram.METHOD, scram().first()), Wire.bytes(0x27), Wire.int32(40))
                    .encode());
            expectEnd(client, WirePacket.CONNACK, 0x95);
        }
    }

    @Test
    void doesNotWaitForeverForTheAnswer() {
        try (var client = challenged(scram(), new ArrayList<>());
                var again = connected()) {
            again.send(auth(RE_AUTHENTICATE, Scram.METHOD, scram().first()));
            again.expect(WirePacket.AUTH);
            // both have ten seconds, and the test client waits as long for each read
            await().atMost(15, TimeUnit.SECONDS)
                    .until(() -> broker.ports().disconnected().size() == 1);
            expectEnd(client, WirePacket.CONNACK, NOT_AUTHORIZED);
            expectEnd(again, WirePacket.DISCONNECT, NOT_AUTHORIZED);
        }
    }

    // Later

    @Test
    @Conformance({"MQTT 5 [MQTT-4.12.1-1]", "MQTT 5 [MQTT-3.15.2-1]"})
    void authenticatesAnewWhileMessagesFlow() {
        try (var client = connected()) {
            for (int i = 0; i < 3; i++) {
                var scram = scram();
                client.subscribe(0, "plant/a");
                client.send(
                        auth(RE_AUTHENTICATE, Scram.METHOD, scram.first()),
                        Wire.publish(MqttVersion.V5, "plant/a", "between", 0, false, 0));
                var challenge = challengeIn(client.expect(WirePacket.AUTH));
                assertThat(client.receiveMessage().payload()).isEqualTo("between");
                client.send(auth(CONTINUE, Scram.METHOD, scram.last(challenge)));
                var success = client.expect(WirePacket.AUTH);
                assertThat(success.reason()).isZero();
                var signature = dataOf(success, 1);
                assertThat(signature != null && scram.isServerKnown(signature)).isTrue();
            }
        }
    }

    @Test
    @Conformance("MQTT 5 [MQTT-4.12.1-2]")
    void endsAConnectionThatCannotProveItselfAnew() {
        // a wrong secret
        try (var client = connected()) {
            var wrong = new Scram(broker.device().userName(), "wrong");
            client.send(auth(RE_AUTHENTICATE, Scram.METHOD, wrong.first()));
            client.send(auth(CONTINUE, Scram.METHOD, wrong.last(challengeIn(client.expect(WirePacket.AUTH)))));
            expectEnd(client, WirePacket.DISCONNECT, NOT_AUTHORIZED);
        }
        // somebody else, with a right one
        var other = broker.tenant("globex").credential("boiler-7");
        var same = broker.tenant("acme").addCredential("boiler-8", "another-secret");
        for (var credential : List.of(other, same)) {
            try (var client = connected()) {
                var somebody = new Scram(credential.userName(), credential.secret());
                client.send(auth(RE_AUTHENTICATE, Scram.METHOD, somebody.first()));
                client.send(auth(CONTINUE, Scram.METHOD, somebody.last(challengeIn(client.expect(WirePacket.AUTH)))));
                expectEnd(client, WirePacket.DISCONNECT, NOT_AUTHORIZED);
            }
        }
    }

    @Test
    @Conformance({"MQTT 5 [MQTT-4.12.1-1]", "MQTT 5 [MQTT-4.12.0-5]"})
    void endsAConnectionWhoseAuthIsOutOfTurn() {
        var scram = scram();
        for (var packets : List.of(
                List.of(auth(CONTINUE, Scram.METHOD, scram.first())),
                List.of(auth(0, Scram.METHOD, scram.first())),
                List.of(auth(RE_AUTHENTICATE, "PLAIN", scram.first())),
                List.of(auth(RE_AUTHENTICATE, null, scram.first())))) {
            try (var client = connected()) {
                packets.forEach(client::send);
                expectEnd(client, WirePacket.DISCONNECT, PROTOCOL_ERROR);
            }
        }
        // two at once
        try (var client = connected()) {
            client.send(auth(RE_AUTHENTICATE, Scram.METHOD, scram.first()));
            client.expect(WirePacket.AUTH);
            client.send(auth(RE_AUTHENTICATE, Scram.METHOD, scram.first()));
            expectEnd(client, WirePacket.DISCONNECT, PROTOCOL_ERROR);
        }
        // while ours is on its way
        try (var client = connected()) {
            broker.ports().holdLogins();
            client.send(auth(RE_AUTHENTICATE, Scram.METHOD, scram.first()));
            client.send(auth(CONTINUE, Scram.METHOD, new byte[] {1}));
            expectEnd(client, WirePacket.DISCONNECT, PROTOCOL_ERROR);
            broker.ports().answerLogins();
        }
    }

    @Test
    void saysThatItIsBusyWhenNobodyCanJudge() {
        try (var client = connected()) {
            broker.ports().setAvailable(false);
            client.send(auth(RE_AUTHENTICATE, Scram.METHOD, scram().first()));
            expectEnd(client, WirePacket.DISCONNECT, 0x89);
        }
        try (var client = broker.open()) {
            client.login5(connect(Scram.METHOD, scram().first()));
            expectEnd(client, WirePacket.CONNACK, 0x88);
        }
        assertThat(broker.ports().incidentReasons()).contains(LoginAnswer.Reason.UNAVAILABLE.incident());
    }

    // A library

    /** What HiveMQ's client asks for; the secret may change in between. */
    private final class Mechanism implements Mqtt5EnhancedAuthMechanism {
        private final List<String> events = new CopyOnWriteArrayList<>();
        private volatile String secret;
        private volatile Scram scram;

        Mechanism(String secret) {
            this.secret = secret;
            this.scram = fresh();
        }

        private Scram fresh() {
            return new Scram(broker.device().userName(), secret);
        }

        @Override
        public MqttUtf8String getMethod() {
            return MqttUtf8String.of(Scram.METHOD);
        }

        @Override
        public int getTimeout() {
            return 10;
        }

        @Override
        public CompletableFuture<Void> onAuth(
                Mqtt5ClientConfig config, Mqtt5Connect connect, Mqtt5EnhancedAuthBuilder auth) {
            scram = fresh();
            auth.data(scram.first());
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletableFuture<Void> onReAuth(Mqtt5ClientConfig config, Mqtt5AuthBuilder auth) {
            scram = fresh();
            auth.data(scram.first());
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public CompletableFuture<Boolean> onContinue(
                Mqtt5ClientConfig config, Mqtt5Auth auth, Mqtt5AuthBuilder builder) {
            builder.data(scram.last(bytes(auth.getData().orElseThrow())));
            return CompletableFuture.completedFuture(true);
        }

        @Override
        public CompletableFuture<Boolean> onAuthSuccess(Mqtt5ClientConfig config, Mqtt5ConnAck connAck) {
            var data = connAck.getEnhancedAuth().orElseThrow().getData().orElseThrow();
            return CompletableFuture.completedFuture(scram.isServerKnown(bytes(data)));
        }

        @Override
        public CompletableFuture<Boolean> onReAuthSuccess(Mqtt5ClientConfig config, Mqtt5Auth auth) {
            events.add("authenticated anew");
            return CompletableFuture.completedFuture(
                    scram.isServerKnown(bytes(auth.getData().orElseThrow())));
        }

        private static byte[] bytes(ByteBuffer buffer) {
            var bytes = new byte[buffer.remaining()];
            buffer.get(bytes);
            return bytes;
        }

        @Override
        public void onAuthRejected(Mqtt5ClientConfig config, Mqtt5ConnAck connAck) {
            events.add("rejected");
        }

        @Override
        public void onReAuthRejected(Mqtt5ClientConfig config, Mqtt5Disconnect disconnect) {
            events.add("rejected anew");
        }

        @Override
        public void onAuthError(Mqtt5ClientConfig config, Throwable cause) {
            events.add("error " + cause);
        }

        @Override
        public void onReAuthError(Mqtt5ClientConfig config, Throwable cause) {
            events.add("error anew " + cause);
        }
    }

    private Mqtt5AsyncClient library(Mechanism mechanism, Transport transport) {
        var builder = Mqtt5Client.builder()
                .identifier("library")
                .serverHost("127.0.0.1")
                .serverPort(broker.port(transport));
        if (transport == Transport.TLS) {
            builder = builder.sslConfig().trustManagerFactory(broker.trust()).applySslConfig();
        }
        var client = builder.enhancedAuth(mechanism).buildAsync();
        return client;
    }

    @ParameterizedTest
    @ValueSource(strings = {"TCP", "TLS"})
    void worksWithALibrary(Transport transport) {
        var mechanism = new Mechanism(broker.device().secret());
        var client = library(mechanism, transport);
        client.connect().join();
        client.publishWith()
                .topic("plant/a")
                .payload("x".getBytes(UTF_8))
                .send()
                .join();
        client.reauth().join();
        assertThat(mechanism.events).containsExactly("authenticated anew");
        assertThat(client.getState().isConnected()).isTrue();
        // when the secret is wrong by now
        mechanism.secret = "wrong";
        assertThatThrownBy(() -> client.reauth().join())
                .extracting(Throwable::getCause)
                .isInstanceOfSatisfying(
                        Mqtt5DisconnectException.class,
                        failure -> assertThat(failure.getMqttMessage().getReasonCode())
                                .isEqualTo(Mqtt5DisconnectReasonCode.NOT_AUTHORIZED));
        await().until(() -> !client.getState().isConnected());
    }

    @Test
    void tellsALibraryThatTheSecretIsWrong() {
        var mechanism = new Mechanism("wrong");
        var client = library(mechanism, Transport.TCP);
        assertThatThrownBy(() -> client.connect().join())
                .extracting(Throwable::getCause)
                .isInstanceOfSatisfying(
                        Mqtt5ConnAckException.class,
                        failure -> assertThat(failure.getMqttMessage().getReasonCode())
                                .isEqualTo(Mqtt5ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD));
        assertThat(mechanism.events).containsExactly("rejected");
    }
}
