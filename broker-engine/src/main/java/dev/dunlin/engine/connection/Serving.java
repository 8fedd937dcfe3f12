package dev.dunlin.engine.connection;

import dev.dunlin.engine.access.AccessPolicy;
import dev.dunlin.engine.access.AccessPolicy.PublishAnswer;
import dev.dunlin.engine.codec.MqttEncoder;
import dev.dunlin.engine.codec.PublishEncoder;
import dev.dunlin.engine.packet.MessageProperties;
import dev.dunlin.engine.packet.Packet.Pubrec;
import dev.dunlin.engine.packet.Packet.Subscribe;
import dev.dunlin.engine.packet.Packet.Unsubscribe;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.UsageSample;
import dev.dunlin.engine.session.Deposit;
import dev.dunlin.engine.session.Outbound;
import dev.dunlin.engine.session.Receipt;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.tenant.TenantSpace;
import dev.dunlin.engine.topic.TopicFilter;
import dev.dunlin.engine.topic.TopicName;
import io.netty.handler.codec.mqtt.MqttMessageType;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Serves an accepted client, from CONNACK on: carries out what it asks of its session and acknowledges it, sends what the
 * session has for it, and counts both. On the session's loop.
 */
final class Serving implements Outbound {
    /** QoS 2 messages that one client may have unreleased; the Receive Maximum told to MQTT 5 clients. */
    static final int RECEIVE_MAXIMUM = 1_024;

    private final Connection connection;
    private final Broker broker;
    private final LoopConnections neighbours;
    private final Reading reading;
    private final Output output;
    private final TenantSpace space;
    private final Session session;
    private final GivenAliases givenAliases;
    private @Nullable KnownPermissions permissions;

    /** Absent until one has to wait. */
    private @Nullable Acknowledgements acknowledgements;

    /** Counted since {@link #slowDown}: the tenant's rate has yet to learn of them. */
    private int published;

    // Since the last usage sample
    private long messagesIn;
    private long bytesIn;
    private long messagesOut;
    private long bytesOut;
    private long refused;

    Serving(
            Connection connection,
            Broker broker,
            LoopConnections neighbours,
            Reading reading,
            Output output,
            TenantSpace space,
            Session session,
            GivenAliases givenAliases) {
        this.connection = connection;
        this.broker = broker;
        this.neighbours = neighbours;
        this.reading = reading;
        this.output = output;
        this.space = space;
        this.session = session;
        this.givenAliases = givenAliases;
    }

    TenantSpace space() {
        return space;
    }

    Session session() {
        return session;
    }

    void onPublish(Publish publish) {
        if (publish.qos() == QoS.EXACTLY_ONCE) {
            if (session.unreleased().contains(publish.packetId())) {
                pubrecAgain(publish.packetId());
                return;
            }
            if (session.unreleased().countOfConnection() >= RECEIVE_MAXIMUM
                    && output.version().isMqtt5()) {
                connection.end(
                        ReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
                        Incident.Reason.RECEIVE_MAXIMUM_EXCEEDED,
                        "at most " + RECEIVE_MAXIMUM + " unreleased messages [MQTT-3.3.4-9]");
                return;
            }
        }
        var permission = permissionFor(publish.topic(), session.policy());
        answer(publish, broker.publishing.publish(space, session, publish, permission, connection.remoteIp()));
    }

    private PublishAnswer permissionFor(TopicName topic, AccessPolicy policy) {
        var known = permissions;
        if (known == null) {
            known = new KnownPermissions();
            permissions = known;
        }
        return known.publish(topic, policy);
    }

