package dev.dunlin.engine.connection;

import dev.dunlin.engine.access.AccessPolicy.PublishAnswer;
import dev.dunlin.engine.access.AccessPolicy.SubscribeAnswer;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.packet.Will;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.MessageTap;
import dev.dunlin.engine.port.TappedMessage;
import dev.dunlin.engine.routing.Router;
import dev.dunlin.engine.session.Deposit;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.session.Subscription;
import dev.dunlin.engine.tenant.TenantSpace;
import dev.dunlin.engine.topic.TopicFilter;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** From a message that a session publishes to its route: the one way there is, for clients and for wills. */
final class Publishing {
    private final List<Router> routers;
    private final IncidentCounters incidents;

    Publishing(List<Router> routers, IncidentCounters incidents) {
        this.routers = routers;
        this.incidents = incidents;
    }

    /**
     * Publishes {@code message} if {@code answer}, the publisher's permission for its topic, allows it. On the publisher's
     * loop.
     *
     * @param remoteAddress for the report of a refusal; absent if the client is gone
     */
    Outcome publish(
            TenantSpace space,
            Session publisher,
            Publish message,
            PublishAnswer answer,
            @Nullable String remoteAddress) {
        var refusal = answer.refuses(message.qos(), message.retain());
        if (refusal != null) {
            return refused(space, publisher, message, refusal, answer.decidedBy(), remoteAddress);
        }
        Deposit deposit = null;
        if (message.retain()) {
            if (!space.retain(message, publisher)) {
                return notRetained(space, publisher, message, remoteAddress);
            }
            deposit = message.qos() == QoS.AT_MOST_ONCE ? null : space.store().newDeposit(0);
            space.storeRetained(message.topic(), deposit);
        }
        var tap = space.tap();
        if (tap != null) {
            tap.accept(tapped(space, publisher, message));
        }
        var loop = publisher.home();
        loop.counters().countIn(message.payload().length);
        deposit = routers.get(loop.index()).route(space, message, publisher, deposit);
        return deposit == null ? Outcome.ACCEPTED : new Outcome.Deposited(deposit);
    }

    private Outcome notRetained(TenantSpace space, Session publisher, Publish message, @Nullable String remoteAddress) {
        if (!space.memory().hasRoomFor(message.queuedBytes())) {
            return refused(space, publisher, message, Incident.Reason.MEMORY_FULL, null, remoteAddress);
        }
        var limits = space.limits();
        var limit = "at most " + limits.retainedMessages() + " retained messages of " + limits.retainedBytes()
                + " bytes together";
        return refused(space, publisher, message, Incident.Reason.TOO_MANY_RETAINED, limit, remoteAddress);
    }

    /** Publishes the Will of a session, if its permissions of now allow that. On the session's loop. */
    void publishWill(TenantSpace space, Session session, Will will) {
        var message = will.toPublish(space.nanoTime());
        var outcome = publish(space, session, message, session.policy().publish(message.topic()), null);
        if (outcome instanceof Outcome.Deposited deposited) {
            deposited.deposit().settle();
        }
    }

    /** Gives a message of a Shared Subscription that {@code leaver} does not keep to another member, if there is one. */
    boolean redeliver(
            TenantSpace space,
            TopicFilter filter,
            Publish message,
            Session leaver,
            boolean onlineOnly,
            @Nullable Deposit held) {
        return routers.get(leaver.home().index()).redeliver(space, filter, message, leaver, onlineOnly, held);
    }

    /** Tells of a subscription that a change of permissions has ended: MQTT has no packet that would tell its client. */
    void reportEnded(TenantSpace space, Subscription subscription, SubscribeAnswer answer) {
        var session = subscription.session();
        incidents.report(new Incident(
                Instant.now(),
                Incident.Kind.SUBSCRIBE,
                Objects.requireNonNull(answer.refusal()),
                space.id(),
                session.credentialName(),
                session.clientId(),
                null,
                subscription.filter().toString(),
                answer.decidedBy()));
    }

    private Outcome refused(
            TenantSpace space,
            Session publisher,
            Publish message,
            Incident.Reason reason,
            @Nullable String decidedBy,
            @Nullable String remoteAddress) {
        incidents.report(new Incident(
                Instant.now(),
                Incident.Kind.PUBLISH,
                reason,
                space.id(),
                publisher.credentialName(),
                publisher.clientId(),
                remoteAddress,
                message.topic().toString(),
                decidedBy));
        boolean limit = reason == Incident.Reason.TOO_MANY_RETAINED || reason == Incident.Reason.MEMORY_FULL;
        return new Outcome.Refused(
                limit ? ReasonCode.QUOTA_EXCEEDED : ReasonCode.NOT_AUTHORIZED, explain(reason, decidedBy));
    }

    /** What the client's author reads in the Reason String. */
    static String explain(Incident.Reason reason, @Nullable String decidedBy) {
        return switch (reason) {
            case DENIED_BY_RULE -> "denied by the permission '" + decidedBy + "'";
            case NOT_ALLOWED_BY_ANY_RULE -> "no permission of this credential allows it";
            case QOS_NOT_ALLOWED -> "the permission '" + decidedBy + "' allows a lower QoS only";
            case RETAIN_NOT_ALLOWED -> "the permission '" + decidedBy + "' does not allow retained messages";
            case RESERVED_TOPIC -> "topics that begin with $ are the server's";
            case TOO_MANY_RETAINED, TOO_MANY_SUBSCRIPTIONS -> "over the limit: " + decidedBy;
            case MEMORY_FULL -> "the server has no memory left for more messages of this tenant";
            case TOPIC_INVALID -> "not a valid topic filter";
            default -> reason.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        };
    }

    private static TappedMessage tapped(TenantSpace space, Session publisher, Publish message) {
        var payload = message.payload();
        return new TappedMessage(
                Instant.now(),
                space.id(),
                publisher.credential(),
                publisher.credentialName(),
                publisher.clientId(),
                message.topic().toString(),
                payload.length <= MessageTap.MAX_PAYLOAD_BYTES
                        ? payload
                        : Arrays.copyOf(payload, MessageTap.MAX_PAYLOAD_BYTES),
                payload.length,
                message.qos().value(),
                message.retain());
    }
}
