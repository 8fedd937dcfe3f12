package dev.dunlin.engine.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.LeakRecorder;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArrivedBytesTest {
    private static final int SMALLEST = 256;

    private final ByteBufAllocator allocator = ByteBufAllocator.DEFAULT;
    private final ArrivedBytes arrivedBytes = new ArrivedBytes();

    @AfterEach
    void findLeaks() {
        LeakRecorder.assertNoLeaks();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 1_000, 60_000})
    void keepsOfAnUnfinishedPacketTwiceWhatHasArrivedAtMost(int step) {
        // given a packet that comes in small pieces, and a buffer that each of them is read into
        var read = Unpooled.buffer(64 * 1024);
        ByteBuf kept = null;
        int arrived = 0;
        while (arrived < 128 * 1024) {
            // when another piece has come, and nothing of it can be decoded
            read.clear().writeZero(step);
            arrived += step;
            kept = arrivedBytes.putBack(arrivedBytes.layOut(kept, read, allocator), true, allocator);
            // then all of it is kept, and little else
            var held = Objects.requireNonNull(kept);
            assertThat(held.readableBytes()).isEqualTo(arrived);
            assertThat(held.capacity()).isLessThanOrEqualTo(Math.max(SMALLEST, 2 * arrived));
        }
        Objects.requireNonNull(kept).release();
        read.release();
    }
}
