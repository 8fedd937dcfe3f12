package dev.dunlin.engine.connection;

import dev.dunlin.engine.packet.Packet.RetainHandling;
import dev.dunlin.engine.packet.Packet.Subscribe;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.session.Delivery;
import dev.dunlin.engine.session.Receipt;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.session.Subscription;
import dev.dunlin.engine.tenant.TenantSpace;
import dev.dunlin.engine.topic.TopicFilter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** SUBSCRIBE, one Topic Filter after the other (MQTT 5 §3.8). On the session's loop. */
final class Subscribing {
    /** A Topic Filter with more characters than this counts with the length of all filters of its client. */
    static final int LONG_FILTER = 1_024;

    static final int MAX_FILTER_CHARACTERS = 256 * 1024;

    private final TenantSpace space;
    private final Session session;
    private final @Nullable String remoteAddress;
    private final IncidentCounters incidents;
    private final List<ReasonCode> reasons = new ArrayList<>();
    private final List<Subscription> made = new ArrayList<>();
    private final List<Subscription> bringsRetained = new ArrayList<>();
    private final Receipt receipt = new Receipt();
    private @Nullable String reasonString;

    Subscribing(TenantSpace space, Session session, @Nullable String remoteAddress, IncidentCounters incidents) {
        this.space = space;
        this.session = session;
        this.remoteAddress = remoteAddress;
        this.incidents = incidents;
    }

    void subscribe(Subscribe packet) {
        for (var request : packet.requests()) {
            reasons.add(subscribe(request, packet.subscriptionId()));
        }
    }

    private ReasonCode subscribe(Subscribe.Request request, int subscriptionId) {
        var filter = TopicFilter.parse(request.filter());
        if (filter == null) {
            return refuse(request, ReasonCode.TOPIC_FILTER_INVALID, Incident.Reason.TOPIC_INVALID, whyInvalid(request));
        }
        var answer = session.policy().subscribe(filter);
        if (answer.refusal() != null) {
            return refuse(request, ReasonCode.NOT_AUTHORIZED, answer.refusal(), answer.decidedBy());
        }
        boolean isNew = !session.subscriptions().containsKey(filter);
        long limit = space.limits().subscriptionsPerSession();
        if (isNew && session.subscriptions().size() >= limit) {
            return refuse(
                    request,
                    ReasonCode.QUOTA_EXCEEDED,
                    Incident.Reason.TOO_MANY_SUBSCRIPTIONS,
                    "at most " + limit + " subscriptions of one client");
        }
        if (isNew && hasTooManyCharactersWith(request.filter())) {
            return refuse(
                    request,
                    ReasonCode.QUOTA_EXCEEDED,
                    Incident.Reason.TOO_MANY_SUBSCRIPTIONS,
                    "at most " + MAX_FILTER_CHARACTERS
                            + " characters in the filters of one client, where one has more than " + LONG_FILTER);
        }
        var qos = request.qos().atMost(answer.maxQos());
        var delivery = new Delivery(
                session,
                qos,
                request.noLocal(),
                request.retainAsPublished(),
                subscriptionId == 0 ? null : new int[] {subscriptionId},
                filter);
        var subscription = new Subscription(filter, request.qos(), subscriptionId, answer.hidden(), delivery);
        boolean wantsRetained = filter.shareName() == null // MQTT 5 §4.8.2
                && (request.retainHandling() == RetainHandling.SEND
                        || request.retainHandling() == RetainHandling.SEND_IF_NEW && isNew);
        if (wantsRetained && !session.mayBringRetained()) {
            return refuse(
                    request,
                    ReasonCode.QUOTA_EXCEEDED,
                    Incident.Reason.SLOW_CONSUMER,
                    "retained messages of earlier subscriptions have yet to be read");
        }
        session.keep(subscription, space.subscribe(subscription), receipt);
        made.add(subscription);
        if (wantsRetained) {
            bringsRetained.add(subscription);
        }
        return ReasonCode.granted(qos);
    }

    private static @Nullable String whyInvalid(Subscribe.Request request) {
        long levels = request.filter().chars().filter(c -> c == '/').count() + 1;
        return levels > TopicFilter.MAX_LEVELS ? "at most " + TopicFilter.MAX_LEVELS + " levels" : null;
    }

    /** Counts them only where a filter is long: others are bounded by their number. */
    private boolean hasTooManyCharactersWith(String filter) {
        if (filter.length() <= LONG_FILTER) {
            return false;
        }
        long characters = filter.length();
        for (var subscribed : session.subscriptions().keySet()) {
            characters += subscribed.toString().length();
        }
        return characters > MAX_FILTER_CHARACTERS;
    }

    private ReasonCode refuse(
            Subscribe.Request request, ReasonCode code, Incident.Reason reason, @Nullable String decidedBy) {
        incidents.report(new Incident(
                Instant.now(),
                Incident.Kind.SUBSCRIBE,
                reason,
                space.id(),
                session.credentialName(),
                session.clientId(),
                remoteAddress,
                request.filter(),
                decidedBy));
        reasonString = request.filter() + ": " + Publishing.explain(reason, decidedBy);
        return code;
    }

    /** One for each Topic Filter, in their order. */
    List<ReasonCode> reasons() {
        return reasons;
    }

    /** How many of the Topic Filters were refused. */
    int refusedCount() {
        return (int) reasons.stream().filter(ReasonCode::isError).count();
    }

    /** Why the last of the refused was refused; null if none was. */
    @Nullable
    String reasonString() {
        return reasonString;
    }

    /** The store did not take the subscriptions: none of them was made. */
    List<ReasonCode> withdraw() {
        for (var subscription : made) {
            space.unsubscribe(session, subscription.filter());
            session.keepWithout(subscription.filter(), null);
        }
        bringsRetained.clear();
        reasons.replaceAll(reason -> reason.isError() ? reason : ReasonCode.QUOTA_EXCEEDED);
        return reasons;
    }

    /** Expects what has to be safe before SUBACK; whoever takes it has to settle it once. */
    Receipt receipt() {
        return receipt;
    }

    /** Sends the retained messages that the new subscriptions bring; SUBACK is on its way. */
    void bringRetained() {
        for (var subscription : bringsRetained) {
            session.offerRetained(space.retained().matching(subscription, space.nanoTime()), subscription.delivery());
        }
    }
}
