package dev.dunlin.engine.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.transport.EventLoops;
import io.netty.channel.EventLoopGroup;
import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The short forms of what takes minutes by its command. Times mean nothing here, and are not looked at. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EnduranceTest {
    private static final long MESSAGES = 100_000;
    private static final Duration MOMENT = Duration.ofMillis(200);

    private EventLoopGroup loops;

    @BeforeAll
    void start() {
        loops = EventLoops.best().newGroup(1, "load");
    }

    @AfterAll
    void stop() {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    @Test
    void losesNoMessageAndNoBufferAtFullRate() throws Exception {
        // given a broker in which Netty follows every buffer
        var endurance = new Endurance(BrokerKind.ENGINE, MESSAGES, 1, "paranoid", List.of());
        // when many messages have passed through it
        var outcome = endurance.run(loops, new PrintStream(OutputStream.nullOutputStream()));
        // then all have arrived once and in order, and all buffers were released
        assertThat(outcome.count().delivered()).isGreaterThanOrEqualTo(MESSAGES);
        assertThat(outcome.count().fault()).isEmpty();
        assertThat(outcome.leaks()).isEmpty();
    }

    @Test
    void keepsNoMoreForSubscribersThatNeverReadThanItsBoundsAndCountsTheRestByReason() throws Exception {
        // given a broker, and a load of two subscribers that never read beside well-behaved ones
        var load = (SlowSubscriberLoad) Loads.slowSubscriber();
        try (var broker = new Launcher(List.of()).start(BrokerKind.ENGINE, 0)) {
            // when a publisher sends to them at full rate
            var sample = load.run(loops, broker, MOMENT);
            // then each message has arrived or is counted for a reason, and what is kept is within the bounds
            assertThat(sample.fault()).isEmpty();
            assertThat(sample.values().get(load.liveHeap())).isLessThanOrEqualTo(SlowSubscriberLoad.BOUND_MIB);
        }
    }
}
