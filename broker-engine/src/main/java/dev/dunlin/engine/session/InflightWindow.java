package dev.dunlin.engine.session;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
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

    /** Whether nothing else has the Packet Identifier that {@code outgoing} must have, if it must have one. */
    boolean mayAdd(Outgoing outgoing) {
        return outgoing.packetId == 0 || get(outgoing.packetId) == null;
    }

    /**
     * Takes {@code outgoing} with the Packet Identifier that it has, see {@link #mayAdd}, or with the next free one. Not to be
     * called with 32,768 messages in the window.
     */
    void add(Outgoing outgoing) {
        while (2 * (size + 1) > slots.length || isTakenByAnother(outgoing)) {
            grow();
        }
        if (outgoing.packetId == 0) {
            outgoing.packetId = nextPacketId();
        }
        outgoing.sequence = sequence++;
        slots[outgoing.packetId & slots.length - 1] = outgoing;
        size++;
        bytes += outgoing.message.queuedBytes();
    }

    /** Whether another identifier with the same low bits is in the way. */
    private boolean isTakenByAnother(Outgoing outgoing) {
        return outgoing.packetId != 0 && slots[outgoing.packetId & slots.length - 1] != null;
    }

    private int nextPacketId() {
        int id = lastPacketId;
        do {
            id = id == MAX_PACKET_ID ? 1 : id + 1;
        } while (slots[id & slots.length - 1] != null);
        lastPacketId = id;
        return id;
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

    /** @param removed is told of each that goes */
    void removeIf(Predicate<Outgoing> condition, Consumer<Outgoing> removed) {
        for (var outgoing : inOrder()) {
            if (condition.test(outgoing)) {
                remove(outgoing);
                removed.accept(outgoing);
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
