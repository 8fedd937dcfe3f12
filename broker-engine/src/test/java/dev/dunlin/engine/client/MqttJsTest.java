package dev.dunlin.engine.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.conformance.Conformance;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.TestTools;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** MQTT.js under Node; what it does and checks stands in {@code mqtt-js-client.cjs}. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class MqttJsTest {
    private static TestBroker broker;

    @TempDir
    static Path directory;

    @BeforeAll
    static void start() {
        broker = TestBroker.start();
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    @Conformance("MQTT 3.1.1 [MQTT-7.0.0-2]")
    void publishesSubscribesRetainsAndLeavesAWill(Transport transport) throws Exception {
        var script = directory.resolve("mqtt-js-client.cjs");
        try (var source = MqttJsTest.class.getResourceAsStream("mqtt-js-client.cjs")) {
            Files.write(script, Objects.requireNonNull(source).readAllBytes());
        }
        var command = List.of(
                TestTools.node().toString(),
                script.toString(),
                TestTools.mqttJs().resolve("node_modules/mqtt").toString(),
                transport.scheme() + "://127.0.0.1:" + broker.port(transport) + "/mqtt",
                broker.certificate().toString(),
                broker.device().userName(),
                broker.device().secret());
        try (var client = new ClientProcess(command)) {
            assertThat(client.finish()).containsExactly("MQTT 3.1 passed", "MQTT 3.1.1 passed", "MQTT 5 passed");
        }
    }
}
