package dev.dunlin.console.crash;

import static java.util.stream.Collectors.toCollection;

import dev.dunlin.console.durable.Device;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Subscribes and unsubscribes, retains and clears, one change after the other, each answered before the next. A change that a
 * crash left unanswered may have been made or not; it is made again.
 */
final class Changer extends Device {
    private static final int TOPICS = 20;

    private enum Kind {
        SUBSCRIBE,
        UNSUBSCRIBE,
        RETAIN,
        CLEAR
    }

    private record Change(Kind kind, int topic, String value) {}

    private final Random random;
    private final Set<String> subscribed = new TreeSet<>();
    private final Map<String, String> retained = new TreeMap<>();
    private @Nullable Change unanswered;
    private int changes;
    private volatile boolean isEnding;
    private final List<String> faults = new ArrayList<>();

    Changer(String name, String userName, String secret, Random random) {
        super(name, userName, secret);
        this.random = random;
    }

    /** From now on it changes nothing more, and looks at what there is. */
    void end() {
        isEnding = true;
    }

    int changes() {
        return changes;
    }

    /** What is not as it was told. */
    List<String> faults() {
        return faults;
    }

    @Override
    protected void work(WireClient client) {
        if (unanswered != null) {
            make(unanswered, client);
        }
        while (!isEnding) {
            var kinds = Kind.values();
            var change = new Change(
                    kinds[random.nextInt(kinds.length)], random.nextInt(TOPICS), Integer.toString(random.nextInt()));
            unanswered = change;
            make(change, client);
        }
        lookAtSubscriptions(client);
        lookAtRetained(client);
    }

    private void make(Change change, WireClient client) {
        var filter = "subscribed/" + change.topic;
        var topic = "retained/" + change.topic;
        switch (change.kind) {
            case SUBSCRIBE -> {
                client.subscribe(1, filter);
                subscribed.add(filter);
            }
            case UNSUBSCRIBE -> {
                client.send(Wire.unsubscribe(VERSION, client.nextPacketId(), filter));
                client.expect(WirePacket.UNSUBACK);
                subscribed.remove(filter);
            }
            case RETAIN -> {
                client.publish(topic, change.value, 1, true);
                retained.put(topic, change.value);
            }
            case CLEAR -> {
                client.publish(topic, "", 1, true);
                retained.remove(topic);
            }
        }
        unanswered = null;
        changes++;
    }

    private void lookAtSubscriptions(WireClient client) {
        for (int i = 0; i < TOPICS; i++) {
            client.send(Wire.publish(VERSION, "subscribed/" + i, "", 0, false, 0));
        }
        var found = client.ping().stream().map(WirePacket::topic).collect(toCollection(TreeSet::new));
        if (!found.equals(subscribed)) {
            faults.add(this + " is subscribed to " + found + " instead of " + subscribed);
        }
    }

    private void lookAtRetained(WireClient client) {
        client.subscribe(0, "retained/#");
        var found = new TreeMap<String, String>();
        client.ping().forEach(message -> found.put(message.topic(), message.payload()));
        if (!found.equals(retained)) {
            faults.add("Retained is " + found + " instead of " + retained);
        }
    }
}
