package dev.dunlin.engine.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.MqttSubscription;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is new in MQTT 5, as Eclipse Paho's client offers it to an application. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class Paho5FeaturesTest {
    private static final int NOT_AUTHORIZED = 0x87;

    private final List<Paho5Client> clients = new ArrayList<>();
    private TestBroker broker;

    @BeforeEach
    void start() {
        broker = TestBroker.start();
    }

    @AfterEach
    void stop() throws MqttException {
        for (var client : clients) {
            client.close();
        }
        broker.close();
    }

    private Paho5Client connect(Transport transport, String clientId, Consumer<MqttConnectionOptions> with)
            throws Exception {
        var client = new Paho5Client(broker, transport, clientId, with);
        clients.add(client);
        return client;
    }

    private Paho5Client connect(Transport transport, String clientId) throws Exception {
        return connect(transport, clientId, with -> {});
    }

    private static MqttMessage message(String payload, int qos) {
        return new MqttMessage(payload.getBytes(UTF_8), qos, false, new MqttProperties());
    }

    private static String textOf(MqttMessage message) {
        return new String(message.getPayload(), UTF_8);
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP", "WSS"})
    void passesOnThePropertiesOfAMessageAndNamesTheSubscription(Transport transport) throws Exception {
        // given
        var client = connect(transport, "boiler");
        var subscribing = new MqttProperties();
        subscribing.setSubscriptionIdentifier(268_435_455);
        client.subscribe(new MqttSubscription("plant/#", 2), subscribing);
        for (int qos = 0; qos <= 2; qos++) {
            // when
            var sent = message("72.5", qos);
            var with = sent.getProperties();
            with.setPayloadFormat(true);
            with.setContentType("text/plain");
            with.setResponseTopic("plant/answers");
            with.setCorrelationData("42".getBytes(UTF_8));
            with.setMessageExpiryInterval(3_600L);
            with.setUserProperties(List.of(new UserProperty("unit", "°C"), new UserProperty("unit", "Celsius")));
            client.publish("plant/boiler", sent);
            // then
            var message = client.next();
            assertThat(message.getQos()).isEqualTo(qos);
            assertThat(textOf(message)).isEqualTo("72.5");
            var properties = message.getProperties();
            assertThat(properties.getPayloadFormat()).isTrue();
            assertThat(properties.getContentType()).isEqualTo("text/plain");
            assertThat(properties.getResponseTopic()).isEqualTo("plant/answers");
            assertThat(properties.getCorrelationData()).asString(UTF_8).isEqualTo("42");
            assertThat(properties.getMessageExpiryInterval()).isBetween(3_540L, 3_600L);
            assertThat(properties.getUserProperties())
                    .extracting(UserProperty::getValue)
                    .containsExactly("°C", "Celsius");
            assertThat(properties.getSubscriptionIdentifiers()).containsExactly(268_435_455);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP", "WSS"})
    void resumesASessionWithItsQueue(Transport transport) throws Exception {
        // given a session that has been left
        Consumer<MqttConnectionOptions> keeping = with -> {
            with.setCleanStart(false);
            with.setSessionExpiryInterval(3_600L);
        };
        var client = connect(transport, "boiler", keeping);
        assertThat(client.connack().getSessionPresent()).isFalse();
        client.subscribe("plant/#", 2);
        client.close();
        // when messages come meanwhile
        var publisher = connect(transport, "pub");
        publisher.publish("plant/boiler", message("at 1", 1));
        publisher.publish("plant/boiler", message("at 2", 2));
        // then it finds them
        var again = connect(transport, "boiler", keeping);
        assertThat(again.connack().getSessionPresent()).isTrue();
        assertThat(textOf(again.next())).isEqualTo("at 1");
        assertThat(textOf(again.next())).isEqualTo("at 2");
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP", "WSS"})
    void followsTheOptionsOfASubscription(Transport transport) throws Exception {
        // given a subscription to what others send, as they send it, without what is retained
        var client = connect(transport, "boiler");
        var other = connect(transport, "other");
        var kept = message("kept", 1);
        kept.setRetained(true);
        other.publish("plant/state", kept);
        var subscription = new MqttSubscription("plant/#", 1);
        subscription.setNoLocal(true);
        subscription.setRetainAsPublished(true);
        subscription.setRetainHandling(2);
        client.subscribe(subscription, new MqttProperties());
        // when
        client.publish("plant/own", message("mine", 1));
        other.publish("plant/state", kept);
        // then
        var message = client.next();
        assertThat(textOf(message)).isEqualTo("kept");
        assertThat(message.isRetained()).isTrue();
        other.publish("plant/fence", message("fence", 1));
        assertThat(textOf(client.next())).isEqualTo("fence");
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP", "WSS"})
    void publishesByAlias(Transport transport) throws Exception {
        // given a client that takes no alias, as this library does not resolve any, but gives one to each topic at QoS
        // 0
        var client = connect(transport, "boiler");
        client.subscribe("plant/#", 1);
        // when
        for (int i = 0; i < 10; i++) {
            client.publish("plant/" + i % 3, message(String.valueOf(i), 0));
            // then
            assertThat(client.received().poll(10, TimeUnit.SECONDS))
                    .isEqualTo(new LibraryClient.Received("plant/" + i % 3, String.valueOf(i), 0, false));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP", "WSS"})
    void sendsNothingThatIsLargerThanTheClientTakes(Transport transport) throws Exception {
        var client = connect(transport, "boiler", with -> {
            with.setMaximumPacketSize(200L);
            with.setReceiveMaximum(1);
        });
        client.subscribe("plant/#", 1);
        var publisher = connect(transport, "pub");
        // when
        publisher.publish("plant/a", message("x".repeat(300), 1));
        for (int i = 0; i < 20; i++) {
            publisher.publish("plant/a", message(String.valueOf(i), 1));
        }
        // then
        for (int i = 0; i < 20; i++) {
            assertThat(textOf(client.next())).isEqualTo(String.valueOf(i));
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP", "WSS"})
    void saysWhyItRefuses(Transport transport) throws Exception {
        // given a credential that may publish to one topic
        var narrow = broker.tenant("acme")
                .addCredential(
                        "narrow",
                        TestBroker.SECRET,
                        PermissionRule.of("narrow", Effect.ALLOW, Action.PUBLISH, "plant/boiler"));
        var client = connect(transport, "boiler", with -> with.setUserName(narrow.userName()));
        // when it goes beyond
        var published = client.publish("plant/oven", message("no", 1));
        var subscribed = client.subscribe(new MqttSubscription("plant/#", 1), new MqttProperties());
        // then it learns the reason, in a code and in words
        assertThat(published.getReasonCodes()).containsExactly(NOT_AUTHORIZED);
        assertThat(published.getResponseProperties().getReasonString()).isNotEmpty();
        assertThat(subscribed.getReasonCodes()).containsExactly(NOT_AUTHORIZED);
        assertThat(subscribed.getResponseProperties().getReasonString()).isNotEmpty();
        // and a stranger no more than a code
        var refused = catchThrowableOfType(
                MqttException.class,
                () -> connect(transport, "stranger", with -> with.setPassword("wrong".getBytes(UTF_8))));
        assertThat(refused.getReasonCode()).isEqualTo(0x86);
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP", "WSS"})
    void assignsAClientIdentifier(Transport transport) throws Exception {
        assertThat(connect(transport, "").connack().getResponseProperties().getAssignedClientIdentifier())
                .isNotEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP", "WSS"})
    void tellsAClientWhyItIsDisconnected(Transport transport) throws Exception {
        // given
        var client = connect(transport, "boiler");
        // when another connection takes its place
        try (var taker = broker.connect(MqttVersion.V5, "boiler")) {
            // then
            assertThat(client.disconnected())
                    .succeedsWithin(10, TimeUnit.SECONDS)
                    .isEqualTo(0x8E);
            taker.disconnect();
        }
    }
}
