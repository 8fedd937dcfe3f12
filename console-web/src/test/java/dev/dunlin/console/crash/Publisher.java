package dev.dunlin.console.crash;

import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Publishes numbers on a topic of its own, in order, a window of them at a time, and each until it is acknowledged. */
final class Publisher extends Device {
    private static final int WINDOW = 20;

    /** More than a window: no identifier is taken twice. */
    private static final int PACKET_IDS = 1_000;

    private final String topic;
    private final int qos;
    private final AtomicInteger acknowledged = new AtomicInteger();

    /** By number: whether it is released, and only PUBCOMP is left. */
    private final Map<Integer, Boolean> unacknowledged = new TreeMap<>();

    private int last;
    private volatile boolean isEnding;

    Publisher(String name, int qos, String userName, String secret) {
        super(name, userName, secret);
        this.topic = "crash/" + name;
        this.qos = qos;
    }

    String topic() {
        return topic;
    }

    int qos() {
        return qos;
    }

    int last() {
        return last;
    }

    int acknowledged() {
        return acknowledged.get();
    }

    /** Publishes no more than it has begun. */
    void end() {
        isEnding = true;
    }

    @Override
    void work(WireClient client) {
        unacknowledged.forEach((number, isReleased) -> client.send(
                isReleased ? Wire.acknowledge(WirePacket.PUBREL, packetId(number)) : publish(number, true)));
        while (!isEnding || !unacknowledged.isEmpty()) {
            if (!isEnding && unacknowledged.size() < WINDOW) {
                last++;
                unacknowledged.put(last, false);
                client.send(publish(last, false));
            } else {
                onPacket(client.receive(), client);
            }
        }
    }

    private byte[] publish(int number, boolean again) {
        var publish = Wire.publish(VERSION, topic, Integer.toString(number), qos, false, packetId(number));
        publish[0] |= (byte) (again ? 8 : 0);
        return publish;
    }

    private static int packetId(int number) {
        return 1 + number % PACKET_IDS;
    }

    private void onPacket(WirePacket packet, WireClient client) {
        boolean isEnd = packet.type() == WirePacket.PUBCOMP; // whose identifier may be forgotten already
        if (packet.reason() >= 0x80 && !isEnd) {
            throw new AssertionError(this + " is refused with " + packet);
        }
        int number = unacknowledged.keySet().stream()
                .filter(each -> packetId(each) == packet.packetId())
                .findAny()
                .orElseThrow(() -> new AssertionError(this + " gets what it does not wait for: " + packet));
        if (packet.type() == WirePacket.PUBREC) {
            acknowledge(number, true);
            client.send(Wire.acknowledge(WirePacket.PUBREL, packet.packetId()));
        } else {
            acknowledge(number, false);
        }
    }

    private void acknowledge(int number, boolean isReleased) {
        if (isReleased) {
            if (!Boolean.TRUE.equals(unacknowledged.put(number, true))) {
                acknowledged.incrementAndGet();
            }
        } else if (!Boolean.TRUE.equals(unacknowledged.remove(number))) {
            acknowledged.incrementAndGet();
        }
    }
}
