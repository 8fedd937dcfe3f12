package dev.dunlin.engine.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.port.TenantId;
import io.netty.channel.embedded.EmbeddedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TakeOversTest {
    private static final TenantId ACME = new TenantId(UUID.randomUUID());
    private static final TenantId GLOBEX = new TenantId(UUID.randomUUID());

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final AtomicLong nanos = new AtomicLong(-5);
    private final TakeOvers takeOvers = new TakeOvers(channel.eventLoop(), nanos::get);
    private final List<String> told = new ArrayList<>();

    @BeforeEach
    void stopTheClock() {
        channel.freezeTime();
    }

    private void pass(long millis) {
        nanos.addAndGet(Duration.ofMillis(millis).toNanos());
        channel.advanceTimeBy(millis, TimeUnit.MILLISECONDS);
        channel.runPendingTasks();
    }

    private void queue(TenantId tenant, String clientId, String name) {
        takeOvers.queue(tenant, clientId, new TakeOvers.Newcomer() {
            @Override
            public void enter() {
                told.add(name + " enters");
            }

            @Override
            public void giveWay() {
                told.add(name + " gives way");
            }

            @Override
            public void reportDispute() {
                told.add("dispute");
            }
        });
    }

    private void exhaust() {
        for (int i = 0; i < TakeOvers.UNDAMPED; i++) {
            queue(ACME, "boiler", "early");
        }
        assertThat(told).hasSize(TakeOvers.UNDAMPED).containsOnly("early enters");
        told.clear();
    }

    @Test
    void delaysTheOneAfterAFewLongerEachTimeUpToABoundAndTellsOnce() {
        exhaust();
        var waits = new ArrayList<Integer>();
        for (int i = 0; i < 8; i++) {
            queue(ACME, "boiler", "late");
            int millis = 0;
            while (!told.contains("late enters")) {
                pass(10);
                millis += 10;
            }
            waits.add(millis);
            assertThat(told.remove("dispute")).isEqualTo(i == 0);
            assertThat(told).containsExactly("late enters");
            told.clear();
        }
        assertThat(waits).startsWith(250, 500, 1_000, 2_000).endsWith(4_000).isSorted();
    }

    @Test
    void letsOneWaitAndTheLatestTakeItsPlace() {
        exhaust();
        // when ten come while one waits
        for (int i = 0; i < 10; i++) {
            queue(ACME, "boiler", "number " + i);
        }
        pass(TakeOvers.LONGEST_MILLIS);
        // then the last of them enters, alone
        assertThat(told).hasSize(11).endsWith("number 9 enters");
        assertThat(told.subList(1, 10)).allMatch(event -> event.endsWith("gives way"));
    }

    @Test
    void delaysNobodyElse() {
        exhaust();
        queue(ACME, "boiler-2", "other client");
        queue(GLOBEX, "boiler", "other tenant");
        assertThat(told).containsExactly("other client enters", "other tenant enters");
    }

    @Test
    void delaysNobodyWhoComesNowAndThen() {
        for (int i = 0; i < 50; i++) {
            queue(ACME, "boiler", "roaming");
            pass(TimeUnit.NANOSECONDS.toMillis(TakeOvers.FORGET_NANOS));
        }
        assertThat(told).hasSize(50).containsOnly("roaming enters");
    }

    @Test
    void beginsAnewAndTellsAgainAfterAWhile() {
        exhaust();
        queue(ACME, "boiler", "late");
        pass(100 * TimeUnit.NANOSECONDS.toMillis(TakeOvers.FORGET_NANOS));
        told.clear();
        exhaust();
        queue(ACME, "boiler", "late");
        assertThat(told).containsExactly("dispute");
    }

    @Test
    void forgetsThoseThatWereQuietTheLongest() {
        exhaust();
        for (int i = 0; i < 4_096; i++) {
            queue(ACME, "flood-" + i, "flood");
        }
        told.clear();
        queue(ACME, "boiler", "late");
        assertThat(told).containsExactly("late enters");
    }
}
