package dev.dunlin.engine.port;

import java.nio.charset.StandardCharsets;

/**
 * One rule: who holds it may, or may not, publish to or subscribe to what {@code topicFilter} covers.
 *
 * @param id names the rule where a decision is explained
 * @param topicFilter a Topic Filter (MQTT 5 §4.7) in which {@code ${clientid}} and {@code ${credential}} stand for the
 *     client's own, anywhere inside a level; never a Shared Subscription
 * @param maxQos the highest QoS that an allow grants, 0 to 2; means nothing on a deny
 * @param retainAllowed whether an allow grants the RETAIN flag; means nothing on a deny
 */
public record PermissionRule(
        String id, Effect effect, Action action, String topicFilter, int maxQos, boolean retainAllowed) {

    public static final String CLIENT_ID = "${clientid}";
    public static final String CREDENTIAL = "${credential}";
    private static final int MAX_FILTER_BYTES = 65_535;

    public enum Effect {
        ALLOW,
        DENY
    }

    public enum Action {
        PUBLISH,
        SUBSCRIBE,
        ALL;

        /** Whether a rule with this action speaks of {@code other}, which is PUBLISH or SUBSCRIBE. */
        public boolean covers(Action other) {
            return this == ALL || this == other;
        }
    }

    public PermissionRule {
        if (maxQos < 0 || maxQos > 2) {
            throw new IllegalArgumentException("QoS is 0, 1 or 2, not " + maxQos);
        }
        requireFilter(topicFilter);
    }

    /** A rule without further limits. */
    public static PermissionRule of(String id, Effect effect, Action action, String topicFilter) {
        return new PermissionRule(id, effect, action, topicFilter, 2, true);
    }

    /** {@code allow publish sensors/#}: as people read and write it. */
    public String asText() {
        return effect.name().toLowerCase(java.util.Locale.ROOT) + " "
                + action.name().toLowerCase(java.util.Locale.ROOT) + " " + topicFilter;
    }

    /**
     * Checks the form of a topic filter in a rule.
     *
     * @throws IllegalArgumentException with a sentence for the person who typed it
     */
    public static void requireFilter(String filter) {
        if (filter.isEmpty()) {
            throw new IllegalArgumentException("A topic filter has at least one character.");
        }
        if (filter.getBytes(StandardCharsets.UTF_8).length > MAX_FILTER_BYTES) {
            throw new IllegalArgumentException("A topic filter has at most 65,535 bytes.");
        }
        if (filter.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("A topic filter has no null character.");
        }
        if (filter.startsWith("$share/")) {
            throw new IllegalArgumentException("A rule names the topics themselves, without $share and a group.");
        }
        var levels = filter.split("/", -1);
        for (int i = 0; i < levels.length; i++) {
            if (levels[i].indexOf('#') >= 0 && (levels[i].length() > 1 || i < levels.length - 1)) {
                throw new IllegalArgumentException("# stands alone, as the last level of a topic filter.");
            }
            if (levels[i].indexOf('+') >= 0 && levels[i].length() > 1) {
                throw new IllegalArgumentException("+ stands alone in its level of a topic filter.");
            }
        }
    }
}
