package dev.dunlin.engineport;

import dev.dunlin.engine.port.LoginAnswer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * Gives refusals at even times after the log-in began: after {@value #STEP_MILLISECONDS} milliseconds or a multiple of it. Whether a tenant was
 * in memory, and whether its secret took a slow hash, would show in the time otherwise. Of at most {@value #MAX_WAITING}
 * refusals at once; what comes on top goes out as it comes.
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

    /** @param beganNanos {@link System#nanoTime} at the beginning of the log-in */
    CompletableFuture<LoginAnswer> give(LoginAnswer.Refused refusal, long beganNanos) {
        if (waiting.get() >= MAX_WAITING) {
            return CompletableFuture.completedFuture(refusal);
        }
        long step = TimeUnit.MILLISECONDS.toNanos(STEP_MILLISECONDS);
        long passed = Math.max(0, System.nanoTime() - beganNanos);
        var answer = new CompletableFuture<LoginAnswer>();
        try {
            waiting.incrementAndGet();
            timer.schedule(
                    () -> {
                        waiting.decrementAndGet();
                        answer.complete(refusal);
                    },
                    step - passed % step,
                    TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException shuttingDown) {
            answer.complete(refusal);
        }
        return answer;
    }

    @Override
    public void destroy() {
        timer.shutdownNow();
    }
}
