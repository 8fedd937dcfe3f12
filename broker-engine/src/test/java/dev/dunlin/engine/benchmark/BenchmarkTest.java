package dev.dunlin.engine.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.transport.EventLoops;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keeps the benchmark from rotting: a few of its loads, for a moment each. What they measure here means nothing. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BenchmarkTest {
    private static final Duration MOMENT = Duration.ofMillis(100);

    private EventLoopGroup loops;
    private Broker engine;

    @BeforeAll
    void start() throws Exception {
        loops = EventLoops.best().newGroup(1, "load");
        engine = new Launcher(List.of()).start(BrokerKind.ENGINE, 0);
    }

    @AfterAll
    void stop() throws Exception {
        engine.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private static Load load(String name) {
        return Stream.concat(Loads.all().stream(), Loads.further().stream())
                .filter(load -> load.name().equals(name))
                .findAny()
                .orElseThrow();
    }

    @ParameterizedTest
    @ValueSource(strings = {"shared", "pairs1", "connect", "offline", "online-durable"})
    void seesEveryMessageArriveOnceAndInOrder(String name) throws Exception {
        // given one of the loads
        var load = load(name);
        // when it drives the engine for a moment
        var sample = load.run(loops, engine, MOMENT);
        // then something was measured, and nothing was lost or wrong
        assertThat(sample.values()).isNotEmpty();
        assertThat(sample.isFaulty()).isFalse();
    }
}
