package dev.dunlin.database;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor.DiscardPolicy;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Service;

/**
 * Writes to the database what was gathered in memory, on two daemon threads that sleep as long as there is nothing. A task that
 * fails runs again after its pause, so it must keep what it could not write; a failure is logged once until the task succeeds
 * again. When the application stops, every task runs once more.
 */
@Service
public class BackgroundWriter implements DisposableBean {
    private static final Logger log = LoggerFactory.getLogger(BackgroundWriter.class);
    private static final int STOP_SECONDS = 3;

    private final List<Task> tasks = new CopyOnWriteArrayList<>();
    private final ScheduledThreadPoolExecutor threads = new ScheduledThreadPoolExecutor(
            2,
            work -> {
                var thread = new Thread(work, "background-writer");
                thread.setDaemon(true);
                return thread;
            },
            new DiscardPolicy()); // what is asked for after the end

    BackgroundWriter(javax.sql.DataSource neededUntilTheLastTaskHasRun) {
        threads.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    /**
     * A task that runs when it is asked for.
     *
     * @param pause from the first that asks to the writing, which is for all that ask meanwhile
     * @param what for the log, as in "… cannot be written"
     */
    public Task task(Duration pause, String what, Runnable work) {
        var task = new Task(pause, what, work);
        tasks.add(task);
        return task;
    }

    @Override
    public void destroy() throws InterruptedException {
        threads.execute(() -> tasks.forEach(Task::run));
        threads.shutdown();
        if (!threads.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
            threads.shutdownNow();
        }
    }

    /** Something to write from time to time. */
    public final class Task {
        private final Duration pause;
        private final String what;
        private final Runnable work;
        private final AtomicBoolean isScheduled = new AtomicBoolean();
        private boolean failing;

        private Task(Duration pause, String what, Runnable work) {
            this.pause = pause;
            this.what = what;
            this.work = work;
        }

        /** There is something to write. Returns at once, on any thread. */
        public void request() {
            if (!isScheduled.get() && isScheduled.compareAndSet(false, true)) {
                var unused = threads.schedule(this::run, pause.toMillis(), TimeUnit.MILLISECONDS);
            }
        }

        private synchronized void run() {
            isScheduled.set(false); // first: what comes while it writes is for the next time
            try {
                work.run();
                if (failing) {
                    failing = false;
                    log.info("{} are written again", what);
                }
            } catch (RuntimeException e) {
                if (!failing) {
                    failing = true;
                    log.warn("{} cannot be written for now: {}", what, e.getMessage());
                    log.debug("The cause", e);
                }
                request();
            }
        }
    }
}
