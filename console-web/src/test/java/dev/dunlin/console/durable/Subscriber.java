package dev.dunlin.console.durable;

import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/** Takes what is published, remembers it as a device would that is not killed itself, and acknowledges it. */
public final class Subscriber extends Device {
    private static final String TOPICS = "numbers/";

    private final Map<String, List<Integer>> received = new HashMap<>();
    private final Map<String, Set<Integer>> seen = new HashMap<>();
    private volatile int count;
    private volatile int enough = Integer.MAX_VALUE;

    /** Packet Identifiers of QoS 2 messages that it has, and that are not released. */
    private final BitSet unreleased = new BitSet();

    private volatile boolean hasSubscribed;
    private boolean isPassingBy;

    /** The last number on each topic, once nothing more is published. */
    private volatile Map<String, Integer> expected = Map.of();

    public Subscriber(String name, String userName, String secret) {
        super(name, userName, secret);
    }

    static String topicOf(String publisher) {
        return TOPICS + publisher;
    }

    public boolean hasSubscribed() {
        return hasSubscribed;
    }

    /** Connects, subscribes, and goes. */
    public void subscribeOnly(int port) {
        isPassingBy = true;
        visit(port);
        isPassingBy = false;
    }

    /** How many messages it has got, those that came again among them. */
    public int count() {
        return count;
    }

    /** The next time it stays until it has so many. */
    public void takeAtLeast(int messages) {
        enough = messages;
    }

    /** From now on it stays until it has everything. */
    public void expect(Map<String, Integer> lastByTopic) {
        expected = Map.copyOf(lastByTopic);
        enough = Integer.MAX_VALUE;
    }

    @Override
    protected void work(WireClient client) {
        if (!hasSubscribed) {
            client.subscribe(2, TOPICS + "#");
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
    }

    private boolean hasEverything() {
        return unreleased.isEmpty()
                && (count >= enough
                        || !expected.isEmpty()
                                && expected.entrySet().stream()
                                        .allMatch(topic -> seen.getOrDefault(topic.getKey(), Set.of())
                                                .contains(topic.getValue())));
    }

    private List<Integer> numbers(String topic) {
        return received.getOrDefault(topic, List.of());
    }

    private void onPublish(WirePacket publish, WireClient client) {
        if (publish.qos() == 1 || !unreleased.get(publish.packetId())) {
            var number = Integer.valueOf(publish.payload().strip());
            received.computeIfAbsent(publish.topic(), topic -> new ArrayList<>())
                    .add(number);
            seen.computeIfAbsent(publish.topic(), topic -> new HashSet<>()).add(number);
            count++;
        }
        if (publish.qos() == 2) {
            unreleased.set(publish.packetId());
        }
        int answer = publish.qos() == 1 ? WirePacket.PUBACK : WirePacket.PUBREC;
        client.send(Wire.acknowledge(answer, publish.packetId()));
    }

    /** What is wrong with what it has of {@code publisher}; empty if nothing is. */
    public List<String> faults(Publisher publisher) {
        var numbers = numbers(publisher.topic());
        var firstTimes = new LinkedHashSet<>(numbers);
        var faults = new ArrayList<String>();
        var missing = IntStream.rangeClosed(1, publisher.last())
                .filter(number ->
                        !firstTimes.contains(number) && !publisher.refused().contains(number))
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
