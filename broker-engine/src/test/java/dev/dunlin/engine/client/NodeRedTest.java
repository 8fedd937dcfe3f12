package dev.dunlin.engine.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient.Mqtt5Publishes;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.TestTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Node-RED without its editor, as a process of its own. It holds one connection for each version of MQTT and transport;
 * each forwards from topic to topic with the MQTT nodes, as the flow of {@link #flow} says.
 */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class NodeRedTest {
    private static final int RECONNECT_MILLIS = 200;

    @TempDir
    static Path directory;

    private static TestBroker broker;
    private static ClientProcess nodeRed;

    private Mqtt5BlockingClient observer;
    private Mqtt5Publishes arriving;

    static Stream<Arguments> versionsAndTransports() {
        return Stream.of(MqttVersion.values())
                .flatMap(version -> Stream.of(Transport.values()).map(transport -> Arguments.of(version, transport)));
    }

    @BeforeAll
    // apart from the tests' own, as the package is installed here if it is missing
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    static void start() throws IOException {
        broker = TestBroker.start();
        Files.writeString(directory.resolve("settings.js"), """
                module.exports = {
                    httpAdminRoot: false,
                    httpNodeRoot: false,
                    flowFile: 'flows.json',
                    credentialSecret: false,
                    mqttReconnectTime: %d,
                    telemetry: { enabled: false },
                    logging: { console: { level: 'warn' } },
                };
                """.formatted(RECONNECT_MILLIS));
        var nodes = new ArrayList<String>();
        var credentials = new ArrayList<String>();
        nodes.add("""
                {"id": "tab", "type": "tab", "label": "plant"}""");
        nodes.add("""
                {"id": "tls", "type": "tls-config", "ca": "%s", "cert": "", "key": "", "verifyservercert": true}""".formatted(broker.certificate()));
        for (var version : MqttVersion.values()) {
            for (var transport : Transport.values()) {
                nodes.add(flow(version, transport));
                credentials.add("\"broker-%s\": {\"user\": \"%s\", \"password\": \"%s\"}"
                        .formatted(
                                key(version, transport),
                                broker.device().userName(),
                                broker.device().secret()));
            }
        }
        Files.writeString(directory.resolve("flows.json"), nodes.stream().collect(Collectors.joining(",\n", "[", "]")));
        Files.writeString(
                directory.resolve("flows_cred.json"),
                credentials.stream().collect(Collectors.joining(",\n", "{", "}")));
        nodeRed = new ClientProcess(List.of(
                TestTools.node().toString(), TestTools.nodeRed().toString(), "--userDir", directory.toString()));
    }

    /**
     * {@code plant/+/temperature} is forwarded to {@code copy}. What a message to {@code subscribe} names is subscribed
     * to as well. {@code state} says whether the connection is there.
     */
    private static String flow(MqttVersion version, Transport transport) {
        var hasTls = transport == Transport.TLS || transport == Transport.WSS;
        return """
                {"id": "broker-$KEY", "type": "mqtt-broker", "broker": "$URL", "port": "", "clientid": "node-red-$KEY",
                    "autoConnect": true, "usetls": $HAS_TLS, "tls": "$TLS", "protocolVersion": "$VERSION",
                    "keepalive": "60", "cleansession": true, "autoUnsubscribe": true,
                    "birthTopic": "$KEY/state", "birthPayload": "there", "birthQos": "1", "birthRetain": "true",
                    "willTopic": "$KEY/state", "willPayload": "lost", "willQos": "1", "willRetain": "true"},
                {"id": "in-$KEY", "type": "mqtt in", "z": "tab", "broker": "broker-$KEY",
                    "topic": "$KEY/plant/+/temperature", "qos": "2", "datatype": "utf8", "rap": true, "rh": 0,
                    "inputs": 0, "wires": [["out-$KEY"]]},
                {"id": "subscribe-$KEY", "type": "mqtt in", "z": "tab", "broker": "broker-$KEY",
                    "topic": "$KEY/subscribe", "qos": "1", "datatype": "utf8", "inputs": 0,
                    "wires": [["change-$KEY"]]},
                {"id": "change-$KEY", "type": "change", "z": "tab", "wires": [["dynamic-$KEY"]], "rules": [
                    {"t": "set", "p": "topic", "pt": "msg", "to": "payload", "tot": "msg"},
                    {"t": "set", "p": "action", "pt": "msg", "to": "subscribe", "tot": "str"}]},
                {"id": "dynamic-$KEY", "type": "mqtt in", "z": "tab", "broker": "broker-$KEY", "topic": "",
                    "qos": "1", "datatype": "utf8", "inputs": 1, "wires": [["out-$KEY"]]},
                {"id": "out-$KEY", "type": "mqtt out", "z": "tab", "broker": "broker-$KEY", "topic": "$KEY/copy",
                    "qos": "", "retain": "", "wires": []}""".replace("$KEY", key(version, transport))
                .replace("$URL", transport.scheme() + "://127.0.0.1:" + broker.port(transport) + "/mqtt")
                .replace("$HAS_TLS", String.valueOf(hasTls))
                .replace("$TLS", hasTls ? "tls" : "")
                .replace("$VERSION", String.valueOf(version.level()));
    }

    private static String key(MqttVersion version, Transport transport) {
        return version + "-" + transport;
    }

    @AfterAll
    static void stop() throws IOException {
        nodeRed.close();
        broker.close();
    }

    @BeforeEach
    void observe() {
        observer = HiveMq5Client.builder(broker, Transport.TCP, "observer").buildBlocking();
        arriving = observer.publishes(MqttGlobalPublishFilter.ALL);
        observer.connect();
    }

    @AfterEach
    void leave() {
        observer.disconnect();
    }

    @ParameterizedTest(name = "{0} over {1}")
    @MethodSource("versionsAndTransports")
    void forwardsFromTopicToTopic(MqttVersion version, Transport transport) throws Exception {
        // given its birth message, which it sends behind its subscriptions
        var key = key(version, transport);
        awaitState(key, "there");
        subscribe(key + "/copy");
        // when messages are published on the topic that it has subscribed to
        for (int qos = 0; qos <= 2; qos++) {
            publish(key + "/plant/boiler/temperature", "at " + qos, qos, false);
            // then they come back on the other
            var copy = next();
            assertThat(copy.getTopic()).hasToString(key + "/copy");
            assertThat(textOf(copy)).isEqualTo("at " + qos);
            assertThat(copy.getQos().getCode()).isEqualTo(qos);
        }
        // when it is told to subscribe to a topic on which a message is retained
        publish(key + "/late", "kept", 1, true);
        publish(key + "/subscribe", key + "/late", 1, false);
        // then that one comes back as well
        assertThat(textOf(next())).isEqualTo("kept");
    }

    @Test
    void forwardsThePropertiesOfMqtt5() throws Exception {
        // given
        var key = key(MqttVersion.V5, Transport.TCP);
        awaitState(key, "there");
        subscribe(key + "/copy");
        // when
        observer.publishWith()
                .topic(key + "/plant/boiler/temperature")
                .payload("72.5".getBytes(UTF_8))
                .qos(MqttQos.EXACTLY_ONCE)
                .contentType("text/plain")
                .responseTopic("plant/answers")
                .correlationData("7".getBytes(UTF_8))
                .messageExpiryInterval(600)
                .userProperties()
                .add("unit", "Celsius")
                .applyUserProperties()
                .send();
        // then
        var copy = next();
        assertThat(textOf(copy)).isEqualTo("72.5");
        assertThat(copy.getContentType()).get().hasToString("text/plain");
        assertThat(copy.getResponseTopic()).get().hasToString("plant/answers");
        assertThat(copy.getCorrelationData()).hasValue(UTF_8.encode("7"));
        assertThat(copy.getMessageExpiryInterval()).isPresent();
        assertThat(copy.getUserProperties().asList())
                .singleElement()
                .satisfies(property -> assertThat(property.getName()).hasToString("unit"));
    }

    @ParameterizedTest(name = "{0} over {1}")
    @MethodSource("versionsAndTransports")
    void comesBackAfterItsConnectionWasLost(MqttVersion version, Transport transport) throws Exception {
        // given
        var key = key(version, transport);
        awaitState(key, "there");
        // when another connection takes its place
        try (var taker = broker.connect(version, "node-red-" + key)) {
            // then its will arrives, and then itself
            assertThat(textOf(next())).isEqualTo("lost");
            assertThat(textOf(next())).isEqualTo("there");
            taker.awaitClose();
        }
    }

    /** Waits for the retained message, or for the one that comes first. */
    private void awaitState(String key, String state) throws InterruptedException {
        subscribe(key + "/state");
        assertThat(textOf(next())).isEqualTo(state);
    }

    private void subscribe(String filter) {
        observer.subscribeWith().topicFilter(filter).qos(MqttQos.EXACTLY_ONCE).send();
    }

    private void publish(String topic, String payload, int qos, boolean retain) {
        observer.publishWith()
                .topic(topic)
                .payload(payload.getBytes(UTF_8))
                .qos(MqttQos.values()[qos])
                .retain(retain)
                .send();
    }

    private Mqtt5Publish next() throws InterruptedException {
        return arriving.receive(20, TimeUnit.SECONDS)
                .orElseThrow(() -> new AssertionError("nothing arrived; Node-RED said " + nodeRed.said()));
    }

    private static String textOf(Mqtt5Publish publish) {
        return new String(publish.getPayloadAsBytes(), UTF_8);
    }
}
