package dev.dunlin.engine.access;

import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.port.Access;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.PermissionRule;
import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.engine.topic.TopicFilter;
import dev.dunlin.engine.topic.TopicName;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one client may publish and subscribe to. Order of rules means nothing: a deny wins over any allow, and what nothing
 * allows is denied.
 *
 * <p>{@code ${clientid}} and {@code ${credential}} are put in as plain text. A client id that would change the shape of
 * a filter (one with {@code /}, {@code +} or {@code #}, or with {@code $} at the start of the first level) grants nothing,
 * and denies as a {@code +} in its place would: whoever chooses his client id can never widen a rule with it.
 */
public final class AccessPolicy {
    private record Rule(PermissionRule source, TopicFilter filter) {}

    private final long version;
    private final List<Rule> allows;
    private final List<Rule> denies;

    private AccessPolicy(long version, List<Rule> allows, List<Rule> denies) {
        this.version = version;
        this.allows = List.copyOf(allows);
        this.denies = List.copyOf(denies);
    }

    public static AccessPolicy compile(Access access, String clientId, String credentialName) {
        var allows = new ArrayList<Rule>();
        var denies = new ArrayList<Rule>();
        for (var rule : access.rules()) {
            boolean deny = rule.effect() == Effect.DENY;
            var filter = substitute(rule.topicFilter(), clientId, credentialName, deny);
            if (filter != null) {
                (deny ? denies : allows).add(new Rule(rule, filter));
            }
        }
        return new AccessPolicy(access.version(), allows, denies);
    }

    private static @Nullable TopicFilter substitute(String filter, String clientId, String credential, boolean deny) {
        if (filter.indexOf("${") < 0) {
            return TopicFilter.parse(filter);
        }
        var levels = filter.split("/", -1);
        for (int i = 0; i < levels.length; i++) {
            var level = levels[i];
            boolean namesClient = level.contains(PermissionRule.CLIENT_ID);
            if (!namesClient && !level.contains(PermissionRule.CREDENTIAL)) {
                continue;
            }
            // the client id goes in last, so that no text of the client's is looked at for variables
            var text = level.replace(PermissionRule.CREDENTIAL, credential).replace(PermissionRule.CLIENT_ID, clientId);
            boolean reshapes = text.isEmpty()
                    || text.indexOf('/') >= 0
                    || text.indexOf('+') >= 0
                    || text.indexOf('#') >= 0
                    || i == 0 && text.startsWith("$");
            if (reshapes && !deny) {
                return null;
            }
            levels[i] = reshapes ? "+" : text;
        }
        return TopicFilter.parse(String.join("/", levels));
    }

    /** Of the {@link Access} it was compiled from. */
    public long version() {
        return version;
    }

    /** Whether, and how, the client may publish to {@code topic}. */
    public PublishAnswer publish(TopicName topic) {
        if (topic.isReserved()) {
            return PublishAnswer.refused(Incident.Reason.RESERVED_TOPIC, null);
        }
        for (var deny : denies) {
            if (deny.source.action().covers(Action.PUBLISH) && deny.filter.matches(topic)) {
                return PublishAnswer.refused(Incident.Reason.DENIED_BY_RULE, deny.source);
            }
        }
        PermissionRule best = null;
        int maxQos = -1;
        int maxQosRetained = -1;
        for (var allow : allows) {
            if (allow.source.action().covers(Action.PUBLISH) && allow.filter.matches(topic)) {
                best = allow.source;
                maxQos = Math.max(maxQos, allow.source.maxQos());
                if (allow.source.retainAllowed()) {
                    maxQosRetained = Math.max(maxQosRetained, allow.source.maxQos());
                }
            }
        }
        return best == null
                ? PublishAnswer.refused(Incident.Reason.NOT_ALLOWED_BY_ANY_RULE, null)
                : new PublishAnswer(maxQos, maxQosRetained, null, best);
    }

    /** Whether, and how, the client may subscribe to {@code filter}, without regard to a share name. */
    public SubscribeAnswer subscribe(TopicFilter filter) {
        List<TopicFilter> hidden = List.of();
        for (var deny : denies) {
            if (!deny.source.action().covers(Action.SUBSCRIBE)) {
                continue;
            }
            if (deny.filter.covers(filter)) {
                return SubscribeAnswer.refused(Incident.Reason.DENIED_BY_RULE, deny.source.asText());
            }
            if (deny.filter.overlaps(filter)) {
                hidden = hidden.isEmpty() ? new ArrayList<>() : hidden;
                hidden.add(deny.filter);
            }
        }
        int maxQos = -1;
        for (var allow : allows) {
            if (allow.source.action().covers(Action.SUBSCRIBE) && allow.filter.covers(filter)) {
                maxQos = Math.max(maxQos, allow.source.maxQos());
            }
        }
        return maxQos < 0
                ? SubscribeAnswer.refused(Incident.Reason.NOT_ALLOWED_BY_ANY_RULE, null)
                : new SubscribeAnswer(QoS.of(maxQos), List.copyOf(hidden), null, null);
    }

    /** Whether a message on {@code topic} may be delivered to the client. */
    public boolean mayReceive(TopicName topic) {
        for (var deny : denies) {
            if (deny.source.action().covers(Action.SUBSCRIBE) && deny.filter.matches(topic)) {
                return false;
            }
        }
        for (var allow : allows) {
            if (allow.source.action().covers(Action.SUBSCRIBE) && allow.filter.matches(topic)) {
                return true;
            }
        }
        return false;
    }

    /**
     * An answer to a PUBLISH.
     *
     * @param maxQos highest QoS that is allowed, -1 if none is
     * @param maxQosRetained the same for a message with RETAIN set
     * @param refusal why nothing is allowed; null if something is
     * @param rule that decided; null where none did
     */
    public record PublishAnswer(
            int maxQos,
            int maxQosRetained,
            Incident.@Nullable Reason refusal,
            @Nullable PermissionRule rule) {

        static PublishAnswer refused(Incident.Reason reason, @Nullable PermissionRule rule) {
            return new PublishAnswer(-1, -1, reason, rule);
        }

        /** The rule that decided, as people read it; null where none did. */
        public @Nullable String decidedBy() {
            return rule == null ? null : rule.asText();
        }

        /** @return null if such a message may be published, else why not */
        public Incident.@Nullable Reason refuses(QoS qos, boolean retain) {
            if (refusal != null) {
                return refusal;
            }
            if (retain && maxQosRetained < 0) {
                return Incident.Reason.RETAIN_NOT_ALLOWED;
            }
            return qos.value() > (retain ? maxQosRetained : maxQos) ? Incident.Reason.QOS_NOT_ALLOWED : null;
        }
    }

    /**
     * An answer to one Topic Filter of a SUBSCRIBE.
     *
     * @param maxQos highest QoS that is granted
     * @param hidden what a deny takes out of the filter; enforced on each message
     * @param refusal why nothing is granted; null if something is
     * @param decidedBy the rule that refused, as people read it; null where no rule did
     */
    public record SubscribeAnswer(
            QoS maxQos,
            List<TopicFilter> hidden,
            Incident.@Nullable Reason refusal,
            @Nullable String decidedBy) {

        static SubscribeAnswer refused(Incident.Reason reason, @Nullable String decidedBy) {
            return new SubscribeAnswer(QoS.AT_MOST_ONCE, List.of(), reason, decidedBy);
        }
    }
}
