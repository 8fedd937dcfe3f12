package dev.dunlin.engine.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TopicTreeTest {
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    private String randomLevels(String... alphabet) {
        var levels = new ArrayList<String>();
        do {
            levels.add(alphabet[random.nextInt(alphabet.length)]);
        } while (random.nextInt(3) > 0);
        return String.join("/", levels);
    }

    private TopicName randomName() {
        while (true) {
            var text = randomLevels("a", "b", "c", "", "$x");
            if (!text.isEmpty()) {
                return TopicName.of(text);
            }
        }
    }

    private TopicFilter randomFilter() {
        while (true) {
            var filter = TopicFilter.parse(randomLevels("a", "b", "c", "", "$x", "+", "#"));
            if (filter != null) {
                return filter;
            }
        }
    }

    @Test
    void findsTheSubscriptionsThatOneByOneComparisonFinds() {
        Map<String, Set<Integer>> expected = new HashMap<>();
        TopicTree<Integer, String> tree = TopicTree.empty();
        for (int step = 0; step < 4_000; step++) {
            var filter = randomFilter();
            int key = random.nextInt(3);
            var keys = expected.computeIfAbsent(filter.toString(), text -> new HashSet<>());
            if (random.nextInt(5) < 3) {
                keys.add(key);
                tree = tree.with(filter, key, filter + " of " + key);
            } else {
                keys.remove(key);
                tree = tree.without(filter, key);
            }
            if (step % 10 == 0) {
                var name = randomName();
                var found = new ArrayList<String>();
                tree.forEachMatching(name, found::add);
                assertThat(found)
                        .as("seed %d, step %d, %s", seed, step, name)
                        .containsExactlyInAnyOrderElementsOf(matching(expected, name));
            }
        }
        // and nothing is left when everything is taken out
        for (var entry : expected.entrySet()) {
            for (int key : entry.getValue()) {
                tree = tree.without(TopicFilter.of(entry.getKey()), key);
            }
        }
        assertThat(tree.size()).isZero();
    }

    private static List<String> matching(Map<String, Set<Integer>> subscriptions, TopicName name) {
        return subscriptions.entrySet().stream()
                .filter(entry -> TopicFilter.of(entry.getKey()).matches(name))
                .flatMap(entry -> entry.getValue().stream().map(key -> entry.getKey() + " of " + key))
                .collect(Collectors.toList());
    }

    @Test
    void findsTheNamesThatOneByOneComparisonFinds() {
        Set<TopicName> names = new HashSet<>();
        TopicTree<String, TopicName> tree = TopicTree.empty();
        for (int step = 0; step < 4_000; step++) {
            var name = randomName();
            if (random.nextInt(5) < 3) {
                names.add(name);
                tree = tree.with(name, "", name);
            } else {
                names.remove(name);
                tree = tree.without(name, "");
            }
            assertThat(tree.size()).isEqualTo(names.size());
            if (step % 10 == 0) {
                var filter = randomFilter();
                var found = new ArrayList<TopicName>();
                tree.forEachUnder(filter, found::add);
                assertThat(found)
                        .as("seed %d, step %d, %s", seed, step, filter)
                        .containsExactlyInAnyOrderElementsOf(
                                names.stream().filter(filter::matches).toList());
            }
        }
    }

    @Test
    void leavesTheTreeItWasMadeFromAsItWas() {
        TopicTree<Integer, String> before = TopicTree.<Integer, String>empty().with(TopicFilter.of("a/+"), 1, "first");
        var after = before.with(TopicFilter.of("a/#"), 2, "second");
        var found = new ArrayList<String>();
        before.forEachMatching(TopicName.of("a/b"), found::add);
        assertThat(found).containsExactly("first");
        assertThat(after.version()).isNotEqualTo(before.version());
        assertThat(after.size()).isEqualTo(2);
    }
}
