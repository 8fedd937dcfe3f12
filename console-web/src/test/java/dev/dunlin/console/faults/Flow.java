package dev.dunlin.console.faults;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WirePacket;

/**
 * A publisher and a subscriber that stay connected. One message after the other goes from one to the other, and is acknowledged at
 * once; none of them has to be stored.
 */
final class Flow implements AutoCloseable {
    private final String topic;
    private final int qos;
    private final MqttVersion version;
    private final WireClient publisher;
    private final WireClient subscriber;

    private volatile long messages;
    private volatile long longestNanos;

    /**
     * Connects both.
     *
     * @param isDurable whether the subscriber's session outlives its connection
     */
    Flow(Site site, String name, MqttVersion version, int qos, boolean isDurable) {
        this.topic = "flow/" + name;
        this.qos = qos;
        this.version = version;
        subscriber = isDurable
                ? site.connectDurable(version, name + "-subscriber")
                : site.connect(version, name + "-subscriber");
        subscriber.subscribe(qos, topic);
        publisher = site.connect(version, name + "-publisher");
    }

    /** One message, until it is acknowledged on both sides. */
    void exchange() {
        var payload = Long.toString(messages + 1);
        int packetId = qos == 0 ? 0 : publisher.nextPacketId();
        long begun = System.nanoTime();
        publisher.send(Wire.publish(version, topic, payload, qos, false, packetId));
        if (qos == 2) {
            publisher.expect(WirePacket.PUBREC);
            publisher.send(Wire.acknowledge(WirePacket.PUBREL, packetId));
            publisher.expect(WirePacket.PUBCOMP);
        }
        var message = subscriber.receiveMessage();
        if (qos == 1) {
            publisher.expect(WirePacket.PUBACK);
        }
        if (!message.payload().equals(payload)) {
            throw new AssertionError(topic + ": " + message.payload() + " arrives instead of " + payload);
        }
        longestNanos = Math.max(longestNanos, System.nanoTime() - begun);
        messages++;
    }

    long messages() {
        return messages;
    }

    /** From the sending of a message to its last acknowledgement; since the last call. */
    long takeLongestNanos() {
        long longest = longestNanos;
        longestNanos = 0;
        return longest;
    }

    String topic() {
        return topic;
    }

    @Override
    public void close() {
        publisher.close();
        subscriber.close();
    }
}