    private void answer(Publish publish, Outcome outcome) {
        if (outcome instanceof Outcome.Accepted) {
            published++;
            messagesIn++;
            bytesIn += publish.payload().length;
            accept(publish);
        } else if (outcome instanceof Outcome.Deposited deposited) {
            published++;
            messagesIn++;
            bytesIn += publish.payload().length;
            accept(publish, deposited.deposit());
        } else if (outcome instanceof Outcome.Refused refusal) {
            published++;
            refused++;
            if (!output.version().isMqtt5()) {
                accept(publish); // MQTT 3.1.1 §3.3.5: acknowledged all the same
            } else if (publish.qos() != QoS.AT_MOST_ONCE) {
                acknowledgeInTurn(() -> refuse(publish, refusal));
            }
        } else if (outcome instanceof Outcome.Violation violation) {
            connection.violation(violation.reason(), violation.detail());
        }
    }

    private void accept(Publish publish) {
        if (publish.qos() == QoS.AT_MOST_ONCE) {
            return;
        }
        int packetId = publish.packetId();
        if (publish.qos() == QoS.EXACTLY_ONCE) {
            session.unreleased().add(packetId);
        }
        var type = acknowledgementOf(publish.qos());
        if (isAnyAcknowledgementWaiting()) {
            acknowledgements().add(() -> acknowledge(type, packetId, ReasonCode.SUCCESS));
        } else {
            acknowledge(type, packetId, ReasonCode.SUCCESS);
        }
    }

    /** To be acknowledged once the message is safe. */
    private void accept(Publish publish, Deposit deposit) {
        var qos = publish.qos();
        int packetId = publish.packetId();
        if (qos == QoS.EXACTLY_ONCE) {
            var unreleased = session.unreleased();
            unreleased.add(packetId);
            unreleased.await(packetId, deposit);
            if (deposit.isStoredFirst() && session.isKept()) {
                unreleased.noteStored(packetId);
            }
        }
        acknowledgeOnceSafe(deposit, () -> acknowledge(qos, packetId, deposit));
    }

    /** The message has come before: its PUBREC is due when the first one is. */
    private void pubrecAgain(int packetId) {
        var unsafe = session.unreleased().unsafe(packetId);
        if (unsafe == null) {
            acknowledgeInTurn(() -> acknowledge(MqttMessageType.PUBREC, packetId, ReasonCode.SUCCESS));
        } else {
            acknowledgements().addAgain(unsafe, () -> acknowledge(QoS.EXACTLY_ONCE, packetId, unsafe));
        }
    }

    private void acknowledge(QoS qos, int packetId, Receipt receipt) {
        boolean isRefused = receipt.refusal() != null;
        if (qos == QoS.EXACTLY_ONCE) {
            session.unreleased().onPubrecDue(packetId);
            if (isRefused) {
                session.unreleased().release(packetId);
            }
        }
        if (!isRefused || output.version().isMqtt5()) {
            acknowledge(acknowledgementOf(qos), packetId, isRefused ? ReasonCode.QUOTA_EXCEEDED : ReasonCode.SUCCESS);
        } else {
            // before MQTT 5, not to acknowledge it is the only way to say that a message was not taken
            disconnect(ReasonCode.QUOTA_EXCEEDED, Incident.Reason.STORAGE_FULL);
        }
    }

    private static MqttMessageType acknowledgementOf(QoS qos) {
        return qos == QoS.AT_LEAST_ONCE ? MqttMessageType.PUBACK : MqttMessageType.PUBREC;
    }

    private boolean isAnyAcknowledgementWaiting() {
        return acknowledgements != null && acknowledgements.isAnyWaiting();
    }

    private void acknowledgeInTurn(Runnable due) {
        if (isAnyAcknowledgementWaiting()) {
            acknowledgements().add(due);
        } else {
            due.run();
        }
    }

    /** All that {@code receipt} is to expect is handed out: {@code due} runs in turn, once that is safe. */
    private void acknowledgeOnceSafe(Receipt receipt, Runnable due) {
        if (!isAnyAcknowledgementWaiting() && receipt.settleIfSafe()) {
            due.run();
        } else {
            acknowledgements().add(receipt, due);
        }
    }

