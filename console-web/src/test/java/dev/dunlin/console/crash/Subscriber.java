package dev.dunlin.console.crash;

import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Takes what is published, remembers it as a device would that is not killed itself, and acknowledges it. */
final class Subscriber extends Device {
    private final Map<String, List<Integer>> received = new HashMap<>();

    /** Packet Identifiers of QoS 2 messages that it has, and that are not released. */
    private final BitSet unreleased = new BitSet();

    private volatile boolean hasSubscribed;
    private boolean isPassingBy;
    private boolean isDone;

    /** The last number on each topic, once nothing more is published. */
    private volatile Map<String, Integer> expected = Map.of();

    Subscriber(String name, String userName, String secret) {
        super(name, userName, secret);
    }

    boolean hasSubscribed() {
        return hasSubscribed;
    }

    /** Connects, subscribes, and goes. */
    void subscribeOnly(int port) {
        isPassingBy = true;
        visit(port);
        isPassingBy = false;
    }

    /** From now on it stays until it has everything. */
    void expect(Map<String, Integer> lastByTopic) {
        expected = Map.copyOf(lastByTopic);
    }

    boolean isDone() {
        return isDone;
    }

    @Override
    void work(WireClient client) {
        if (!hasSubscribed) {
            client.subscribe(2, "crash/#");
            hasSubscribed = true;
        }
        if (isPassingBy) {
            return;
        }
        while (!hasEverything()) {
            var packet = client.receive();
            if (packet.type() == WirePacket.PUBLISH) {
                onPublish(packet, client);
            } else if (packet.type() == WirePacket.PUBREL) {
                unreleased.clear(packet.packetId());
                client.send(Wire.acknowledge(WirePacket.PUBCOMP, packet.packetId()));
            } else {
                throw new AssertionError(this + " gets " + packet);
            }
        }
        client.ping();
        isDone = true;
    }

    private boolean hasEverything() {
        return !expected.isEmpty()
                && unreleased.isEmpty()
                && expected.entrySet().stream()
                        .allMatch(topic -> numbers(topic.getKey()).contains(topic.getValue()));
    }

    private List<Integer> numbers(String topic) {
        return received.getOrDefault(topic, List.of());
    }

    private void onPublish(WirePacket publish, WireClient client) {
        if (publish.qos() == 1 || !unreleased.get(publish.packetId())) {
            received.computeIfAbsent(publish.topic(), topic -> new ArrayList<>())
                    .add(Integer.valueOf(publish.payload()));
        }
        if (publish.qos() == 2) {
            unreleased.set(publish.packetId());
        }
        int answer = publish.qos() == 1 ? WirePacket.PUBACK : WirePacket.PUBREC;
        client.send(Wire.acknowledge(answer, publish.packetId()));
    }

    /** What is wrong with what it has of {@code publisher}; empty if nothing is. */
    List<String> faults(Publisher publisher) {
        var numbers = numbers(publisher.topic());
        var firstTimes = new LinkedHashSet<>(numbers);
        var faults = new ArrayList<String>();
        var missing = IntStream.rangeClosed(1, publisher.last())
                .filter(number -> !firstTimes.contains(number))
                .boxed()
                .toList();
        if (!missing.isEmpty()) {
            faults.add(this + " lacks of " + publisher + ": " + missing);
        }
        if (!new ArrayList<>(firstTimes).equals(firstTimes.stream().sorted().toList())) {
            faults.add(this + " has numbers of " + publisher + " out of order: " + firstTimes);
        }
        if (publisher.qos() == 2 && numbers.size() != firstTimes.size()) {
            var twice = new ArrayList<>(numbers);
            firstTimes.forEach(twice::remove);
            faults.add(this + " has numbers of " + publisher + " more than once: " + twice);
        }
        return faults;
    }
}
