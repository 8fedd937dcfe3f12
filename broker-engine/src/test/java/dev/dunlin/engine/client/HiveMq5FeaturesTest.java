package dev.dunlin.engine.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient.Mqtt5Publishes;
import com.hivemq.client.mqtt.mqtt5.Mqtt5ClientBuilder;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5ConnAckException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5DisconnectException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubAckException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5SubAckException;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5DisconnectReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PayloadFormatIndicator;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishBuilder;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishResult;
import com.hivemq.client.mqtt.mqtt5.message.publish.puback.Mqtt5PubAckReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5RetainHandling;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.suback.Mqtt5SubAckReasonCode;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is new in MQTT 5, as HiveMQ's client offers it to an application. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HiveMq5FeaturesTest {
    private static final long HOUR_SECONDS = 3_600;

    private final List<Mqtt5BlockingClient> clients = new ArrayList<>();
    private TestBroker broker;

    @BeforeEach
    void start() {
        broker = TestBroker.start();
    }

    @AfterEach
    void stop() {
        for (var client : clients) {
            if (client.getState().isConnected()) {
                client.disconnect();
            }
        }
        broker.close();
    }

    private Mqtt5ClientBuilder builder(Transport transport, String clientId) {
        return HiveMq5Client.builder(broker, transport, clientId);
    }

    private Mqtt5BlockingClient client(Mqtt5ClientBuilder builder) {
        var client = builder.buildBlocking();
        clients.add(client);
        return client;
    }

    private Mqtt5BlockingClient connect(Transport transport, String clientId) {
        var client = client(builder(transport, clientId));
        client.connect();
        return client;
    }

    private static Mqtt5Publishes arriving(Mqtt5BlockingClient client) {
        return client.publishes(MqttGlobalPublishFilter.ALL);
    }

    private static Mqtt5Publish next(Mqtt5Publishes arriving) throws InterruptedException {
        return arriving.receive(10, TimeUnit.SECONDS).orElseThrow(() -> new AssertionError("nothing arrived"));
    }

    private static String textOf(Mqtt5Publish publish) {
        return new String(publish.getPayloadAsBytes(), UTF_8);
    }

    private static void subscribe(Mqtt5BlockingClient client, String filter) {
        client.subscribeWith()
                .topicFilter(filter)
                .qos(MqttQos.EXACTLY_ONCE)
                .retainAsPublished(true)
                .send();
    }

    private static Mqtt5PublishBuilder.Complete message(String topic, String payload, MqttQos qos) {
        return Mqtt5Publish.builder()
                .topic(topic)
                .payload(payload.getBytes(UTF_8))
                .qos(qos);
    }

    private static Mqtt5PublishResult publish(Mqtt5BlockingClient client, String topic, String payload, int qos) {
        return client.publish(message(topic, payload, MqttQos.values()[qos]).build());
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void passesOnThePropertiesOfAMessage(Transport transport) throws Exception {
        // given
        var client = connect(transport, "boiler");
        var arriving = arriving(client);
        subscribe(client, "plant/#");
        for (var qos : MqttQos.values()) {
            // when
            client.publish(message("plant/boiler", "72.5", qos)
                    .payloadFormatIndicator(Mqtt5PayloadFormatIndicator.UTF_8)
                    .contentType("text/plain")
                    .responseTopic("plant/answers")
                    .correlationData(new byte[] {0, (byte) 0xFF})
                    .messageExpiryInterval(HOUR_SECONDS)
                    .userProperties()
                    .add("unit", "Celsius")
                    .add("unit", "°C")
                    .applyUserProperties()
                    .build());
            // then
            var message = next(arriving);
            assertThat(message.getQos()).isEqualTo(qos);
            assertThat(textOf(message)).isEqualTo("72.5");
            assertThat(message.getPayloadFormatIndicator()).hasValue(Mqtt5PayloadFormatIndicator.UTF_8);
            assertThat(message.getContentType()).get().hasToString("text/plain");
            assertThat(message.getResponseTopic()).get().hasToString("plant/answers");
            assertThat(message.getCorrelationData().orElseThrow().get(1)).isEqualTo((byte) 0xFF);
            assertThat(message.getMessageExpiryInterval().orElseThrow()).isBetween(HOUR_SECONDS - 60, HOUR_SECONDS);
            assertThat(message.getUserProperties().asList())
                    .extracting(property -> property.getName() + "=" + property.getValue())
                    .containsExactly("unit=Celsius", "unit=°C");
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void resumesASessionWithItsQueue(Transport transport) throws Exception {
        // given a session that has been left
        var client = client(builder(transport, "boiler"));
        var arriving = arriving(client);
        var first = client.connectWith()
                .cleanStart(false)
                .sessionExpiryInterval(HOUR_SECONDS)
                .send();
        assertThat(first.isSessionPresent()).isFalse();
        subscribe(client, "plant/#");
        client.disconnect();
        // when messages come meanwhile
        var publisher = connect(transport, "pub");
        for (int qos = 1; qos <= 2; qos++) {
            publish(publisher, "plant/boiler", "at " + qos, qos);
        }
        // then it finds them
        var second = client.connectWith()
                .cleanStart(false)
                .sessionExpiryInterval(HOUR_SECONDS)
                .send();
        assertThat(second.isSessionPresent()).isTrue();
        assertThat(textOf(next(arriving))).isEqualTo("at 1");
        assertThat(textOf(next(arriving))).isEqualTo("at 2");
        // and none of it once it has said that its session ends
        client.disconnectWith().sessionExpiryInterval(0).send();
        assertThat(client.connectWith().cleanStart(false).send().isSessionPresent())
                .isFalse();
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void publishesAWillWithPropertiesAfterItsDelay(Transport transport) throws Exception {
        // given
        var watcher = connect(transport, "watcher");
        var arriving = arriving(watcher);
        subscribe(watcher, "plant/#");
        var doomed = client(builder(transport, "doomed"));
        doomed.connectWith()
                .sessionExpiryInterval(HOUR_SECONDS)
                .willPublish()
                .topic("plant/alarm")
                .payload("gone".getBytes(UTF_8))
                .qos(MqttQos.AT_LEAST_ONCE)
                .contentType("text/plain")
                .delayInterval(1)
                .userProperties()
                .add("severity", "high")
                .applyUserProperties()
                .applyWillPublish()
                .send();
        // when it leaves, and wants its will published
        long leftNanos = System.nanoTime();
        doomed.disconnectWith()
                .reasonCode(Mqtt5DisconnectReasonCode.DISCONNECT_WITH_WILL_MESSAGE)
                .send();
        // then
        var will = next(arriving);
        assertThat(textOf(will)).isEqualTo("gone");
        assertThat(System.nanoTime() - leftNanos).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(900));
        assertThat(will.getContentType()).get().hasToString("text/plain");
        assertThat(will.getUserProperties().asList()).hasSize(1);
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void carriesARequestAndItsResponse(Transport transport) throws Exception {
        // given a responder
        var responder = connect(transport, "responder");
        var requests = arriving(responder);
        subscribe(responder, "plant/requests");
        var requester = connect(transport, "requester");
        var responses = arriving(requester);
        subscribe(requester, "plant/responses/requester");
        // when
        requester.publish(message("plant/requests", "open", MqttQos.AT_LEAST_ONCE)
                .responseTopic("plant/responses/requester")
                .correlationData("42".getBytes(UTF_8))
                .build());
        var request = next(requests);
        responder.publish(Mqtt5Publish.builder()
                .topic(request.getResponseTopic().orElseThrow())
                .payload("opened".getBytes(UTF_8))
                .qos(MqttQos.AT_LEAST_ONCE)
                .correlationData(request.getCorrelationData().orElseThrow())
                .build());
        // then
        var response = next(responses);
        assertThat(textOf(response)).isEqualTo("opened");
        assertThat(response.getCorrelationData()).hasValue(UTF_8.encode("42"));
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void namesTopicsByAliasBothWays(Transport transport) throws Exception {
        // given more topics than either side may name
        var client = client(builder(transport, "boiler"));
        var arriving = arriving(client);
        client.connectWith()
                .restrictions()
                .topicAliasMaximum(5)
                .sendTopicAliasMaximum(5)
                .applyRestrictions()
                .send();
        subscribe(client, "plant/#");
        // when
        for (int i = 0; i < 40; i++) {
            var topic = "plant/" + i % 8;
            publish(client, topic, String.valueOf(i), i % 3);
            // then
            var message = next(arriving);
            assertThat(message.getTopic()).hasToString(topic);
            assertThat(textOf(message)).isEqualTo(String.valueOf(i));
        }
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void sharesASubscription(Transport transport) throws Exception {
        // given two members of a group
        var first = connect(transport, "first");
        var second = connect(transport, "second");
        var arrivingFirst = arriving(first);
        var arrivingSecond = arriving(second);
        subscribe(first, "$share/workers/plant/#");
        subscribe(second, "$share/workers/plant/#");
        // when
        var publisher = connect(transport, "pub");
        for (int i = 0; i < 10; i++) {
            publish(publisher, "plant/jobs", String.valueOf(i), 1);
        }
        // then each gets some, and none is there twice
        var jobs = new ArrayList<String>();
        for (int i = 0; i < 5; i++) {
            jobs.add(textOf(next(arrivingFirst)));
            jobs.add(textOf(next(arrivingSecond)));
        }
        assertThat(jobs)
                .containsExactlyInAnyOrder("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
                .doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void followsTheOptionsOfASubscription(Transport transport) throws Exception {
        // given a retained message
        var client = connect(transport, "boiler");
        var other = connect(transport, "other");
        var arriving = arriving(client);
        client.publish(message("plant/state", "kept", MqttQos.AT_LEAST_ONCE)
                .retain(true)
                .build());
        // when it is not asked for, and neither are own messages
        client.subscribeWith()
                .topicFilter("plant/#")
                .qos(MqttQos.AT_LEAST_ONCE)
                .noLocal(true)
                .retainAsPublished(true)
                .retainHandling(Mqtt5RetainHandling.DO_NOT_SEND)
                .send();
        publish(client, "plant/own", "mine", 1);
        // then only what another sends arrives, and tells whether it was retained
        other.publish(message("plant/state", "new", MqttQos.AT_LEAST_ONCE)
                .retain(true)
                .build());
        var message = next(arriving);
        assertThat(textOf(message)).isEqualTo("new");
        assertThat(message.isRetain()).isTrue();
        // when it subscribes again, retained messages come for a subscription that is new
        for (int i = 0; i < 2; i++) {
            client.subscribeWith()
                    .topicFilter("plant/state")
                    .retainHandling(Mqtt5RetainHandling.SEND_IF_SUBSCRIPTION_DOES_NOT_EXIST)
                    .send();
        }
        assertThat(textOf(next(arriving))).isEqualTo("new");
        publish(other, "plant/fence", "fence", 1);
        assertThat(textOf(next(arriving))).isEqualTo("fence");
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void holdsToReceiveMaximumAndMaximumPacketSize(Transport transport) throws Exception {
        // given a client that takes one unacknowledged message, and 200 bytes
        var client = client(builder(transport, "boiler"));
        var arriving = client.publishes(MqttGlobalPublishFilter.ALL, true);
        client.connectWith()
                .restrictions()
                .receiveMaximum(1)
                .maximumPacketSize(200)
                .applyRestrictions()
                .send();
        subscribe(client, "plant/#");
        var publisher = connect(transport, "pub");
        // when
        publish(publisher, "plant/a", "one", 1);
        publish(publisher, "plant/a", "x".repeat(300), 1);
        publish(publisher, "plant/a", "two", 1);
        publish(publisher, "plant/a", "at once", 0);
        // then the second waits for the first one's acknowledgement, and the large one is not sent
        var one = next(arriving);
        assertThat(textOf(one)).isEqualTo("one");
        assertThat(textOf(next(arriving))).isEqualTo("at once");
        one.acknowledge();
        assertThat(textOf(next(arriving))).isEqualTo("two");
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void saysWhyItRefuses(Transport transport) {
        // given a credential that may publish to one topic
        var narrow = broker.tenant("acme")
                .addCredential(
                        "narrow",
                        TestBroker.SECRET,
                        PermissionRule.of(
                                "narrow", PermissionRule.Effect.ALLOW, PermissionRule.Action.PUBLISH, "plant/boiler"));
        var client = client(builder(transport, "boiler")
                .simpleAuth()
                .username(narrow.userName())
                .password(narrow.secret().getBytes(UTF_8))
                .applySimpleAuth());
        client.connect();
        assertThat(publish(client, "plant/boiler", "allowed", 1).getError()).isEmpty();
        // when it goes beyond
        var published = catchThrowableOfType(Mqtt5PubAckException.class, () -> publish(client, "plant/oven", "no", 1));
        var subscribed = catchThrowableOfType(Mqtt5SubAckException.class, () -> subscribe(client, "plant/#"));
        // then it learns the reason, in a code and in words
        assertThat(published.getMqttMessage().getReasonCode()).isEqualTo(Mqtt5PubAckReasonCode.NOT_AUTHORIZED);
        assertThat(published.getMqttMessage().getReasonString()).isPresent();
        assertThat(subscribed.getMqttMessage().getReasonCodes()).containsExactly(Mqtt5SubAckReasonCode.NOT_AUTHORIZED);
        assertThat(subscribed.getMqttMessage().getReasonString()).isPresent();
        // and a stranger no more than a code
        var stranger = client(builder(transport, "stranger")
                .simpleAuth()
                .username(narrow.userName())
                .password("wrong".getBytes(UTF_8))
                .applySimpleAuth());
        var refused = catchThrowableOfType(Mqtt5ConnAckException.class, stranger::connect);
        assertThat(refused.getMqttMessage().getReasonCode())
                .isEqualTo(Mqtt5ConnAckReasonCode.BAD_USER_NAME_OR_PASSWORD);
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void assignsAClientIdentifier(Transport transport) {
        var client = client(builder(transport, ""));
        assertThat(client.connect().getAssignedClientIdentifier()).isPresent();
    }

    @ParameterizedTest
    @EnumSource(Transport.class)
    void tellsAClientWhyItIsDisconnected(Transport transport) {
        // given
        var reason = new CompletableFuture<Mqtt5DisconnectReasonCode>();
        var client = client(builder(transport, "boiler").addDisconnectedListener(context -> {
            if (context.getCause() instanceof Mqtt5DisconnectException told) {
                reason.complete(told.getMqttMessage().getReasonCode());
            }
        }));
        client.connect();
        // when another connection takes its place
        try (var taker = broker.connect(MqttVersion.V5, "boiler")) {
            // then
            assertThat(reason)
                    .succeedsWithin(10, TimeUnit.SECONDS)
                    .isEqualTo(Mqtt5DisconnectReasonCode.SESSION_TAKEN_OVER);
            taker.disconnect();
        }
    }
}
