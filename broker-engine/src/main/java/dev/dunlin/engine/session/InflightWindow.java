package dev.dunlin.engine.session;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What was sent with QoS 1 or 2 and is not acknowledged to the end, by Packet Identifier. Identifiers are given in turn, so
 * an array indexed by their low bits finds each at once; one that is still taken after 65,535 others is passed over.
 */
final class InflightWindow {
    private static final int MAX_PACKET_ID = 65_535;
    private static final int SMALLEST = 4;

    private @Nullable Outgoing[] slots = new Outgoing[SMALLEST];
    private int size;
    private long bytes;
    private int lastPacketId;
    private long sequence;

    int size() {
        return size;
    }

    /** Of the messages, as {@link dev.dunlin.engine.packet.Publish#queuedBytes} counts them. */
    long bytes() {
        return bytes;
    }

    /** Gives {@code outgoing} the next free Packet Identifier. Not to be called with 32,768 messages in the window. */
    void add(Outgoing outgoing) {
        if (2 * (size + 1) > slots.length) {
            grow();
        }
        int id = lastPacketId;
        do {
            id = id == MAX_PACKET_ID ? 1 : id + 1;
        } while (slots[id & slots.length - 1] != null);
        lastPacketId = id;
        outgoing.packetId = id;
        outgoing.sequence = sequence++;
        slots[id & slots.length - 1] = outgoing;
        size++;
        bytes += outgoing.message.queuedBytes();
    }

    @Nullable
    Outgoing get(int packetId) {
        var outgoing = slots[packetId & slots.length - 1];
        return outgoing != null && outgoing.packetId == packetId ? outgoing : null;
    }

    void remove(Outgoing outgoing) {
        slots[outgoing.packetId & slots.length - 1] = null;
        size--;
        bytes -= outgoing.message.queuedBytes();
        if (size == 0 && slots.length > 64) {
            slots = new Outgoing[SMALLEST];
        }
    }

    void removeIf(Predicate<Outgoing> condition) {
        for (var outgoing : inOrder()) {
            if (condition.test(outgoing)) {
                remove(outgoing);
            }
        }
    }

    /** Gives {@code outgoing} a new place in the order, behind all others: PUBREL goes in the order of PUBREC. */
    void moveToEnd(Outgoing outgoing) {
        outgoing.sequence = sequence++;
    }

    /** In the order of sending again: PUBLISH as first sent, PUBREL as PUBREC came (MQTT 5 [MQTT-4.6.0-1], [MQTT-4.6.0-4]). */
    List<Outgoing> inOrder() {
        var all = new ArrayList<Outgoing>(size);
        for (var outgoing : slots) {
            if (outgoing != null) {
                all.add(outgoing);
            }
        }
        all.sort(Comparator.comparingLong(outgoing -> outgoing.sequence));
        return all;
    }

    /** Twice as many low bits tell apart whatever fewer did. */
    private void grow() {
        var larger = new Outgoing[slots.length * 2];
        for (var outgoing : slots) {
            if (outgoing != null) {
                larger[outgoing.packetId & larger.length - 1] = outgoing;
            }
        }
        slots = larger;
    }
}
