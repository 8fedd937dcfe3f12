package dev.dunlin.engine.testkit;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBufAllocator;
import org.junit.jupiter.api.Test;

class LeakRecorderTest {
    @Test
    void failsOnABufferThatWasLost() {
        ByteBufAllocator.DEFAULT.directBuffer(1).writeByte(7);
        // the collector takes what it takes
        await().untilAsserted(() -> assertThatThrownBy(LeakRecorder::assertNoLeaks)
                .isInstanceOf(AssertionError.class)
                .hasMessageStartingWith("Buffers were not released"));
        LeakRecorder.assertNoLeaks();
    }
}
