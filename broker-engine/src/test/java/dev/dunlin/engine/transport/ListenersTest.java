package dev.dunlin.engine.transport;

import static dev.dunlin.engine.settings.EngineSettings.BY_HEAP;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.settings.EngineStartException;
import dev.dunlin.engine.settings.NetworkIo;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ListenersTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource(Transport.class)
    void carriesBytesBothWaysAlsoAfterTheConnectionMovedToAnotherLoop(Transport transport) throws Exception {
        try (var echo = new EchoListeners(EchoListeners.settings(directory));
                var client = StreamClient.open(transport, echo.port(transport))) {
            for (int i = 0; i < 20; i++) {
                // given
                var sent = ("message " + i + "-".repeat(i * 500)).getBytes(US_ASCII);
                // when
                client.send(sent);
                // then
                assertThat(client.receive(sent.length)).isEqualTo(sent);
            }
            var large = new byte[3_000_000];
            large[2_999_999] = 7;
            client.send(large);
            assertThat(client.receive(large.length)).isEqualTo(large);
        }
    }

    @ParameterizedTest
    @EnumSource(NetworkIo.class)
    void servesOnEachKindOfLoopOrSaysThatTheMachineCannot(NetworkIo io) throws Exception {
        // given
        var settings = new EngineSettings(
                "127.0.0.1", 0, -1, -1, -1, null, null, directory, "", 0, 0, 2, Set.of(), io, BY_HEAP);
        try (var echo = new EchoListeners(settings);
                var client = StreamClient.open(Transport.TCP, echo.port(Transport.TCP))) {
            // when
            client.send("21.5".getBytes(US_ASCII));
            // then
            assertThat(client.receive(4)).asString().isEqualTo("21.5");
        } catch (EngineStartException cannot) {
            // a kernel or a container may forbid it
            assertThat(io).isIn(NetworkIo.EPOLL, NetworkIo.IO_URING);
            assertThat(cannot).hasMessageContaining("This machine cannot do " + io + " (dunlin.mqtt.io)");
        }
    }

    @Test
    void opensNothingThatIsOff() throws Exception {
        var settings = new EngineSettings("127.0.0.1", 0, -1, -1, -1, null, null, directory, "", 0, 0, 1);
        try (var echo = new EchoListeners(settings)) {
            assertThat(echo.listeners().ports()).containsOnlyKeys(Transport.TCP);
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void saysWhichPortIsTakenAndOpensNone() throws Exception {
        try (var other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            // given a free port for TCP and a taken one for WebSocket
            int tcpPort = free.getLocalPort();
            free.close();
            var settings = new EngineSettings(
                    "127.0.0.1", tcpPort, -1, other.getLocalPort(), -1, null, null, directory, "", 0, 0, 1);
            // then
            assertThatThrownBy(() -> new EchoListeners(settings))
                    .isInstanceOf(EngineStartException.class)
                    .hasMessage("Port " + other.getLocalPort() + " (dunlin.mqtt.ws.port) is in use by another process; "
                            + "stop that process or choose another port.");
            assertThatThrownBy(() -> new Socket("127.0.0.1", tcpPort).close()).isInstanceOf(ConnectException.class);
        }
    }

    @Test
    void saysThatAnAddressIsNotOfThisMachine() {
        var settings = new EngineSettings("192.0.2.1", 0, -1, -1, -1, null, null, directory, "", 0, 0, 1);
        assertThatThrownBy(() -> new EchoListeners(settings))
                .isInstanceOf(EngineStartException.class)
                .hasMessageStartingWith("The address 192.0.2.1 (dunlin.mqtt.host) is not one of this machine");
    }

    @Test
    void closesUnreadWhatIsAboveTheRate() throws Exception {
        // given a guard whose clock stands still, with a burst of ten
        var guard = new ConnectGuard(1, 0, () -> 0);
        try (var echo = new EchoListeners(EchoListeners.settings(directory), guard)) {
            for (int i = 0; i < 10; i++) {
                try (var client = StreamClient.open(Transport.TCP, echo.port(Transport.TCP))) {
                    client.send(new byte[] {1});
                    assertThat(client.receive(1)).containsExactly(1);
                }
            }
            // when one more comes
            try (var socket = new Socket("127.0.0.1", echo.port(Transport.TCP))) {
                // then it is closed
                assertThat(isClosed(socket)).isTrue();
                assertThat(guard.refusedConnections()).isEqualTo(1);
            }
        }
    }

    @Test
    void countsTheClientsThemselvesBehindAProxy() throws Exception {
        // given a guard whose clock stands still, with a burst of ten
        var guard = new ConnectGuard(1, 0, () -> 0);
        var settings = new EngineSettings(
                "127.0.0.1",
                0,
                -1,
                -1,
                -1,
                null,
                null,
                directory,
                "",
                1,
                0,
                1,
                Set.of(Transport.TCP),
                NetworkIo.AUTO,
                BY_HEAP);
        try (var echo = new EchoListeners(settings, guard)) {
            // when one client comes ten times through the proxy, then another, then the first again
            for (int i = 0; i < 10; i++) {
                assertThat(isServed(echo, "203.0.113.9")).isTrue();
            }
            assertThat(isServed(echo, "203.0.113.10")).isTrue();
            assertThat(isServed(echo, "203.0.113.9")).isFalse();
            // then only that one was too many
            assertThat(guard.refusedConnections()).isEqualTo(1);
        }
    }

    private static boolean isServed(EchoListeners echo, String address) throws IOException {
        try (var socket = new Socket("127.0.0.1", echo.port(Transport.TCP))) {
            socket.getOutputStream().write(("PROXY TCP4 " + address + " 198.51.100.1 1 2\r\n!").getBytes(US_ASCII));
            socket.setSoTimeout(10_000);
            try {
                return socket.getInputStream().read() == '!';
            } catch (SocketException reset) {
                return false;
            }
        }
    }

    @Test
    void stopsAcceptingAndLeavesOpenConnectionsToTheirOwner() throws Exception {
        try (var echo = new EchoListeners(EchoListeners.settings(directory));
                var client = StreamClient.open(Transport.TCP, echo.port(Transport.TCP));
                var beginning = new Socket("127.0.0.1", echo.port(Transport.WS))) {
            int port = echo.port(Transport.TCP);
            client.send(new byte[] {1});
            client.receive(1);
            // when
            echo.listeners().stop();
            // then
            assertThatThrownBy(() -> new Socket("127.0.0.1", port).close()).isInstanceOf(ConnectException.class);
            client.send(new byte[] {2});
            assertThat(client.receive(1)).containsExactly(2);
            await().until(() -> isClosed(beginning));
        }
    }

    private static boolean isClosed(Socket socket) throws IOException {
        socket.setSoTimeout(10_000);
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException reset) {
            return true;
        }
    }
}
