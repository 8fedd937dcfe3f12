package dev.dunlin.engine.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.TestCertificate;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Mutual TLS: which certificate is worth what is the ports' to say, here it is shown that they are asked and heard. */
class ClientCertificateTest {
    private TestBroker broker;
    private TestCertificate mine;

    @BeforeEach
    void start() {
        broker = TestBroker.start();
        mine = TestCertificate.named("boiler-7");
        broker.device().addCertificate(mine.fingerprint());
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    private SSLContext context(@Nullable TestCertificate shown, @Nullable PrivateKey key) {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(
                    shown == null || key == null ? null : shown.keyManagers(key),
                    broker.trust().getTrustManagers(),
                    null);
            return context;
        } catch (GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private SSLContext showing(TestCertificate shown) {
        return context(shown, shown.key());
    }

    private SSLSocket open(SSLContext context, String protocol) throws IOException {
        var socket = (SSLSocket)
                context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), broker.port(Transport.TLS));
        socket.setSoTimeout(10_000);
        socket.setEnabledProtocols(new String[] {protocol});
        return socket;
    }

    /** @return the reason of CONNACK */
    private int logIn(SSLContext context, String protocol, WireConnect connect) {
        try (var socket = open(context, protocol)) {
            return logIn(socket, connect);
        } catch (IOException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static int logIn(SSLSocket socket, WireConnect connect) throws IOException {
        socket.getOutputStream().write(connect.encode());
        var in = new DataInputStream(socket.getInputStream());
        assertThat(in.readUnsignedByte()).isEqualTo(0x20);
        in.readUnsignedByte();
        in.readUnsignedByte();
        return in.readUnsignedByte();
    }

    private WireConnect connect(@Nullable String password) {
        return WireConnect.of(MqttVersion.V5, "boiler").as(broker.device().userName(), password);
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void admitsWhoeverHoldsTheKeyOfARegisteredCertificate(String protocol) {
        assertThat(logIn(showing(mine), protocol, connect(null))).isZero();
        await().until(() -> broker.ports().connected().size() == 1);
        assertThat(broker.ports().connected().get(0).credential())
                .isEqualTo(broker.device().id());
        // before MQTT 5 a user name may stand alone as well
        assertThat(logIn(
                        showing(mine),
                        protocol,
                        WireConnect.of(MqttVersion.V3_1_1, "boiler")
                                .as(broker.device().userName(), null)))
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void knowsTheCertificateAgainWhenATlsSessionIsResumed(String protocol) throws IOException {
        var context = showing(mine);
        for (int i = 0; i < 3; i++) {
            try (var socket = open(context, protocol)) {
                assertThat(logIn(socket, connect(null))).isZero();
                socket.getOutputStream().write(Wire.pingreq());
                assertThat(socket.getInputStream().readNBytes(2)).hasSize(2);
            }
        }
    }

    @Test
    void asksForNoCertificate() {
        var none = context(null, null);
        assertThat(logIn(none, "TLSv1.3", connect(TestBroker.SECRET))).isZero();
        assertThat(logIn(none, "TLSv1.2", connect(TestBroker.SECRET))).isZero();
        assertThat(logIn(none, "TLSv1.3", connect(null))).isEqualTo(0x86);
        assertThat(broker.ports().incidentReasons()).contains(Incident.Reason.WRONG_SECRET);
    }

    @Test
    void refusesACertificateThatIsNotRegistered() {
        assertThat(logIn(showing(TestCertificate.named("boiler-7")), "TLSv1.3", connect(null)))
                .isEqualTo(0x86);
        assertThat(broker.ports().incidentReasons()).contains(Incident.Reason.UNKNOWN_CERTIFICATE);
    }

    @Test
    void refusesAnExpiredCertificateAndSaysSo() {
        var now = Instant.now();
        var old = TestCertificate.valid("boiler-7", now.minus(Duration.ofDays(9)), now.minus(Duration.ofDays(1)));
        broker.device().addCertificate(old.fingerprint());
        assertThat(logIn(showing(old), "TLSv1.3", connect(null))).isEqualTo(0x87);
        assertThat(broker.ports().incidentReasons()).contains(Incident.Reason.CERTIFICATE_EXPIRED);
    }

    @Test
    void letsThePasswordDecideIfThereIsOne() {
        assertThat(logIn(showing(mine), "TLSv1.3", connect("wrong"))).isEqualTo(0x86);
        assertThat(logIn(showing(TestCertificate.named("other")), "TLSv1.3", connect(TestBroker.SECRET)))
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void isNotFooledByACertificateWithoutItsKey(String protocol) {
        var thief = context(mine, TestCertificate.named("thief").key());
        assertThatThrownBy(() -> logIn(thief, protocol, connect(null))).hasRootCauseInstanceOf(IOException.class);
        assertThat(broker.ports().connected()).isEmpty();
        assertThat(broker.ports().incidents()).isEmpty();
    }

    @Test
    void takesACertificateOverWebSocketToo() throws Exception {
        var connack = new CompletableFuture<Integer>();
        var socket = HttpClient.newBuilder()
                .sslContext(showing(mine))
                .build()
                .newWebSocketBuilder()
                .subprotocols("mqtt")
                .buildAsync(
                        URI.create("wss://localhost:" + broker.port(Transport.WSS) + "/mqtt"),
                        new WebSocket.Listener() {
                            @Override
                            public @Nullable CompletionStage<?> onBinary(
                                    WebSocket webSocket, ByteBuffer data, boolean last) {
                                connack.complete((int) data.get(3));
                                return null;
                            }
                        })
                .get(10, TimeUnit.SECONDS);
        socket.sendBinary(ByteBuffer.wrap(connect(null).encode()), true);
        assertThat(connack.get(10, TimeUnit.SECONDS)).isZero();
        socket.abort();
    }
}
