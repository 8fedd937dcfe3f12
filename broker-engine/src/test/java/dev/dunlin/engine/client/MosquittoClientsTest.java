package dev.dunlin.engine.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
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
import org.junit.jupiter.params.provider.EnumSource;

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

    @ParameterizedTest(name = "over {0}")
    @EnumSource(names = {"TCP", "TLS"})
    void passesOnThePropertiesOfAMessage(Transport transport) throws Exception {
        // given a retained message with all that a message can have, by alias
        var root = "properties/" + transport;
        var publish = command(TestTools.mosquittoPub(), "5", transport);
        publish.addAll(List.of("-q", "1", "-r", "-t", root + "/temperature", "-m", "72.5"));
        publish.addAll(List.of("-D", "publish", "payload-format-indicator", "1"));
        publish.addAll(List.of("-D", "publish", "content-type", "text/plain"));
        publish.addAll(List.of("-D", "publish", "response-topic", "plant/answers"));
        publish.addAll(List.of("-D", "publish", "correlation-data", "42"));
        publish.addAll(List.of("-D", "publish", "topic-alias", "7"));
        publish.addAll(List.of("-D", "publish", "user-property", "unit", "Celsius"));
        try (var publisher = new ClientProcess(publish)) {
            publisher.finish();
        }
        // when it is subscribed to by a subscription with a number
        var subscribe = command(TestTools.mosquittoSub(), "5", transport);
        subscribe.addAll(List.of("-q", "1", "-C", "1", "-t", root + "/#", "-F", "%t %p %F %C %R %D %P %S %r"));
        subscribe.addAll(List.of("-D", "subscribe", "subscription-identifier", "12"));
        // then
        try (var subscriber = new ClientProcess(subscribe)) {
            assertThat(subscriber.finish())
                    .containsExactly(root + "/temperature 72.5 1 text/plain plant/answers 42 unit:Celsius 12 1");
        }
    }

    @ParameterizedTest(name = "over {0}")
    @EnumSource(names = {"TCP", "TLS"})
    void carriesARequestAndItsResponse(Transport transport) throws Exception {
        // given a responder
        var root = "requests/" + transport;
        var responder = HiveMq5Client.builder(broker, transport, "responder").buildBlocking();
        responder.connect();
        responder
                .toAsync()
                .subscribeWith()
                .topicFilter(root + "/open")
                .callback(request -> responder
                        .toAsync()
                        .publishWith()
                        .topic(request.getResponseTopic().orElseThrow())
                        .payload("opened".getBytes(UTF_8))
                        .qos(MqttQos.AT_LEAST_ONCE)
                        .correlationData(request.getCorrelationData().orElseThrow())
                        .send())
                .send()
                .join();
        // when
        var request = command(TestTools.mosquittoRr(), "5", transport);
        request.addAll(List.of("-q", "1", "-t", root + "/open", "-e", root + "/answers", "-m", "please"));
        request.addAll(List.of("-D", "publish", "correlation-data", "42", "-F", "%p %D"));
        // then
        try (var requester = new ClientProcess(request)) {
            assertThat(requester.finish()).containsExactly("opened 42");
        }
        responder.disconnect();
    }

    @ParameterizedTest(name = "over {0}")
    @EnumSource(names = {"TCP", "TLS"})
    void resumesASessionAndFollowsTheOptionsOfItsSubscription(Transport transport) throws Exception {
        // given a session with a subscription that tells whether a message was retained
        var root = "sessions/" + transport;
        var subscribe = command(TestTools.mosquittoSub(), "5", transport);
        subscribe.addAll(List.of("-i", "kept-" + transport, "-c", "-x", "3600", "-q", "1", "-t", root + "/#"));
        subscribe.add("--retain-as-published");
        var once = new ArrayList<>(subscribe);
        once.add("-E");
        try (var subscriber = new ClientProcess(once)) {
            subscriber.finish();
        }
        // when a message comes meanwhile
        publish(transport, root + "/state", "new");
        // then it is there when the client is
        subscribe.addAll(List.of("-C", "1", "-F", "%p %r"));
        try (var subscriber = new ClientProcess(subscribe)) {
            assertThat(subscriber.finish()).containsExactly("new 1");
        }
    }

    private static void publish(Transport transport, String topic, String payload) throws Exception {
        var publish = command(TestTools.mosquittoPub(), "5", transport);
        publish.addAll(List.of("-q", "1", "-r", "-t", topic, "-m", payload));
        try (var publisher = new ClientProcess(publish)) {
            publisher.finish();
        }
    }

    @ParameterizedTest(name = "over {0}")
    @EnumSource(names = {"TCP", "TLS"})
    void publishesAWillWithPropertiesAfterItsDelay(Transport transport) throws Exception {
        // given a client whose session outlives it
        var root = "wills/" + transport;
        var doomed = command(TestTools.mosquittoPub(), "5", transport);
        doomed.addAll(List.of("-i", "doomed-" + transport, "-c", "-x", "3600", "-l", "-t", root + "/alive"));
        doomed.addAll(List.of("--will-topic", root + "/alarm", "--will-payload", "gone"));
        doomed.addAll(List.of("-D", "will", "will-delay-interval", "1"));
        doomed.addAll(List.of("-D", "will", "content-type", "text/plain"));
        var watcher = HiveMq5Client.builder(broker, transport, "watcher").buildBlocking();
        var arriving = watcher.publishes(MqttGlobalPublishFilter.ALL);
        watcher.connect();
        watcher.subscribeWith().topicFilter(root + "/#").send();
        try (var publisher = new ClientProcess(doomed);
                var input = publisher.input()) {
            input.write("connected\n");
            input.flush();
            assertThat(arriving.receive(10, TimeUnit.SECONDS)).isPresent();
            // when it is killed
            publisher.kill();
            // then
            var will = arriving.receive(10, TimeUnit.SECONDS).orElseThrow();
            assertThat(new String(will.getPayloadAsBytes(), UTF_8)).isEqualTo("gone");
            assertThat(will.getContentType()).get().hasToString("text/plain");
        }
        watcher.disconnect();
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
