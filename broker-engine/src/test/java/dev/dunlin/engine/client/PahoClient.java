package dev.dunlin.engine.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.TestBroker;
import java.security.GeneralSecurityException;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import org.eclipse.paho.client.mqttv3.IMqttMessageListener;
import org.eclipse.paho.client.mqttv3.MqttClient;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;
import org.jspecify.annotations.Nullable;

/** Eclipse Paho's Java client with MQTT 3.1 or 3.1.1. */
final class PahoClient implements LibraryClient {
    static final long PATIENCE_MILLIS = 10_000;

    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final MqttClient client;

    PahoClient(TestBroker broker, Transport transport, String clientId, @Nullable String willTopic, int version)
            throws Exception {
        client = new MqttClient(uri(broker, transport), clientId, new MemoryPersistence());
        client.setTimeToWait(PATIENCE_MILLIS);
        var options = new MqttConnectOptions();
        options.setMqttVersion(version);
        options.setUserName(broker.device().userName());
        options.setPassword(broker.device().secret().toCharArray());
        options.setSocketFactory(tlsSockets(broker, transport));
        if (willTopic != null) {
            options.setWill(willTopic, "gone".getBytes(UTF_8), 1, false);
        }
        client.connect(options);
    }

    /** As both of Paho's libraries want it. */
    static String uri(TestBroker broker, Transport transport) {
        var scheme = switch (transport) {
            case TCP -> "tcp";
            case TLS -> "ssl";
            case WS -> "ws";
            case WSS -> "wss";
        };
        var path = transport == Transport.WS || transport == Transport.WSS ? "/mqtt" : "";
        return scheme + "://127.0.0.1:" + broker.port(transport) + path;
    }

    /** As both want it: null where the transport has no TLS. */
    static @Nullable SSLSocketFactory tlsSockets(TestBroker broker, Transport transport)
            throws GeneralSecurityException {
        if (transport == Transport.TCP || transport == Transport.WS) {
            return null;
        }
        var context = SSLContext.getInstance("TLS");
        context.init(null, broker.trust().getTrustManagers(), null);
        return context.getSocketFactory();
    }

    @Override
    public void subscribe(String filter, int qos) throws MqttException {
        IMqttMessageListener listener = (topic, message) ->
                received.add(new Received(topic, message.getPayload(), message.getQos(), message.isRetained()));
        client.subscribe(filter, qos, listener);
    }

    @Override
    public void publish(String topic, String payload, int qos, boolean retain) throws MqttException {
        client.publish(topic, payload.getBytes(UTF_8), qos, retain);
    }

    @Override
    public BlockingQueue<Received> received() {
        return received;
    }

    @Override
    public boolean isConnected() {
        return client.isConnected();
    }

    @Override
    public void close() throws MqttException {
        if (client.isConnected()) {
            client.disconnect();
        }
        client.close(true);
    }
}
