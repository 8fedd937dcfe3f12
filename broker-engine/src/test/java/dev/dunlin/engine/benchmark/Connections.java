package dev.dunlin.engine.benchmark;

import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Many clients opened or closed, a bounded number at a time: a broker's backlog of unanswered connections is short. */
final class Connections {
    private static final int AT_A_TIME = 50;
    private static final int TIMEOUT_SECONDS = 120;

    private Connections() {}

    /** Does {@code step} with all clients, and ends when the last has answered. */
    static <C> void each(Collection<C> clients, Function<C, CompletableFuture<?>> step) throws InterruptedException {
        var permits = new Semaphore(AT_A_TIME);
        var all = new CompletableFuture<?>[clients.size()];
        int count = 0;
        for (var client : clients) {
            if (!permits.tryAcquire(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("The broker stopped answering after " + count + " clients");
            }
            all[count] = step.apply(client).whenComplete((done, failure) -> permits.release());
            count++;
        }
        CompletableFuture.allOf(all)
                .orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .join();
    }
}