    private Acknowledgements acknowledgements() {
        var acknowledgements = this.acknowledgements;
        if (acknowledgements == null) {
            acknowledgements = new Acknowledgements(neighbours.loop(), reading);
            this.acknowledgements = acknowledgements;
        }
        return acknowledgements;
    }

    private void refuse(Publish publish, Outcome.Refused refusal) {
        var type = acknowledgementOf(publish.qos());
        var text = refusal.reasonString();
        if (text != null && output.takesReasonString(text, 0)) {
            MqttEncoder.refusal(output.next(), type, publish.packetId(), refusal.reason(), text);
        } else {
            acknowledge(type, publish.packetId(), refusal.reason());
        }
    }

    void onPubrec(Pubrec pubrec) {
        boolean isRefusal = pubrec.reason() >= ReasonCode.UNSPECIFIED_ERROR.value();
        var answer = session.onPubrec(pubrec.packetId(), isRefusal);
        if (!isRefusal && answer != Session.PubrecAnswer.NOTHING) {
            boolean isKnown = answer == Session.PubrecAnswer.PUBREL;
            acknowledge(
                    MqttMessageType.PUBREL,
                    pubrec.packetId(),
                    isKnown ? ReasonCode.SUCCESS : ReasonCode.PACKET_IDENTIFIER_NOT_FOUND);
        }
    }

    void onPubrel(int packetId) {
        boolean isKnown = session.unreleased().release(packetId);
        var reason = isKnown ? ReasonCode.SUCCESS : ReasonCode.PACKET_IDENTIFIER_NOT_FOUND;
        var receipt = session.forgetReceived(packetId);
        if (receipt == null) {
            acknowledge(MqttMessageType.PUBCOMP, packetId, reason);
        } else {
            acknowledgeOnceSafe(receipt, () -> acknowledge(MqttMessageType.PUBCOMP, packetId, reason));
        }
    }

    void onSubscribe(Subscribe packet) {
        if (!output.takes(MqttEncoder.acknowledgementListBytes(
                output.version(), packet.requests().size()))) {
            connection.end(ReasonCode.PACKET_TOO_LARGE, Incident.Reason.PACKET_TOO_LARGE, "SUBACK, for this client");
            return;
        }
        var subscribing = new Subscribing(space, session, connection.remoteIp(), broker.incidents);
        subscribing.subscribe(packet);
        published += subscribing.refusedCount();
        refused += subscribing.refusedCount();
        var text = subscribing.reasonString();
        boolean say = text != null
                && text.length() < 1_000
                && output.takesReasonString(text, subscribing.reasons().size());
        var receipt = subscribing.receipt();
        acknowledgeOnceSafe(receipt, () -> {
            var reasons = receipt.refusal() == null ? subscribing.reasons() : subscribing.withdraw();
            MqttEncoder.suback(output.next(), output.version(), packet.packetId(), reasons, say ? text : null);
            subscribing.bringRetained();
        });
    }

    void onUnsubscribe(Unsubscribe packet) {
        if (!output.takes(MqttEncoder.acknowledgementListBytes(
                output.version(), packet.filters().size()))) {
            connection.end(ReasonCode.PACKET_TOO_LARGE, Incident.Reason.PACKET_TOO_LARGE, "UNSUBACK, for this client");
            return;
        }
        var reasons = new ArrayList<ReasonCode>(packet.filters().size());
        var receipt = new Receipt();
        for (var text : packet.filters()) {
            reasons.add(unsubscribe(TopicFilter.parse(text), receipt));
        }
        acknowledgeOnceSafe(
                receipt, () -> MqttEncoder.unsuback(output.next(), output.version(), packet.packetId(), reasons));
    }

    private ReasonCode unsubscribe(@Nullable TopicFilter filter, Receipt receipt) {
        if (filter == null) {
            return ReasonCode.TOPIC_FILTER_INVALID;
        }
        if (!space.unsubscribe(session, filter)) {
            return ReasonCode.NO_SUBSCRIPTION_EXISTED;
        }
        session.keepWithout(filter, receipt);
        return ReasonCode.SUCCESS;
    }

