package dev.dunlin.engine.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.TestBroker;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.MqttSubscription;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;

/** Eclipse Paho's Java client with MQTT 5. */
final class Paho5Client implements LibraryClient {
    /** Held, since the settings of a logger that nobody holds are lost; the library reports each PUBREL as news. */
    private static final Logger LIBRARY_LOG = Logger.getLogger("org.eclipse.paho.mqttv5");

    static {
        LIBRARY_LOG.setLevel(Level.WARNING);
    }

    private final BlockingQueue<Received> received = new LinkedBlockingQueue<>();
    private final BlockingQueue<MqttMessage> messages = new LinkedBlockingQueue<>();
    private final CompletableFuture<Integer> disconnected = new CompletableFuture<>();
    private final MqttAsyncClient client;
    private final IMqttToken connack;

    /** @param with sets what is asked for beyond a log-in with Clean Start */
    Paho5Client(TestBroker broker, Transport transport, String clientId, Consumer<MqttConnectionOptions> with)
            throws Exception {
        client = new MqttAsyncClient(PahoClient.uri(broker, transport), clientId, new MemoryPersistence());
        client.setCallback(new Listener());
        var options = new MqttConnectionOptions();
        options.setUserName(broker.device().userName());
        options.setPassword(broker.device().secret().getBytes(UTF_8));
        options.setSocketFactory(PahoClient.tlsSockets(broker, transport));
        with.accept(options);
        connack = done(client.connect(options));
    }

    private static IMqttToken done(IMqttToken token) throws MqttException {
        token.waitForCompletion(PahoClient.PATIENCE_MILLIS);
        return token;
    }

    IMqttToken connack() {
        return connack;
    }

    /** The Reason Code of the server's DISCONNECT. */
    CompletableFuture<Integer> disconnected() {
        return disconnected;
    }

    /** The next message with all that it has. */
    MqttMessage next() throws InterruptedException {
        return Objects.requireNonNull(
                messages.poll(PahoClient.PATIENCE_MILLIS, TimeUnit.MILLISECONDS), "nothing arrived");
    }

    IMqttToken subscribe(MqttSubscription subscription, MqttProperties properties) throws MqttException {
        return done(client.subscribe(new MqttSubscription[] {subscription}, null, null, properties));
    }

    IMqttToken publish(String topic, MqttMessage message) throws MqttException {
        return done(client.publish(topic, message));
    }

    @Override
    public void subscribe(String filter, int qos) throws MqttException {
        done(client.subscribe(filter, qos));
    }

    @Override
    public void publish(String topic, String payload, int qos, boolean retain) throws MqttException {
        done(client.publish(topic, payload.getBytes(UTF_8), qos, retain));
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
            done(client.disconnect());
        }
        client.close(true);
    }

    private final class Listener implements MqttCallback {
        @Override
        public void messageArrived(String topic, MqttMessage message) {
            messages.add(message);
            received.add(new Received(topic, message.getPayload(), message.getQos(), message.isRetained()));
        }

        @Override
        public void disconnected(MqttDisconnectResponse response) {
            disconnected.complete(response.getReturnCode());
        }

        @Override
        public void mqttErrorOccurred(MqttException exception) {}

        @Override
        public void deliveryComplete(IMqttToken token) {}

        @Override
        public void connectComplete(boolean reconnect, String serverUri) {}

        @Override
        public void authPacketArrived(int reasonCode, MqttProperties properties) {}
    }
}
