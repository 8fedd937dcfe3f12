package dev.dunlin.engine.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.client.LibraryClient.Library;
import dev.dunlin.engine.client.LibraryClient.Received;
import dev.dunlin.engine.conformance.Conformance;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** HiveMQ's and Eclipse Paho's Java clients over each transport. */
class JavaClientsTest {
    private static TestBroker broker;

    @BeforeAll
    static void start() {
        broker = TestBroker.start();
    }

    @AfterAll
    static void stop() {
        broker.close();
    }

    static Stream<Arguments> librariesAndTransports() {
        return Stream.of(Library.values())
                .flatMap(library -> Stream.of(Transport.values()).map(transport -> Arguments.of(library, transport)));
    }

    @ParameterizedTest(name = "{0} over {1}")
    @MethodSource("librariesAndTransports")
    @Conformance("MQTT 3.1.1 [MQTT-7.0.0-2]")
    void publishesSubscribesRetainsAndLeavesAWill(Library library, Transport transport) throws Exception {
        var root = library + "/" + transport;
        try (var subscriber = library.connect(broker, transport, "sub", null);
                var publisher = library.connect(broker, transport, "pub", root + "/alarm/pub")) {
            // given
            subscriber.subscribe(root + "/plant/+/temperature", 2);
            subscriber.subscribe(root + "/alarm/#", 1);
            // when messages of each QoS are published, both ways
            for (int qos = 0; qos <= 2; qos++) {
                publisher.publish(root + "/plant/boiler/temperature", "at " + qos, qos, false);
                assertThat(next(subscriber))
                        .isEqualTo(new Received(root + "/plant/boiler/temperature", "at " + qos, qos, false));
            }
            publisher.subscribe(root + "/commands", 2);
            for (int qos = 0; qos <= 2; qos++) {
                subscriber.publish(root + "/commands", "do " + qos, qos, false);
                assertThat(next(publisher)).isEqualTo(new Received(root + "/commands", "do " + qos, qos, false));
            }
            // when one is retained, and subscribed to afterwards
            publisher.publish(root + "/state", "running", 1, true);
            subscriber.subscribe(root + "/state/#", 1);
            assertThat(next(subscriber)).isEqualTo(new Received(root + "/state", "running", 1, true));
            // when another connection takes the publisher's place
            try (var taker = broker.connect(MqttVersion.V3_1_1, "pub")) {
                // then its will arrives
                assertThat(next(subscriber)).isEqualTo(new Received(root + "/alarm/pub", "gone", 1, false));
                await().until(() -> !publisher.isConnected());
                taker.disconnect();
            }
            assertThat(subscriber.received()).isEmpty();
        }
    }

    private static Received next(LibraryClient client) throws InterruptedException {
        return Objects.requireNonNull(client.received().poll(10, TimeUnit.SECONDS), "nothing arrived");
    }
}
