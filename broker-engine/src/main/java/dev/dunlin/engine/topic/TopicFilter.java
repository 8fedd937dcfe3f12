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

    /** What most permissions say. */
    private static final TopicFilter ALL = new TopicFilter("#", null, 0);

    private final String text;
    private final @Nullable String shareName;

    /** Where the filter proper begins in the text. */
    private final int from;

    private TopicFilter(String text, @Nullable String shareName, int from) {
        this.text = text;
        this.shareName = shareName;
        this.from = from;
    }

    /** @return the filter, or null if {@code text} breaks the rules of MQTT 5 §4.7.1, §4.7.3 or §4.8.2 */
    public static @Nullable TopicFilter parse(String text) {
        if (text.equals("#")) {
            return ALL;
        }
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
        return new TopicFilter(text, shareName, text.length() - filter.length());
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

    /** The levels of the filter proper, split anew: there are many filters, and most are never looked into again. */
    String[] levels() {
        return split(text.substring(from));
    }

    /** Whether the filter speaks of reserved topics, which only a literal first level can. */
    public boolean isReserved() {
        return text.startsWith("$", from);
    }

    /** Whether a message published to {@code name} matches. */
    public boolean matches(TopicName name) {
        return !(name.isReserved() && beginsWithWildcard()) && matchesLevels(name.toString());
    }

    /** Level by level, in place: an end beyond the length says that there are no more. */
    private boolean matchesLevels(String name) {
        int filterAt = from;
        int nameAt = 0;
        while (filterAt <= text.length()) {
            int filterEnd = endOfLevel(text, filterAt);
            boolean isOneCharacter = filterEnd == filterAt + 1;
            if (isOneCharacter && text.charAt(filterAt) == '#') {
                return true;
            }
            if (nameAt > name.length()) {
                return false;
            }
            int nameEnd = endOfLevel(name, nameAt);
            boolean isPlus = isOneCharacter && text.charAt(filterAt) == '+';
            int length = filterEnd - filterAt;
            if (!isPlus && (length != nameEnd - nameAt || !text.regionMatches(filterAt, name, nameAt, length))) {
                return false;
            }
            filterAt = filterEnd + 1;
            nameAt = nameEnd + 1;
        }
        return nameAt > name.length();
    }

    private static int endOfLevel(String text, int at) {
        int slash = text.indexOf('/', at);
        return slash < 0 ? text.length() : slash;
    }

    private boolean beginsWithWildcard() {
        return text.startsWith("#", from) || text.startsWith("+", from);
    }

    /** Whether every topic that {@code other} matches, this filter matches too. */
    public boolean covers(TopicFilter other) {
        if (other.isReserved() && beginsWithWildcard()) {
            return false;
        }
        var levels = levels();
        var others = other.levels();
        for (int i = 0; i < levels.length; i++) {
            if (levels[i].equals("#")) {
                return true;
            }
            if (i >= others.length) {
                return false;
            }
            var theirs = others[i];
            if (theirs.equals("#") || !levels[i].equals("+") && !levels[i].equals(theirs)) {
                return false;
            }
        }
        return levels.length == others.length;
    }

    /** Whether some topic is matched by both. */
    public boolean overlaps(TopicFilter other) {
        if (other.isReserved() && beginsWithWildcard() || isReserved() && other.beginsWithWildcard()) {
            return false;
        }
        var levels = levels();
        var others = other.levels();
        int common = Math.min(levels.length, others.length);
        for (int i = 0; i < common; i++) {
            var mine = levels[i];
            var theirs = others[i];
            if (mine.equals("#") || theirs.equals("#")) {
                return true;
            }
            if (!mine.equals("+") && !theirs.equals("+") && !mine.equals(theirs)) {
                return false;
            }
        }
        // "a/#" matches "a" itself
        return levels.length == others.length
                || levels.length == common + 1 && levels[common].equals("#")
                || others.length == common + 1 && others[common].equals("#");
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
