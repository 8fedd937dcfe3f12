package dev.dunlin.messagestore;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LongMapTest {
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void isAsAnyOtherMap(long seed) {
        // given keys near each other, far from each other, and with the same low bits
        var random = new Random(seed);
        var expected = new HashMap<Long, String>();
        var map = new LongMap<String>();
        for (int i = 0; i < 200_000; i++) {
            boolean isGrowing = i / 20_000 % 2 == 0;
            long key = switch (random.nextInt(3)) {
                case 0 -> random.nextInt(5_000);
                case 1 -> (long) random.nextInt(50) << 40;
                default -> random.nextLong(-3_000, 3_000) * 65_536;
            };
            // when they come and go
            if (random.nextInt(10) < (isGrowing ? 7 : 2)) {
                assertThat(map.put(key, "v" + i)).isEqualTo(expected.put(key, "v" + i));
            } else {
                assertThat(map.remove(key)).isEqualTo(expected.remove(key));
            }
            assertThat(map.size()).isEqualTo(expected.size());
        }
        // then it has those that any map has
        var all = new TreeMap<Long, String>();
        map.forEach(all::put);
        assertThat(all).isEqualTo(new TreeMap<>(expected));
        assertThat(map.sortedKeys())
                .containsExactly(
                        all.keySet().stream().mapToLong(Long::longValue).toArray());
        all.keySet().forEach(map::remove);
        assertThat(map.isEmpty()).isTrue();
        assertThat(map.get(1)).isNull();
    }
}
