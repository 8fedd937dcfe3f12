package dev.dunlin.engine.topic;

import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A Topic Filter: what is subscribed to (MQTT 5 §4.7.1), with the group of a Shared Subscription (§4.8.2) told apart from
 * the filter proper.
 */
public final class TopicFilter {
    /** Deeper filters and names are refused: matching walks level by level. */
    public static final int MAX_LEVELS = 128;

    private static final String SHARE = "$share/";

    private final String text;
    private final @Nullable String shareName;
    private final String[] levels;

    private TopicFilter(String text, @Nullable String shareName, String[] levels) {
        this.text = text;
        this.shareName = shareName;
        this.levels = levels;
    }

    /** @return the filter, or null if {@code text} breaks the rules of MQTT 5 §4.7.1, §4.7.3 or §4.8.2 */
    public static @Nullable TopicFilter parse(String text) {
        String shareName = null;
        String filter = text;
        if (text.startsWith(SHARE)) {
            int end = text.indexOf('/', SHARE.length());
            if (end <= SHARE.length()) {
                return null;
            }
            shareName = text.substring(SHARE.length(), end);
            if (shareName.indexOf('+') >= 0 || shareName.indexOf('#') >= 0) {
                return null;
            }
            filter = text.substring(end + 1);
        }
        if (filter.isEmpty() || filter.indexOf('\0') >= 0) {
            return null;
        }
        var levels = split(filter);
        if (levels.length > MAX_LEVELS) {
            return null;
        }
        for (int i = 0; i < levels.length; i++) {
            var level = levels[i];
            if (level.length() > 1 && (level.indexOf('#') >= 0 || level.indexOf('+') >= 0)
                    || level.equals("#") && i < levels.length - 1) {
                return null;
            }
        }
        return new TopicFilter(text, shareName, levels);
    }

    /** @throws IllegalArgumentException if {@code text} is no Topic Filter */
    public static TopicFilter of(String text) {
        var filter = parse(text);
        if (filter == null) {
            throw new IllegalArgumentException("Not a Topic Filter: " + text);
        }
        return filter;
    }

    static String[] split(String text) {
        int from = 0;
        int slash = text.indexOf('/');
        if (slash < 0) {
            return new String[] {text};
        }
        var levels = new ArrayList<String>(8);
        while (slash >= 0) {
            levels.add(text.substring(from, slash));
            from = slash + 1;
            slash = text.indexOf('/', from);
        }
        levels.add(text.substring(from));
        return levels.toArray(String[]::new);
    }

    /** The group of a Shared Subscription, or null. */
    public @Nullable String shareName() {
        return shareName;
    }

    /** The levels of the filter proper; not to be changed. */
    String[] levels() {
        return levels;
    }

    /** Whether the filter speaks of reserved topics, which only a literal first level can. */
    public boolean isReserved() {
        return levels[0].startsWith("$");
    }

    /** Whether a message published to {@code name} matches. */
    public boolean matches(TopicName name) {
        return matches(name.levels());
    }

    boolean matches(String[] name) {
        if (name[0].startsWith("$") && isWildcard(levels[0])) {
            return false;
        }
        for (int i = 0; i < levels.length; i++) {
            if (levels[i].equals("#")) {
                return true;
            }
            if (i >= name.length || !levels[i].equals("+") && !levels[i].equals(name[i])) {
                return false;
            }
        }
        return levels.length == name.length;
    }

    /** Whether every topic that {@code other} matches, this filter matches too. */
    public boolean covers(TopicFilter other) {
        if (other.isReserved() && isWildcard(levels[0])) {
            return false;
        }
        for (int i = 0; i < levels.length; i++) {
            if (levels[i].equals("#")) {
                return true;
            }
            if (i >= other.levels.length) {
                return false;
            }
            var theirs = other.levels[i];
            if (theirs.equals("#") || !levels[i].equals("+") && !levels[i].equals(theirs)) {
                return false;
            }
        }
        return levels.length == other.levels.length;
    }

    /** Whether some topic is matched by both. */
    public boolean overlaps(TopicFilter other) {
        if (other.isReserved() && isWildcard(levels[0]) || isReserved() && isWildcard(other.levels[0])) {
            return false;
        }
        int common = Math.min(levels.length, other.levels.length);
        for (int i = 0; i < common; i++) {
            var mine = levels[i];
            var theirs = other.levels[i];
            if (mine.equals("#") || theirs.equals("#")) {
                return true;
            }
            if (!mine.equals("+") && !theirs.equals("+") && !mine.equals(theirs)) {
                return false;
            }
        }
        // "a/#" matches "a" itself
        return levels.length == other.levels.length
                || levels.length == common + 1 && levels[common].equals("#")
                || other.levels.length == common + 1 && other.levels[common].equals("#");
    }

    private static boolean isWildcard(String level) {
        return level.equals("#") || level.equals("+");
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof TopicFilter that && text.equals(that.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    /** As the client wrote it, {@code $share} included. */
    @Override
    public String toString() {
        return text;
    }
}
