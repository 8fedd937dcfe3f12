package dev.dunlin.database;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Service;

/**
 * Writes to the database what was gathered in memory, again and again, on two daemon threads. A task that fails runs again
 * at its next turn, so it must keep what it could not write; a failure is logged once until the task succeeds again. When
 * the application stops, every task runs once more.
 */
@Service
public class BackgroundWriter implements DisposableBean {
    private static final Logger log = LoggerFactory.getLogger(BackgroundWriter.class);
    private static final int STOP_SECONDS = 3;

    private final List<Task> tasks = new CopyOnWriteArrayList<>();
    private final ScheduledThreadPoolExecutor threads = new ScheduledThreadPoolExecutor(2, work -> {
        var thread = new Thread(work, "background-writer");
        thread.setDaemon(true);
        return thread;
    });

    BackgroundWriter(javax.sql.DataSource neededUntilTheLastTaskHasRun) {
        threads.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        threads.setContinueExistingPeriodicTasksAfterShutdownPolicy(false);
    }

    /** @param what for the log, as in "… cannot be written" */
    public void every(Duration pause, String what, Runnable work) {
        var task = new Task(what, work);
        tasks.add(task);
        var unused = threads.scheduleWithFixedDelay(task, pause.toMillis(), pause.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void destroy() throws InterruptedException {
        threads.execute(() -> tasks.forEach(Task::run));
        threads.shutdown();
        if (!threads.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
            threads.shutdownNow();
        }
    }

    private static final class Task implements Runnable {
        private final String what;
        private final Runnable work;
        private boolean failing;

        Task(String what, Runnable work) {
            this.what = what;
            this.work = work;
        }

        @Override
        public synchronized void run() {
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
            }
        }
    }
}
