package dev.dunlin.engine.session;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Messages of QoS 2 that a client has published and not released with PUBREL, by Packet Identifier (MQTT 5 §4.3.3): each is
 * published once, however often it comes. On the session's loop.
 */
public final class UnreleasedMessages {
    private @Nullable BitSet ids;
    private int count;

    /** How many of them earlier connections have left. */
    private int left;

    /** Those that the store has. */
    private @Nullable BitSet stored;

    /** What the PUBREC of those waits for that are not acknowledged yet. */
    private @Nullable Map<Integer, Receipt> unsafe;

    /** Takes note of a message; it is not there yet. */
    public void add(int packetId) {
        if (ids == null) {
            ids = new BitSet();
        }
        ids.set(packetId);
        count++;
    }

    /** Whether a message with this Packet Identifier must not be published again (MQTT 5 [MQTT-4.3.3-10]). */
    public boolean contains(int packetId) {
        return ids != null && ids.get(packetId);
    }

    /** How many are of this connection; quotas begin anew with each (MQTT 5 §4.9). */
    public int countOfConnection() {
        return count - left;
    }

    /** The client has connected. */
    void onAttached() {
        left = count;
    }

    /** @return whether the Packet Identifier was known */
    public boolean release(int packetId) {
        if (ids == null || !ids.get(packetId)) {
            return false;
        }
        ids.clear(packetId);
        count--;
        left = Math.min(left, count);
        if (count == 0) {
            ids = null;
        }
        return true;
    }

    /** The PUBREC of a message waits for {@code receipt}. */
    public void await(int packetId, Receipt receipt) {
        if (unsafe == null) {
            unsafe = new HashMap<>();
        }
        unsafe.put(packetId, receipt);
    }

    /** The PUBREC of a message goes out. */
    public void onPubrecDue(int packetId) {
        if (unsafe != null) {
            unsafe.remove(packetId);
        }
    }

    /** What the PUBREC of a message waits for; null if it does not wait. */
    public @Nullable Receipt unsafe(int packetId) {
        var receipt = unsafe == null ? null : unsafe.get(packetId);
        return receipt == null || receipt.isSafe() ? null : receipt;
    }

    /** The store has the message, or will have it. */
    public void noteStored(int packetId) {
        if (stored == null) {
            stored = new BitSet();
        }
        stored.set(packetId);
    }

    /** @return whether the store has the message, and is to forget it */
    boolean forgetStored(int packetId) {
        if (stored == null || !stored.get(packetId)) {
            return false;
        }
        stored.clear(packetId);
        return true;
    }
}
