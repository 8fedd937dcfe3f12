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

    /** Of all that is in it. */
    final int bytes;

    /** Of what says which entries of other rows are removed. */
    private int removalBytes;

    /** Of an entry, on average. */
    private int entryBytes;

    /** Entries that count. */
    private int live;

    /** The rows that exist from which it removes something; and those that remove something from it. */
    private Set<Segment> removesFrom = Set.of();

    private List<Segment> removedIn = List.of();

    // What becomes of it with the batch that is being prepared

    /** Of the entries that count. */
    private int dying;

    /** Of the rows from which it removes something. */
    private int released;

    private boolean isGone;

    Segment(long id, int bytes) {
        this.id = id;
        this.bytes = bytes;
    }

    /**
     * What is in it; once, before any of it counts.
     *
     * @param removalBytes of what says which entries of other rows are removed
     * @param entries all others
     */
    void holds(int removalBytes, int entries) {
        this.removalBytes = removalBytes;
        entryBytes = entries == 0 ? 0 : (bytes - removalBytes) / entries;
    }

    int entryBytes() {
        return entryBytes;
    }

    /** One more of its entries counts; likewise below. */
    void counts() {
        live++;
    }

    void countsNoMore() {
        live--;
    }

    /** Notes that this row says what is removed from {@code other}. */
    void removesFrom(Segment other) {
        if (removesFrom.isEmpty()) {
            removesFrom = Collections.newSetFromMap(new IdentityHashMap<>());
        }
        if (removesFrom.add(other)) {
            if (other.removedIn.isEmpty()) {
                other.removedIn = new ArrayList<>();
            }
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

    /** The row is deleted. */
    void deleted() {
        removedIn.forEach(other -> other.removesFrom.remove(this));
        removesFrom.forEach(other -> other.removedIn.remove(this));
        removedIn = List.of();
        removesFrom = Set.of();
    }

    /** About what of it has to be kept, taking entries for equally long. */
    long neededBytes() {
        return (long) entryBytes * live + (removesFrom.isEmpty() ? 0 : removalBytes);
    }

    void dies() {
        dying++;
    }

    void released() {
        released++;
    }

    void goes() {
        isGone = true;
    }

    boolean isGone() {
        return isGone;
    }

    /** Whether a row from which it removes something stays. */
    boolean saysWhatIsRemoved() {
        return removesFrom.size() > released;
    }

    /** Whether it can go once the batch that is being prepared is written. */
    boolean canGo() {
        return live == dying && !saysWhatIsRemoved();
    }

    void batchEnds() {
        dying = 0;
        released = 0;
        isGone = false;
    }
}
