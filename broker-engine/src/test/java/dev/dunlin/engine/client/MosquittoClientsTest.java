package dev.dunlin.engine.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.dunlin.engine.conformance.Conformance;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.TestTools;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** mosquitto's command-line clients with each version of MQTT; Debian's are built without WebSocket. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class MosquittoClientsTest {
    private static TestBroker broker;

    @BeforeAll
    static void start() {
        broker = TestBroker.start();
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    @ParameterizedTest(name = "-V {0} over {1}")
    @CsvSource({"31, TCP", "31, TLS", "311, TCP", "311, TLS", "5, TCP", "5, TLS"})
    @Conformance("MQTT 3.1.1 [MQTT-7.0.0-2]")
    void publishesSubscribesRetainsAndLeavesAWill(String version, Transport transport) throws Exception {
        var root = "v" + version + "/" + transport;
        // given a retained message, which tells that the subscription is there
        try (var wire = broker.connect(MqttVersion.V3_1_1, "first")) {
            wire.publish(root + "/plant/oven/temperature", "80", 1, true);
            wire.disconnect();
        }
        var subscribe = command(TestTools.mosquittoSub(), version, transport);
        subscribe.addAll(List.of("-i", "sub", "-q", "2", "-C", "5", "-F", "%t %p %q %r"));
        subscribe.addAll(List.of("-t", root + "/plant/+/temperature", "-t", root + "/alarm/#"));
        try (var subscriber = new ClientProcess(subscribe)) {
            assertThat(subscriber.readLine()).isEqualTo(root + "/plant/oven/temperature 80 1 1");
            // when one message is published at each QoS
            for (var qos : List.of("0", "1", "2")) {
                var publish = command(TestTools.mosquittoPub(), version, transport);
                publish.addAll(List.of("-i", "pub", "-q", qos, "-t", root + "/plant/boiler/temperature", "-m", "at"));
                try (var publisher = new ClientProcess(publish)) {
                    publisher.finish();
                }
                // then
                assertThat(subscriber.readLine()).isEqualTo(root + "/plant/boiler/temperature at " + qos + " 0");
            }
            // when a client with a will is killed
            var doomed = command(TestTools.mosquittoPub(), version, transport);
            doomed.addAll(List.of("-i", "doomed", "-l", "-t", root + "/alive"));
            doomed.addAll(List.of("--will-topic", root + "/alarm/doomed", "--will-payload", "gone", "--will-qos", "1"));
            try (var publisher = new ClientProcess(doomed);
                    var witness = broker.connect(MqttVersion.V3_1_1, "witness")) {
                witness.subscribe(0, root + "/alive");
                try (var input = publisher.input()) {
                    input.write("connected\n");
                    input.flush();
                    witness.receiveMessage();
                    publisher.kill();
                }
                // then its will arrives
                assertThat(subscriber.readLine()).isEqualTo(root + "/alarm/doomed gone 1 0");
                witness.disconnect();
            }
            assertThat(subscriber.finish()).isEmpty();
        }
    }

    @ParameterizedTest(name = "-V {0}")
    @CsvSource({"31", "311", "5"})
    void failsWithAWrongSecret(String version) throws Exception {
        var publish = command(TestTools.mosquittoPub(), version, Transport.TCP);
        publish.addAll(List.of("-P", "wrong", "-t", "plant", "-m", "text"));
        try (var publisher = new ClientProcess(publish)) {
            assertThat(catchThrowable(publisher::finish)).hasMessageMatching("(?is).*bad user name or password.*");
        }
    }

    private static List<String> command(Path program, String version, Transport transport) {
        var device = broker.device();
        var command = new ArrayList<>(List.of(
                program.toString(),
                "-V",
                version,
                "-h",
                "127.0.0.1",
                "-p",
                String.valueOf(broker.port(transport)),
                "-u",
                device.userName(),
                "-P",
                device.secret()));
        if (transport == Transport.TLS) {
            command.addAll(List.of("--cafile", broker.certificate().toString()));
        }
        return command;
    }
}
