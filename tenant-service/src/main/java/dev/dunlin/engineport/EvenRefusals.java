package dev.dunlin.engineport;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * The even times at which refusals go out: {@value #STEP_MILLISECONDS} milliseconds after the log-in began, or a multiple of
 * it. Whether a tenant was in memory, and whether its secret took a slow hash, would show in the time otherwise. At most
 * {@value #MAX_WAITING} log-ins wait; what comes on top goes on at once.
 */
@Component
class EvenRefusals implements DisposableBean {
    static final int STEP_MILLISECONDS = 100;
    private static final int MAX_WAITING = 20_000;

    private final AtomicInteger waiting = new AtomicInteger();
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, work -> {
        var thread = new Thread(work, "login-refusals");
        thread.setDaemon(true);
        return thread;
    });

    EvenRefusals() {
        timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /**
     * Completes with {@code value} at the next even time.
     *
     * @param beganNanos {@link System#nanoTime} at the beginning of the log-in
     */
    <T> CompletableFuture<T> atNextStep(long beganNanos, T value) {
        if (waiting.get() >= MAX_WAITING) {
            return CompletableFuture.completedFuture(value);
        }
        long step = TimeUnit.MILLISECONDS.toNanos(STEP_MILLISECONDS);
        long passed = Math.max(0, System.nanoTime() - beganNanos);
        var result = new CompletableFuture<T>();
        try {
            waiting.incrementAndGet();
            var unused = timer.schedule(
                    () -> {
                        waiting.decrementAndGet();
                        result.complete(value);
                    },
                    step - passed % step,
                    TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException shuttingDown) {
            result.complete(value);
        }
        return result;
    }

    @Override
    public void destroy() {
        timer.shutdownNow();
    }
}
