package dev.dunlin.engine.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.TestBroker;
import java.util.concurrent.BlockingQueue;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.jspecify.annotations.Nullable;

/** A client library as the matrix drives it. Calls return when the broker has acknowledged. */
interface LibraryClient extends AutoCloseable {
    /** A message as it came, acknowledged by the library. */
    record Received(String topic, String payload, int qos, boolean retained) {
        Received(String topic, byte[] payload, int qos, boolean retained) {
            this(topic, new String(payload, UTF_8), qos, retained);
        }
    }

    /** Opens connections: one constant for each library and version. */
    enum Library {
        HIVEMQ_5 {
            @Override
            LibraryClient connect(TestBroker broker, Transport transport, String clientId, @Nullable String willTopic) {
                return new HiveMq5Client(broker, transport, clientId, willTopic);
            }
        },
        HIVEMQ_3 {
            @Override
            LibraryClient connect(TestBroker broker, Transport transport, String clientId, @Nullable String willTopic) {
                return new HiveMq3Client(broker, transport, clientId, willTopic);
            }
        },
        PAHO_5 {
            @Override
            LibraryClient connect(TestBroker broker, Transport transport, String clientId, @Nullable String willTopic)
                    throws Exception {
                return new Paho5Client(broker, transport, clientId, with -> {
                    if (willTopic != null) {
                        with.setWill(
                                willTopic, new MqttMessage("gone".getBytes(UTF_8), 1, false, new MqttProperties()));
                    }
                });
            }
        },
        PAHO_3_1_1 {
            @Override
            LibraryClient connect(TestBroker broker, Transport transport, String clientId, @Nullable String willTopic)
                    throws Exception {
                return new PahoClient(broker, transport, clientId, willTopic, 4);
            }
        },
        PAHO_3_1 {
            @Override
            LibraryClient connect(TestBroker broker, Transport transport, String clientId, @Nullable String willTopic)
                    throws Exception {
                return new PahoClient(broker, transport, clientId, willTopic, 3);
            }
        };

        /** @param willTopic gets {@code gone} at QoS 1 when the connection breaks */
        abstract LibraryClient connect(
                TestBroker broker, Transport transport, String clientId, @Nullable String willTopic) throws Exception;
    }

    void subscribe(String filter, int qos) throws Exception;

    void publish(String topic, String payload, int qos, boolean retain) throws Exception;

    BlockingQueue<Received> received();

    boolean isConnected();

    @Override
    void close() throws Exception;
}
