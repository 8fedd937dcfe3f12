package dev.dunlin.engine.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.TestBroker;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** HiveMQ's Java client with MQTT 3.1.1. */
final class HiveMq3Client implements LibraryClient {
    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final Mqtt3AsyncClient client;

    HiveMq3Client(TestBroker broker, Transport transport, String clientId, @Nullable String willTopic) {
        var builder = Mqtt3Client.builder()
                .identifier(clientId)
                .serverHost("127.0.0.1")
                .serverPort(broker.port(transport));
        if (transport == Transport.WS || transport == Transport.WSS) {
            builder = builder.webSocketConfig().serverPath("mqtt").applyWebSocketConfig();
        }
        if (transport == Transport.TLS || transport == Transport.WSS) {
            builder = builder.sslConfig().trustManagerFactory(broker.trust()).applySslConfig();
        }
        client = builder.buildAsync();
        client.publishes(
                MqttGlobalPublishFilter.ALL,
                message -> received.add(new Received(
                        message.getTopic().toString(),
                        message.getPayloadAsBytes(),
                        message.getQos().getCode(),
                        message.isRetain())));
        var device = broker.device();
        var connect = client.connectWith()
                .simpleAuth()
                .username(device.userName())
                .password(device.secret().getBytes(UTF_8))
                .applySimpleAuth();
        if (willTopic != null) {
            connect = connect.willPublish()
                    .topic(willTopic)
                    .payload("gone".getBytes(UTF_8))
                    .qos(MqttQos.AT_LEAST_ONCE)
                    .applyWillPublish();
        }
        connect.send().join();
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
