package dev.dunlin.engine.connection;

import dev.dunlin.engine.topic.TopicName;
import java.util.HashMap;
import java.util.Map;

/**
 * Topic Aliases that the server gives to one client (MQTT 5 §3.3.2.3.4): to the topics that come first, as many as the client
 * takes and at most {@link #MAX}. They are never given anew, so a topic without one costs a look-up and nothing else.
 */
final class GivenAliases {
    static final int MAX = 32;

    /** What an alias adds to a packet that has its Topic Name too, lengths that grow by it included. */
    static final int MOST_BYTES = 6;

    /** Of all clients that take none: it never has an entry. */
    static final GivenAliases NONE = new GivenAliases(0);

    /** Shorter topics cost no more than their alias. */
    private static final int SHORTEST_TOPIC_BYTES = 6;

    private final int maximum;
    private final Map<TopicName, Integer> aliases = new HashMap<>();

    private GivenAliases(int maximum) {
        this.maximum = maximum;
    }

    /** @param topicAliasMaximum of the client, 0 if it takes none */
    static GivenAliases upTo(int topicAliasMaximum) {
        return topicAliasMaximum == 0 ? NONE : new GivenAliases(Math.min(topicAliasMaximum, MAX));
    }

    /** The alias that the client knows the topic by, or 0. */
    int known(TopicName topic) {
        return maximum == 0 ? 0 : aliases.getOrDefault(topic, 0);
    }

    /** Gives an alias to a topic that has none, or 0 if it gets none; it is known once a packet has told both. */
    int give(TopicName topic) {
        if (aliases.size() >= maximum || topic.utf8().length < SHORTEST_TOPIC_BYTES) {
            return 0;
        }
        int alias = aliases.size() + 1;
        aliases.put(topic, alias);
        return alias;
    }
}
