package dev.dunlin.engine.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PersistentMapTest {
    /** A key whose hash is one of few, so that whole hashes collide. */
    private record Key(int value, int hashes) {
        @Override
        public int hashCode() {
            return value % hashes * 0x9E37_79B9;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 100, 1_000_000})
    void holdsWhatAHashMapHoldsAfterAnyChanges(int hashes) {
        long seed = System.nanoTime();
        var random = new Random(seed);
        Map<Key, Integer> expected = new HashMap<>();
        PersistentMap<Key, Integer> map = PersistentMap.empty();
        for (int step = 0; step < 5_000; step++) {
            // when one entry is put, replaced or removed
            var key = new Key(random.nextInt(300), hashes);
            var before = map;
            int sizeBefore = expected.size();
            if (random.nextInt(5) < 3) {
                expected.put(key, step);
                map = map.with(key, step);
            } else {
                expected.remove(key);
                map = map.without(key);
            }
            // then the copy has the change, and the original has not
            assertThat(map.get(key)).as("seed %d, step %d", seed, step).isEqualTo(expected.get(key));
            assertThat(map.size()).as("seed %d, step %d", seed, step).isEqualTo(expected.size());
            assertThat(before.size()).isEqualTo(sizeBefore);
        }
        Map<Key, Integer> found = new HashMap<>();
        map.forEachEntry(found::put);
        assertThat(found).as("seed %d", seed).isEqualTo(expected);
        List<Integer> values = new ArrayList<>();
        map.forEachValue(values::add);
        assertThat(values).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(expected.values());
    }
}
