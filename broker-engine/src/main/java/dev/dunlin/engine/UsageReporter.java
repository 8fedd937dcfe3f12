package dev.dunlin.engine;

import dev.dunlin.engine.connection.LoopConnections;
import dev.dunlin.engine.port.Usage;
import dev.dunlin.engine.port.UsageSample;
import dev.dunlin.engine.session.SessionLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Collects from each event loop what was used, and hands it over: every few seconds, and once more at the end. */
final class UsageReporter {
    private static final Logger log = LoggerFactory.getLogger(UsageReporter.class);
    private static final long INTERVAL_SECONDS = 5;

    private final List<SessionLoop> loops;
    private final List<LoopConnections> connections;
    private final Usage usage;
    private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor(task -> {
        var thread = new Thread(task, "dunlin-usage");
        thread.setDaemon(true);
        return thread;
    });

    UsageReporter(List<SessionLoop> loops, List<LoopConnections> connections, Usage usage) {
        this.loops = loops;
        this.connections = connections;
        this.usage = usage;
        executor.scheduleWithFixedDelay(this::report, INTERVAL_SECONDS, INTERVAL_SECONDS, TimeUnit.SECONDS);
    }

    /** Reports a last time. Before the event loops end. */
    void stop() {
        try {
            executor.submit(this::report).get(INTERVAL_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException failed) {
            log.warn("The last usage figures could not be handed over: {}", failed.toString());
        }
        executor.shutdown();
    }

    private void report() {
        try {
            var samples = new ArrayList<UsageSample>();
            for (var loop : loops) {
                var here = connections.get(loop.index());
                samples.addAll(loop.eventLoop().submit(here::takeUsage).get());
            }
            if (!samples.isEmpty()) {
                usage.record(samples);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | RejectedExecutionException failed) {
            log.warn("Usage figures could not be collected: {}", failed.toString());
        } catch (RuntimeException failed) {
            log.warn("Usage figures could not be handed over and are lost: {}", failed.toString());
        }
    }
}
