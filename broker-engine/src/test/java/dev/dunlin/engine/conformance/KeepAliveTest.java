package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Keep Alive (MQTT 5 §3.1.2.10) and PINGREQ. */
class KeepAliveTest extends WireScenario {
    private WireConnect connectFor(MqttVersion version, int seconds) {
        return WireConnect.of(version, "boiler").as(device).keepAlive(seconds);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.2-24]", "MQTT 5 [MQTT-3.1.2-22]", "MQTT 3.1 §3.1-12", "MQTT 5 [MQTT-3.2.2-22]"})
    void closesAfterOneAndAHalfTimesTheKeepAlive(MqttVersion version) {
        // given
        var client = connect(connectFor(version, 1));
        long start = System.nanoTime();
        // when nothing is sent
        var last = client.awaitClose();
        // then
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(1_400));
        assertThat(last).extracting(WirePacket::reason).isEqualTo(version.hasProperties() ? List.of(0x8D) : List.of());
        await().untilAsserted(() -> assertThat(incidents())
                .extracting(Incident::reason)
                .containsExactly(Incident.Reason.KEEP_ALIVE_TIMEOUT));
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.1.2-24]", "MQTT 5 [MQTT-3.1.2-22]"})
    void countsWholePacketsAndNotTheirBytes(MqttVersion version) {
        // given a client whose packet never ends
        var client = connect(connectFor(version, 1));
        client.send(Wire.bytes(0x30), Wire.varint(1_000));
        // when a byte drips in from time to time
        await().pollInterval(Duration.ofMillis(200)).until(() -> {
            try {
                client.send(Wire.bytes(0));
                return broker.ports().online().stream()
                        .noneMatch(online -> online.tenant().equals(acme.id()));
            } catch (java.io.UncheckedIOException closed) {
                return true;
            }
        });
        // then it is closed all the same
        await().untilAsserted(() -> assertThat(incidents())
                .extracting(Incident::reason)
                .containsExactly(Incident.Reason.KEEP_ALIVE_TIMEOUT));
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    @Conformance({"MQTT 3.1.1 [MQTT-3.12.4-1]", "MQTT 5 [MQTT-3.12.4-1]", "MQTT 3.1 §3.12-1"})
    void keepsAClientThatPings(MqttVersion version) {
        // given one client that pings and one that does not
        var client = connect(connectFor(version, 1));
        var silent = connect(WireConnect.of(version, "silent").as(device).keepAlive(2));
        // when the silent one has been closed, the other has been there for longer than it may be silent
        await().pollInterval(Duration.ofMillis(100)).untilAsserted(() -> {
            assertThat(client.ping()).isEmpty();
            assertThat(incidents()).isNotEmpty();
        });
        // then
        assertThat(silent.awaitClose()).hasSize(version.hasProperties() ? 1 : 0);
        assertThat(client.ping()).isEmpty();
        assertThat(incidents()).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(MqttVersion.class)
    void letsAClientWithoutKeepAliveBeSilent(MqttVersion version) {
        var client = connect(connectFor(version, 0));
        connect(WireConnect.of(version, "other").as(device).keepAlive(1)).awaitClose();
        assertThat(client.ping()).isEmpty();
    }
}
