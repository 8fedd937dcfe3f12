package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Keep Alive (MQTT 5 §3.1.2.10) and PINGREQ; the clients of all versions are silent at the same time. */
class KeepAliveTest extends WireScenario {

    /** A client of each version. */
    private Map<MqttVersion, WireClient> connect(String clientId, int keepAliveSeconds) {
        var clients = new EnumMap<MqttVersion, WireClient>(MqttVersion.class);
        for (var version : MqttVersion.values()) {
            clients.put(
                    version,
                    connect(WireConnect.of(version, clientId + " " + version)
                            .as(device)
                            .keepAlive(keepAliveSeconds)));
        }
        return clients;
    }

    private void assertTimedOut(int clients) {
        await().untilAsserted(() -> assertThat(incidents())
                .extracting(Incident::reason)
                .hasSize(clients)
                .containsOnly(Incident.Reason.KEEP_ALIVE_TIMEOUT));
    }

    @Test
    @Conformance({"MQTT 3.1 §3.1-12", "MQTT 3.1.1 [MQTT-3.1.2-24]", "MQTT 5 [MQTT-3.1.2-22]", "MQTT 5 [MQTT-3.2.2-22]"})
    void closesAfterOneAndAHalfTimesTheKeepAlive() {
        // given
        long start = System.nanoTime();
        var clients = connect("boiler", 1);
        // when nothing is sent
        clients.forEach((version, client) -> {
            var last = client.awaitClose();
            // then
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isBetween(Duration.ofMillis(1_400), Duration.ofSeconds(5));
            assertThat(last)
                    .extracting(WirePacket::reason)
                    .isEqualTo(version.hasProperties() ? List.of(0x8D) : List.of());
        });
        assertTimedOut(clients.size());
    }

    @Test
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.2-24]", "MQTT 5 [MQTT-3.1.2-22]"})
    void countsWholePacketsAndNotTheirBytes() {
        // given clients whose packet never ends
        var clients = connect("boiler", 1);
        clients.values().forEach(client -> client.send(Wire.bytes(0x30), Wire.varint(1_000)));
        // when a byte drips in from time to time
        await().pollInterval(Duration.ofMillis(200)).until(() -> {
            clients.values().forEach(KeepAliveTest::drip);
            return broker.ports().online().stream()
                    .noneMatch(online -> online.tenant().equals(acme.id()));
        });
        // then they are closed all the same
        assertTimedOut(clients.size());
    }

    private static void drip(WireClient client) {
        try {
            client.send(Wire.bytes(0));
        } catch (UncheckedIOException closed) {
            // that is what it waits for
        }
    }

    @Test
    @Conformance({"MQTT 3.1 §3.12-1", "MQTT 3.1.1 [MQTT-3.12.4-1]", "MQTT 5 [MQTT-3.12.4-1]"})
    void keepsAClientThatPings() {
        // given clients that ping and clients that do not
        var pinging = connect("boiler", 1);
        var silent = connect("silent", 2);
        // when the silent ones have been closed, the others have been there for longer than they may be silent
        await().pollInterval(Duration.ofMillis(100)).untilAsserted(() -> {
            pinging.values().forEach(client -> assertThat(client.ping()).isEmpty());
            assertThat(incidents()).hasSize(silent.size());
        });
        // then
        silent.forEach((version, client) -> assertThat(client.awaitClose()).hasSize(version.hasProperties() ? 1 : 0));
        pinging.values().forEach(client -> assertThat(client.ping()).isEmpty());
        assertThat(incidents()).hasSize(silent.size());
    }

    @Test
    void letsAClientWithoutKeepAliveBeSilent() {
        var clients = connect("boiler", 0);
        connect("other", 1).values().forEach(WireClient::awaitClose);
        clients.values().forEach(client -> assertThat(client.ping()).isEmpty());
    }

    @Test
    void leavesAClientToTcpThatNeedNotShowSignsOfLife() {
        // given, when
        var silent = connect("silent", 0);
        var rare = connect("rare", 65_535);
        var frequent = connect("frequent", 60);
        // then
        silent.values().forEach(client -> assertThat(isWatchedByTcp(client)).isTrue());
        rare.values().forEach(client -> assertThat(isWatchedByTcp(client)).isTrue());
        frequent.values().forEach(client -> assertThat(isWatchedByTcp(client)).isFalse());
    }

    /** Whether the broker's end of the connection has a keep-alive timer, as the kernel tells in {@code /proc/net/tcp}. */
    private static boolean isWatchedByTcp(WireClient client) {
        var ports = ":%04X [0-9A-F]+:%04X"
                .formatted(client.socket().getPort(), client.socket().getLocalPort());
        var keepAliveTimer = Pattern.compile(ports + " 01 [0-9A-F]+:[0-9A-F]+ 02:");
        return Stream.of("/proc/net/tcp", "/proc/net/tcp6")
                .flatMap(KeepAliveTest::lines)
                .anyMatch(line -> keepAliveTimer.matcher(line).find());
    }

    private static Stream<String> lines(String file) {
        try {
            return Files.readAllLines(Path.of(file)).stream();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
