package dev.dunlin.console.durable;

import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WirePacket;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Publishes numbers on a topic of its own, in order, a window of them at a time, and each until it is acknowledged, or refused for
 * want of room where that is to be reckoned with.
 */
public final class Publisher extends Device {
    private static final int WINDOW = 20;

    private static final int QUOTA_EXCEEDED = 0x97;
    private static final long PAUSE_AFTER_REFUSAL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    /** More than a window: no identifier is taken twice. */
    private static final int PACKET_IDS = 1_000;

    private final String topic;
    private final int qos;
    private final AtomicInteger acknowledged = new AtomicInteger();

    /** By number: whether it is released, and only PUBCOMP is left. */
    private final Map<Integer, Boolean> unacknowledged = new TreeMap<>();

    /** Numbers that were not taken. */
    private final Set<Integer> refused = ConcurrentHashMap.newKeySet();

    private final String padding;
    private volatile int last;
    private volatile int waiting;
    private volatile boolean isEnding;
    private volatile boolean mayBeRefused;

    public Publisher(String name, int qos, String userName, String secret) {
        this(name, qos, userName, secret, 0);
    }

    /** @param paddingBytes behind each number */
    public Publisher(String name, int qos, String userName, String secret, int paddingBytes) {
        super(name, userName, secret);
        this.topic = Subscriber.topicOf(name);
        this.qos = qos;
        padding = paddingBytes == 0 ? "" : " ".repeat(paddingBytes);
    }

    public String topic() {
        return topic;
    }

    int qos() {
        return qos;
    }

    /** The last number that was not refused. */
    public int last() {
        int number = last;
        while (refused.contains(number)) {
            number--;
        }
        return number;
    }

    /** How many numbers are on their way: not acknowledged to the end, nor refused. */
    public int waiting() {
        return waiting;
    }

    /** How many numbers were published that were not refused. */
    public int begun() {
        return last - refused.size();
    }

    public int acknowledged() {
        return acknowledged.get();
    }

    /** What was not taken; empty unless that is to be reckoned with. */
    public Set<Integer> refused() {
        return refused;
    }

    /** From now on it may be told that there is no room. */
    public void reckonWithRefusals() {
        mayBeRefused = true;
    }

    /** Publishes no more than it has begun. */
    public void end() {
        isEnding = true;
    }

    @Override
    protected void work(WireClient client) {
        unacknowledged.forEach((number, isReleased) -> client.send(
                isReleased ? Wire.acknowledge(WirePacket.PUBREL, packetId(number)) : publish(number, true)));
        while (!isEnding || !unacknowledged.isEmpty()) {
            waiting = unacknowledged.size();
            if (!isEnding && unacknowledged.size() < WINDOW) {
                int next = last + 1;
                last = next;
                unacknowledged.put(next, false);
                client.send(publish(next, false));
            } else {
                onPacket(client.receive(), client);
            }
        }
    }

    private byte[] publish(int number, boolean again) {
        var publish = Wire.publish(VERSION, topic, number + padding, qos, false, packetId(number));
        publish[0] |= (byte) (again ? 8 : 0);
        return publish;
    }

    private static int packetId(int number) {
        return 1 + number % PACKET_IDS;
    }

    private void onPacket(WirePacket packet, WireClient client) {
        boolean isEnd = packet.type() == WirePacket.PUBCOMP; // whose identifier may be forgotten already
        boolean isRefused = packet.reason() >= 0x80 && !isEnd;
        if (isRefused && !(mayBeRefused && packet.reason() == QUOTA_EXCEEDED)) {
            throw new AssertionError(this + " is refused with " + packet);
        }
        int number = unacknowledged.keySet().stream()
                .filter(each -> packetId(each) == packet.packetId())
                .findAny()
                .orElseThrow(() -> new AssertionError(this + " gets what it does not wait for: " + packet));
        if (isRefused) {
            unacknowledged.remove(number);
            refused.add(number);
            LockSupport.parkNanos(PAUSE_AFTER_REFUSAL_NANOS);
        } else if (packet.type() == WirePacket.PUBREC) {
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
