package dev.dunlin.engine.connection;

import dev.dunlin.engine.access.AccessPolicy;
import dev.dunlin.engine.access.AccessPolicy.PublishAnswer;
import dev.dunlin.engine.topic.TopicName;
import org.jspecify.annotations.Nullable;

/**
 * What a client may publish to the few topics that it has published to last: valid for the policy it was looked up in, and
 * looked up anew in another. On the connection's loop.
 */
final class KnownPermissions {
    private static final int SIZE = 4;

    private record Known(TopicName topic, AccessPolicy policy, PublishAnswer answer) {}

    /** At the hash of the topic; one that comes later takes the place. */
    private final @Nullable Known[] known = new Known[SIZE];

    /** What {@code policy} says of {@code topic}. */
    PublishAnswer publish(TopicName topic, AccessPolicy policy) {
        int slot = topic.hashCode() & SIZE - 1;
        var last = known[slot];
        if (last != null && last.policy == policy && last.topic.equals(topic)) {
            return last.answer;
        }
        var found = policy.publish(topic);
        known[slot] = new Known(topic, policy, found);
        return found;
    }
}
