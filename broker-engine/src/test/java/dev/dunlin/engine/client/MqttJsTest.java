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

/** MQTT.js under Node; what it does and checks stands in the scripts. */
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
        assertThat(run("mqtt-js-client.cjs", transport))
                .containsExactly("MQTT 3.1 passed", "MQTT 3.1.1 passed", "MQTT 5 passed");
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void usesWhatIsNewInMqtt5(Transport transport) throws Exception {
        assertThat(run("mqtt-js-features.cjs", transport))
                .containsExactly(
                        "properties of a message and number of the subscription",
                        "aliases both ways",
                        "a session and its queue",
                        "a will with properties after its delay",
                        "options of a subscription",
                        "a shared subscription",
                        "limits of the client",
                        "reasons of a refusal",
                        "an assigned Client Identifier",
                        "a DISCONNECT of the server");
    }

    private static List<String> run(String name, Transport transport) throws Exception {
        var script = directory.resolve(name);
        try (var source = MqttJsTest.class.getResourceAsStream(name)) {
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
            return client.finish();
        }
    }
}