    private void acknowledge(MqttMessageType type, int packetId, ReasonCode reason) {
        MqttEncoder.acknowledgement(output.next(), output.version(), type, packetId, reason);
    }

    /**
     * Pauses reading for as long as the tenant is ahead of its rate, another loop behind with our messages, or the store with
     * what is to be acknowledged, or until others have had their turn.
     */
    void slowDown(boolean isTurnOver) {
        int publishes = published;
        published = 0;
        var loop = neighbours.loop();
        long pauseNanos = publishes == 0 ? 0 : space.countPublished(publishes);
        if (isAnyAcknowledgementWaiting()
                && acknowledgements().pauseIfMany(space.store().isBehind())) {
            return; // whatever else would pause it asks again when it is resumed
        }
        if (pauseNanos > 0) {
            reading.pause();
            loop.eventLoop().schedule(reading::resume, pauseNanos, TimeUnit.NANOSECONDS);
        } else if (publishes > 0 && loop.isCongested()) {
            reading.pause();
            loop.whenUncongested(reading::resume);
        } else if (isTurnOver) {
            reading.pause();
            // not as a plain task: all of those are done before the loop looks at the network again
            loop.eventLoop().schedule(reading::resume, 0, TimeUnit.NANOSECONDS);
        }
    }

    /** The connection is closed: what waits is not acknowledged. */
    void stop() {
        if (acknowledgements != null) {
            acknowledgements.clear();
        }
    }

    @Override
    public boolean isWritable() {
        return output.isWritable();
    }

    @Override
    public boolean publish(
            Publish message, QoS qos, boolean dup, boolean retain, int packetId, int @Nullable [] subscriptionIds) {
        var version = output.version();
        boolean expires = version.isMqtt5() && message.expiresAtNanos() != Publish.NEVER;
        long expiry = expires ? message.remainingSeconds(neighbours.nanoTime()) : MessageProperties.NEVER;
        long mostBytes = output.maxPacketBytes();
        long spareBytes = mostBytes == Long.MAX_VALUE
                ? Long.MAX_VALUE
                : mostBytes - PublishEncoder.packetBytes(version, message, qos, subscriptionIds, expiry);
        if (spareBytes < 0) {
            return false;
        }
        int known = givenAliases.known(message.topic());
        boolean mayGive = known == 0 && spareBytes >= GivenAliases.MOST_BYTES;
        int alias = mayGive ? givenAliases.give(message.topic()) : known;
        var encoder = neighbours.publishEncoder();
        encoder.encode(version, message, qos, dup, retain, alias, known == 0, subscriptionIds, expiry);
        encoder.writeTo(output.next(), packetId);
        if (PublishEncoder.isPayloadShared(message)) {
            output.append(neighbours.sharedPayload(message, output.alloc()));
        }
        int payloadBytes = message.payload().length;
        messagesOut++;
        bytesOut += payloadBytes;
        neighbours.loop().counters().countOut(payloadBytes);
        return true;
    }

    @Override
    public void pubrel(int packetId) {
        acknowledge(MqttMessageType.PUBREL, packetId, ReasonCode.SUCCESS);
    }

    @Override
    public void disconnect(ReasonCode reason, Incident.Reason why) {
        connection.end(reason, why, null);
    }

    @Override
    public void fail(RuntimeException cause) {
        connection.fail(cause);
    }

    /** What the client has used since the call before. */
    UsageSample takeUsage() {
        var sample =
                new UsageSample(space.id(), session.credential(), messagesIn, bytesIn, messagesOut, bytesOut, refused);
        messagesIn = 0;
        bytesIn = 0;
        messagesOut = 0;
        bytesOut = 0;
        refused = 0;
        return sample;
    }
}
