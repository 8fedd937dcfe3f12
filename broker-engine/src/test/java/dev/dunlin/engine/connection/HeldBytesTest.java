package dev.dunlin.engine.connection;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HeldBytesTest {
    private static final int LARGE = 100_000;

    private final HeldBytes held = new HeldBytes(10 * LARGE);

    @Test
    void admitsLargeHoldingsUpToTheBoundAndSmallOnesAlways() {
        // given all that may be held
        for (int i = 0; i < 10; i++) {
            assertThat(held.resize(0, LARGE, null)).isTrue();
        }
        // then there is no room for a large one, but for what most packets need
        assertThat(held.resize(HeldBytes.FREE, HeldBytes.FREE + 1, null)).isFalse();
        assertThat(held.resize(HeldBytes.FREE + 1, 0, null)).isTrue();
        assertThat(held.resize(0, HeldBytes.FREE, null)).isTrue();
        // and again where one is gone
        assertThat(held.resize(LARGE, 0, null)).isTrue();
        assertThat(held.resize(0, LARGE, null)).isTrue();
        assertThat(held.bytes()).isEqualTo(10 * LARGE);
    }

    @Test
    void countsNothingInTheEnd() {
        // when holdings grow, one too far, and go again
        held.resize(0, 2_000, null);
        held.resize(2_000, 9_000, null);
        held.resize(9_000, 20 * LARGE, null);
        held.resize(20 * LARGE, 0, null);
        held.resize(0, LARGE, null);
        held.resize(LARGE, 300, null);
        held.resize(300, 0, null);
        // then
        assertThat(held.bytes()).isZero();
    }
}
