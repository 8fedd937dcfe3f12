package dev.dunlin.engine.client;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.ConnectedClient;
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
import java.net.SocketException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyProtocolTest {
    private static final String V2 = "0d0a0d0a000d0a515549540a";
    private static final String FOUR = V2 + "21 11 000c cb007109 c6336401 d903 075b";
    private static final String SIX =
            V2 + "21 21 0024 20010db8000000000000000000000007 20010db8000000000000000000000001" + "d903 075b";

    private TestBroker broker;

    @BeforeEach
    void start() {
        broker = TestBroker.startBehindProxy(0, EnumSet.allOf(Transport.class));
    }

    @AfterEach
    void stop() {
        broker.close();
    }

    private WireConnect connect() {
        return WireConnect.of(MqttVersion.V5, "boiler").as(broker.device());
    }

    private String addressOf(byte[]... header) {
        try (var client = broker.open()) {
            for (var part : header) {
                client.send(part);
            }
            client.connect(connect());
            await().until(() -> !broker.ports().online().isEmpty());
            var address = broker.ports().online().get(0).remoteAddress();
            client.disconnect();
            await().until(() -> broker.ports().online().isEmpty());
            return address;
        }
    }

    private static byte[] v1(String line) {
        return (line + "\r\n").getBytes(US_ASCII);
    }

    private static byte[] v2(String hex) {
        return Wire.hex(hex);
    }

    @Test
    void takesTheClientsAddressFromAHeaderOfEitherVersion() {
        assertThat(addressOf(v1("PROXY TCP4 203.0.113.9 198.51.100.1 55555 1883")))
                .isEqualTo("203.0.113.9");
        assertThat(addressOf(v1("PROXY TCP6 2001:db8::7 2001:db8::1 55555 1883")))
                .isEqualTo("2001:db8:0:0:0:0:0:7");
        assertThat(addressOf(v1("PROXY TCP6 ::ffff:203.0.113.9 ::ffff:198.51.100.1 55555 1883")))
                .isEqualTo("203.0.113.9");
        assertThat(addressOf(v2(FOUR))).isEqualTo("203.0.113.9");
        assertThat(addressOf(v2(SIX))).isEqualTo("2001:db8:0:0:0:0:0:7");
        // additional fields, of which one nobody has defined
        assertThat(addressOf(v2(V2 + "21 11 0017 cb007109 c6336401 d903 075b 04 0001 00 e5 0004 01020304")))
                .isEqualTo("203.0.113.9");
    }

    @Test
    void keepsTheSocketsAddressWhenTheProxySpeaksForItselfOrDoesNotKnow() {
        assertThat(addressOf(v1("PROXY UNKNOWN"))).isEqualTo("127.0.0.1");
        assertThat(addressOf(v1("PROXY UNKNOWN 203.0.113.9 198.51.100.1 1 2"))).isEqualTo("127.0.0.1");
        assertThat(addressOf(v2(V2 + "20 00 0000"))).isEqualTo("127.0.0.1");
        assertThat(addressOf(v2(V2 + "20 11 000c cb007109 c6336401 d903 075b"))).isEqualTo("127.0.0.1");
        assertThat(addressOf(v2(V2 + "21 00 0000"))).isEqualTo("127.0.0.1");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 7})
    void readsAHeaderInPiecesAndPacketsInTheSameRead(int pieceBytes) {
        for (var header : List.of(v1("PROXY TCP4 203.0.113.9 198.51.100.1 55555 1883"), v2(FOUR))) {
            var all = Wire.concat(header, connect().encode(), Wire.pingreq());
            try (var client = broker.open()) {
                for (int i = 0; i < all.length; i += pieceBytes) {
                    client.send(java.util.Arrays.copyOfRange(all, i, Math.min(all.length, i + pieceBytes)));
                }
                assertThat(client.expect(WirePacket.CONNACK).reason()).isZero();
                client.expect(WirePacket.PINGRESP);
            }
            try (var client = broker.open()) {
                client.send(all);
                assertThat(client.expect(WirePacket.CONNACK).reason()).isZero();
                client.expect(WirePacket.PINGRESP);
            }
        }
        await().untilAsserted(() -> assertThat(broker.ports().connected())
                .hasSize(4)
                .extracting(ConnectedClient::remoteAddress)
                .containsOnly("203.0.113.9"));
    }

    @ParameterizedTest
    @CsvSource({"TLS,v1", "TLS,v2", "TLS,split"})
    void standsBeforeTls(Transport transport, String form) throws Exception {
        try (var plain = new Socket(InetAddress.getLoopbackAddress(), broker.port(transport))) {
            plain.setTcpNoDelay(true);
            var out = plain.getOutputStream();
            switch (form) {
                case "v1" -> out.write(v1("PROXY TCP4 203.0.113.9 198.51.100.1 55555 1883"));
                case "v2" -> out.write(v2(FOUR));
                default -> {
                    for (var one : v2(FOUR)) {
                        out.write(one);
                    }
                }
            }
            try (var secured = secure(plain)) {
                secured.getOutputStream().write(connect().encode());
                assertThat(secured.getInputStream().readNBytes(4)[3]).isZero();
                await().until(() -> !broker.ports().online().isEmpty());
                assertThat(broker.ports().online().get(0).remoteAddress()).isEqualTo("203.0.113.9");
            }
        }
    }

    private SSLSocket secure(Socket plain) throws IOException, GeneralSecurityException {
        var context = SSLContext.getInstance("TLS");
        context.init(null, broker.trust().getTrustManagers(), null);
        plain.setSoTimeout(10_000);
        return (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", plain.getPort(), true);
    }

    @Test
    void standsBeforeAWebSocket() throws IOException {
        try (var plain = new Socket(InetAddress.getLoopbackAddress(), broker.port(Transport.WS))) {
            plain.setSoTimeout(10_000);
            plain.getOutputStream()
                    .write(Wire.concat(
                            v2(SIX),
                            ("GET /mqtt HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                                            + "Sec-WebSocket-Protocol: mqtt\r\n\r\n")
                                    .getBytes(US_ASCII)));
            assertThat(new String(plain.getInputStream().readNBytes(12), US_ASCII))
                    .isEqualTo("HTTP/1.1 101");
        }
    }

    @Test
    void closesAtOnceWhatBeginsWithNoHeaderOrABrokenOne() throws IOException {
        for (var bytes : List.of(
                connect().encode(),
                v1("PROXX"),
                v1("PROXY"),
                v1("proxy TCP4 203.0.113.9 198.51.100.1 55555 1883"),
                v1("PROXY TCP4 203.0.113.900 198.51.100.1 55555 1883"),
                v1("PROXY TCP4 2001:db8::7 198.51.100.1 55555 1883"),
                v1("PROXY TCP4 localhost 198.51.100.1 55555 1883"),
                v1("PROXY TCP4 203.0.113.9 198.51.100.1 99999 1883"),
                v1("PROXY TCP4 203.0.113.9 198.51.100.1"),
                v1("PROXY UDP4 203.0.113.9 198.51.100.1 55555 1883"),
                ("PROXY TCP4 " + "1".repeat(200)).getBytes(US_ASCII),
                v2(V2 + "31 11 000c cb007109 c6336401 d903 075b"),
                v2(V2 + "01 11 000c cb007109 c6336401 d903 075b"),
                v2(V2 + "2f 11 000c cb007109 c6336401 d903 075b"),
                v2(V2 + "21 11 0004 cb007109"),
                v2(V2 + "21 21 000c cb007109 c6336401 d903 075b"),
                // fields that say they are longer than they are, the first of them whole
                v2(V2 + "21 11 0014 cb007109 c6336401 d903 075b 04 0001 41 04 ffff 41"),
                v2(V2 + "21 11 0014 cb007109 c6336401 d903 075b 20 0006 00 00000000"),
                Wire.concat(v2(V2 + "21 11 ffff"), new byte[8_000]))) {
            assertClosedUnanswered(bytes);
        }
        assertThat(broker.ports().connected()).isEmpty();
    }

    private void assertClosedUnanswered(byte[] bytes) throws IOException {
        long began = System.nanoTime();
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), broker.port(Transport.TCP))) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(bytes);
            assertThat(readOrEnd(socket)).as(new String(bytes, US_ASCII)).isEqualTo(-1);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(4));
    }

    private static int readOrEnd(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read();
        } catch (SocketException reset) {
            return -1;
        }
    }

    @Test
    void doesNotWaitLongForAHeaderThatDripsIn() throws IOException {
        try (var silent = new Socket(InetAddress.getLoopbackAddress(), broker.port(Transport.TCP));
                var slow = new Socket(InetAddress.getLoopbackAddress(), broker.port(Transport.TLS))) {
            slow.getOutputStream().write("PROXY TCP4 ".getBytes(US_ASCII));
            for (var socket : List.of(silent, slow)) {
                socket.setSoTimeout(10_000);
                assertThat(readOrEnd(socket)).isEqualTo(-1);
            }
        }
    }

    @Test
    void countsFailuresAndReportsThemUnderTheClientsAddress() {
        broker.close();
        broker = TestBroker.startBehindProxy(1, Set.of(Transport.TCP));
        var wrong = connect().as(broker.device().userName(), "wrong");
        // given one client that has used up its answers
        try (var guesser = broker.open();
                var again = broker.open();
                var other = broker.open()) {
            guesser.send(v1("PROXY TCP4 203.0.113.9 198.51.100.1 1 2"));
            assertThat(guesser.login(wrong).reason()).isEqualTo(0x86);
            again.send(v1("PROXY TCP4 203.0.113.9 198.51.100.1 3 4"), wrong.encode());
            assertThat(again.awaitClose()).isEmpty();
            // when another comes through the same proxy, then it is answered
            other.send(v1("PROXY TCP4 203.0.113.10 198.51.100.1 5 6"));
            assertThat(other.login(wrong).reason()).isEqualTo(0x86);
        }
        assertThat(broker.ports().incidents())
                .filteredOn(incident -> incident.kind() == Incident.Kind.CONNECT)
                .extracting(Incident::remoteAddress)
                .containsExactly("203.0.113.9", "203.0.113.9", "203.0.113.10");
    }

    @Test
    void isNoWayToLieOnAListenerWhereItIsOff() throws IOException {
        broker.close();
        broker = TestBroker.startBehindProxy(0, Set.of(Transport.TLS));
        try (var liar = WireClient.open(broker.port(Transport.TCP))) {
            liar.send(v1("PROXY TCP4 203.0.113.9 198.51.100.1 1 2"), connect().encode());
            assertThat(liar.awaitClose()).isEmpty();
        }
        assertThat(broker.ports().connected()).isEmpty();
        assertThat(broker.ports().incidents())
                .extracting(Incident::remoteAddress)
                .containsOnly("127.0.0.1");
    }
}
