package dev.dunlin.engine.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.Mqtt5ClientBuilder;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.TestBroker;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** HiveMQ's Java client with MQTT 5. */
final class HiveMq5Client implements LibraryClient {
    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final Mqtt5AsyncClient client;

    HiveMq5Client(TestBroker broker, Transport transport, String clientId, @Nullable String willTopic) {
        client = builder(broker, transport, clientId).buildAsync();
        client.publishes(
                MqttGlobalPublishFilter.ALL,
                message -> received.add(new Received(
                        message.getTopic().toString(),
                        message.getPayloadAsBytes(),
                        message.getQos().getCode(),
                        message.isRetain())));
        var connect = client.connectWith();
        if (willTopic != null) {
            connect = connect.willPublish()
                    .topic(willTopic)
                    .payload("gone".getBytes(UTF_8))
                    .qos(MqttQos.AT_LEAST_ONCE)
                    .applyWillPublish();
        }
        connect.send().join();
    }

    /** A client as it connects here: with a clean session, logged in as {@link TestBroker#device}. */
    static Mqtt5ClientBuilder builder(TestBroker broker, Transport transport, String clientId) {
        var device = broker.device();
        var builder = Mqtt5Client.builder()
                .identifier(clientId)
                .serverHost("127.0.0.1")
                .serverPort(broker.port(transport))
                .simpleAuth()
                .username(device.userName())
                .password(device.secret().getBytes(UTF_8))
                .applySimpleAuth();
        if (transport == Transport.WS || transport == Transport.WSS) {
            builder = builder.webSocketConfig().serverPath("mqtt").applyWebSocketConfig();
        }
        if (transport == Transport.TLS || transport == Transport.WSS) {
            builder = builder.sslConfig().trustManagerFactory(broker.trust()).applySslConfig();
        }
        return builder;
    }

    @Override
    public void subscribe(String filter, int qos) {
        client.subscribeWith().topicFilter(filter).qos(qosOf(qos)).send().join();
    }

    @Override
    public void publish(String topic, String payload, int qos, boolean retain) {
        client.publishWith()
                .topic(topic)
                .payload(payload.getBytes(UTF_8))
                .qos(qosOf(qos))
                .retain(retain)
                .send()
                .join();
    }

    private static MqttQos qosOf(int qos) {
        return MqttQos.values()[qos];
    }

    @Override
    public BlockingQueue<Received> received() {
        return received;
    }

    @Override
    public boolean isConnected() {
        return client.getState().isConnected();
    }

    @Override
    public void close() {
        if (isConnected()) {
            client.disconnect().join();
        }
    }
}
