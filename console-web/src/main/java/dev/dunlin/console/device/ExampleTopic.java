package dev.dunlin.console.device;

import dev.dunlin.engine.port.PermissionRule.Action;
import dev.dunlin.engine.port.PermissionRule.Effect;
import dev.dunlin.permission.PermissionView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A topic for the snippets of a device that its permissions allow, so that the code works as it stands. Only a suggestion: what
 * is allowed is the engine's to decide.
 *
 * @param publish a Topic Name that the device may publish to
 * @param subscribe a Topic Filter that the device may subscribe to
 */
record ExampleTopic(Optional<String> publish, Optional<String> subscribe) {
    private static final String WORD = "hello";

    static ExampleTopic of(List<PermissionView> rules, String device, String clientId) {
        var own = new Rules(rules, device, clientId);
        return new ExampleTopic(own.publish(), own.subscribe());
    }

    private record Rules(List<PermissionView> rules, String device, String clientId) {
        Optional<String> publish() {
            return topics(Effect.ALLOW, Action.PUBLISH)
                    .flatMap(filter -> namesIn(filter).stream())
                    .filter(this::mayBePublishedTo)
                    .filter(name -> topics(Effect.DENY, Action.PUBLISH).noneMatch(denied -> matches(denied, name)))
                    .findFirst();
        }

        Optional<String> subscribe() {
            return topics(Effect.ALLOW, Action.SUBSCRIBE)
                    .filter(filter ->
                            topics(Effect.DENY, Action.SUBSCRIBE).noneMatch(denied -> matches(denied, filter)))
                    .findFirst();
        }

        private Stream<String> topics(Effect effect, Action action) {
            return rules.stream()
                    .filter(rule -> rule.effect() == effect && rule.action().covers(action))
                    .map(rule ->
                            rule.topicFilter().replace("${credential}", device).replace("${clientid}", clientId));
        }

        /** {@code #} alone becomes the device's own corner; in every other filter the wildcards become a word. */
        private List<String> namesIn(String filter) {
            var names = new ArrayList<String>();
            if (filter.equals("#")) {
                names.add(device + "/" + WORD);
            }
            names.add(Stream.of(filter.split("/", -1))
                    .map(level -> level.equals("#") || level.equals("+") ? WORD : level)
                    .collect(Collectors.joining("/")));
            return names;
        }

        private boolean mayBePublishedTo(String name) {
            return !name.startsWith("$");
        }
    }

    /** Whether {@code filter} covers {@code topic}, which may be a filter itself. */
    static boolean matches(String filter, String topic) {
        var filters = filter.split("/", -1);
        var levels = topic.split("/", -1);
        for (var i = 0; i < filters.length; i++) {
            if (filters[i].equals("#")) {
                return true;
            }
            if (i >= levels.length || !(filters[i].equals("+") || filters[i].equals(levels[i]))) {
                return false;
            }
        }
        return filters.length == levels.length;
    }
}
