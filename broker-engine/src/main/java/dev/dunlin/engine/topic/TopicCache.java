package dev.dunlin.engine.topic;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Topic Names seen lately on one event loop: one that comes again is the same object, neither checked nor copied again. Of
 * fixed size; names that fall on the same two places take turns, which costs a new object and nothing else. On one thread.
 */
public final class TopicCache {
    private static final int PLACES = 1 << 17;

    /** A longer name is not kept: the whole cache holds at most {@code PLACES} times as many bytes. */
    private static final int LONGEST = 256;

    private @Nullable TopicName @Nullable [] names;

    /** The name with these bytes, if it is known; {@code hash} is theirs. */
    public @Nullable TopicName find(byte[] utf8, int from, int length, int hash) {
        var names = this.names;
        if (names == null) {
            return null;
        }
        int place = place(hash);
        @Nullable TopicName first = names[place];
        if (first != null && isSame(first, utf8, from, length, hash)) {
            return first;
        }
        @Nullable TopicName second = names[place ^ 1];
        return second != null && isSame(second, utf8, from, length, hash) ? second : null;
    }

    private static boolean isSame(TopicName name, byte[] utf8, int from, int length, int hash) {
        var known = name.utf8();
        return name.hashCode() == hash
                && known.length == length
                && Arrays.equals(known, 0, length, utf8, from, from + length);
    }

    /** Keeps {@code name}, which was not found. */
    public void keep(TopicName name) {
        if (name.utf8().length > LONGEST) {
            return;
        }
        var names = this.names;
        if (names == null) {
            names = new TopicName[PLACES];
            this.names = names;
        }
        int place = place(name.hashCode());
        names[names[place] == null ? place : place ^ 1] = name;
    }

    private static int place(int hash) {
        return hash & PLACES - 1;
    }
}
