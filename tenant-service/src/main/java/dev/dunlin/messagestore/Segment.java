package dev.dunlin.messagestore;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * A row of the journal, as its writer knows it. It can go once none of its entries counts any more and none of the rows exists
 * of which it says that an entry is removed: read again without that, the entry would count again.
 */
final class Segment {
    final long id;

    /** Of all its entries, and of those that say what was removed from other rows. */
    final int bytes;

    final int removalBytes;

    /** Entries that count, and what they take. */
    int live;

    int liveBytes;

    /** The rows that exist from which it removes something; and those that remove something from it. */
    private final Set<Segment> removesFrom = Collections.newSetFromMap(new IdentityHashMap<>(0));

    private final List<Segment> removedIn = new ArrayList<>(0);

    // What becomes of it with the batch that is being prepared

    /** Of the entries that count. */
    int dying;

    /** Of the rows from which it removes something. */
    int released;

    boolean isGone;

    Segment(long id, int bytes, int removalBytes) {
        this.id = id;
        this.bytes = bytes;
        this.removalBytes = removalBytes;
    }

    void batchEnds() {
        dying = 0;
        released = 0;
        isGone = false;
    }

    void put(int entryBytes) {
        live++;
        liveBytes += entryBytes;
    }

    void lose(int entryBytes) {
        live--;
        liveBytes -= entryBytes;
    }

    /** Notes that this row says what is removed from {@code other}. */
    void removesFrom(Segment other) {
        if (removesFrom.add(other)) {
            other.removedIn.add(this);
        }
    }

    /** Says from now on what {@code other} did, which goes. */
    void inherit(Segment other) {
        other.removesFrom.forEach(this::removesFrom);
    }

    List<Segment> removedIn() {
        return removedIn;
    }

    /** Whether a row from which it removes something stays. */
    boolean saysWhatIsRemoved() {
        return removesFrom.size() > released;
    }

    /** Whether it can go once the batch that is being prepared is written. */
    boolean canGo() {
        return live == dying && !saysWhatIsRemoved();
    }

    /** The row is deleted. */
    void gone() {
        removedIn.forEach(other -> other.removesFrom.remove(this));
        removesFrom.forEach(other -> other.removedIn.remove(this));
        removedIn.clear();
        removesFrom.clear();
    }

    /** What of it has to be kept. */
    int neededBytes() {
        return liveBytes + (removesFrom.isEmpty() ? 0 : removalBytes);
    }
}
