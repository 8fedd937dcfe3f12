package dev.dunlin.engine.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TopicFilterTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "#/a",
                "a/#/b",
                "a#",
                "a/b#",
                "+a",
                "a/b+/c",
                "a\0b",
                "$share",
                "$share/",
                "$share/g",
                "$share/g/",
                "$share//a",
                "$share/g+/a",
                "$share/g#/a",
                "$share/g/a#"
            })
    void refusesWhatIsNoFilter(String text) {
        boolean isPlainTopic = text.equals("$share"); // a name like any other, without a group
        assertThat(TopicFilter.parse(text) != null).isEqualTo(isPlainTopic);
    }

    @Test
    void refusesMoreLevelsThanItWalks() {
        assertThat(TopicFilter.parse("/".repeat(127))).isNotNull();
        assertThat(TopicFilter.parse("/".repeat(128))).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "a/b, a/b, true",
        "a/b, a/b/c, false",
        "#, a/b, true",
        "#, $SYS/x, false",
        "+/x, $SYS/x, false",
        "$SYS/#, $SYS/x, true",
        "a/#, a, true",
        "a/#, a/b/c, true",
        "a/#, ab, false",
        "a/+, a/b, true",
        "a/+, a/, true",
        "a/+, a, false",
        "+/+, /a, true",
        "/+, /a, true",
        "+, /a, false",
        "a/+/c, a/b/c, true",
        "a/+/c, a/b/d, false",
        "$share/g/a/+, a/b, true"
    })
    void matchesAsTheSpecificationSays(String filter, String name, boolean matches) {
        assertThat(TopicFilter.of(filter).matches(TopicName.of(name))).isEqualTo(matches);
    }

    @Test
    void coversAndOverlapsAgreeWithMatching() {
        // given all filters and names of up to three levels over a small alphabet
        var filters = new ArrayList<TopicFilter>();
        var names = new ArrayList<TopicName>();
        for (var text : words(List.of("a", "b", "$x", "+", "#"), 3)) {
            var filter = TopicFilter.parse(text);
            if (filter != null) {
                filters.add(filter);
            }
            if (!text.isEmpty() && text.indexOf('+') < 0 && text.indexOf('#') < 0) {
                names.add(TopicName.of(text));
            }
        }
        // and deeper names, which "#" matches
        for (var text : words(List.of("a", "b", "c"), 4)) {
            names.add(TopicName.of(text));
        }
        for (var one : filters) {
            for (var other : filters) {
                boolean both = false;
                boolean onlyOther = false;
                for (var name : names) {
                    boolean matchesOther = other.matches(name);
                    both |= one.matches(name) && matchesOther;
                    onlyOther |= !one.matches(name) && matchesOther;
                }
                // then
                assertThat(one.overlaps(other)).as("%s overlaps %s", one, other).isEqualTo(both);
                if (one.covers(other)) {
                    assertThat(onlyOther).as("%s covers %s", one, other).isFalse();
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "#, a/+/b, true",
        "#, #, true",
        "a/#, a/#, true",
        "a/#, a, true",
        "a/#, #, false",
        "a/+, a/b, true",
        "a/+, a/#, false",
        "a/+, a/+, true",
        "+/b, +/+, false",
        "#, $SYS/#, false",
        "+/a, $SYS/a, false",
        "$SYS/#, $SYS/clients/+, true"
    })
    void coversWhatItMatchesAllOf(String filter, String other, boolean covers) {
        assertThat(TopicFilter.of(filter).covers(TopicFilter.of(other))).isEqualTo(covers);
    }

    private static List<String> words(List<String> levels, int maxDepth) {
        var all = new ArrayList<>(levels);
        var last = List.copyOf(levels);
        for (int depth = 2; depth <= maxDepth; depth++) {
            var next = new ArrayList<String>();
            for (var word : last) {
                for (var level : levels) {
                    next.add(word + "/" + level);
                }
            }
            all.addAll(next);
            last = next;
        }
        return all;
    }
}
