package dev.dunlin.engineport;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.dunlin.secret.DeviceSecrets;
import dev.dunlin.secret.SecretHash;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * Checks secrets that people have chosen, which is slow on purpose: on as many threads as half the processors, with a bounded
 * queue before them. An answer is remembered under a keyed hash of what was presented, so that a reconnect is cheap, and so is
 * a device that repeats one wrong secret; equal questions at the same time are asked once.
 */
@Component
class ChosenSecretChecks implements DisposableBean {
    private static final int MAX_WAITING = 500;
    private static final int MAX_REMEMBERED = 100_000;
    private static final Duration WRONG_REMEMBERED_FOR = Duration.ofMinutes(10);

    private record Question(String storedHash, String keyedSecret) {}

    private final DeviceSecrets secrets;
    private final Cache<Question, Boolean> right =
            Caffeine.newBuilder().maximumSize(MAX_REMEMBERED).build();
    private final Cache<Question, Boolean> wrong = Caffeine.newBuilder()
            .maximumSize(MAX_REMEMBERED)
            .expireAfterWrite(WRONG_REMEMBERED_FOR)
            .build();
    private final Map<Question, CompletableFuture<Boolean>> running = new ConcurrentHashMap<>();
    private final ThreadPoolExecutor threads;

    ChosenSecretChecks(DeviceSecrets secrets) {
        this.secrets = secrets;
        int size = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
        threads = new ThreadPoolExecutor(
                size, size, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MAX_WAITING), work -> {
                    var thread = new Thread(work, "secret-check");
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
    }

    /**
     * Whether {@code presented} is the secret that {@code stored} was made from; fails if too many wait.
     *
     * @param keyed the keyed hash of {@code presented}
     */
    CompletableFuture<Boolean> matches(SecretHash stored, byte[] keyed, byte[] presented) {
        var question = new Question(stored.hash(), HexFormat.of().formatHex(keyed));
        if (right.getIfPresent(question) != null) {
            return CompletableFuture.completedFuture(true);
        }
        if (wrong.getIfPresent(question) != null) {
            return CompletableFuture.completedFuture(false);
        }
        var fresh = new CompletableFuture<Boolean>();
        var asked = running.putIfAbsent(question, fresh);
        if (asked != null) {
            return asked;
        }
        try {
            threads.execute(() -> {
                try {
                    boolean matches = secrets.isChosen(stored, presented);
                    (matches ? right : wrong).put(question, true);
                    running.remove(question);
                    fresh.complete(matches);
                } catch (RuntimeException e) {
                    running.remove(question);
                    fresh.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException tooMany) {
            running.remove(question);
            fresh.completeExceptionally(tooMany);
        }
        return fresh;
    }

    @Override
    public void destroy() {
        threads.shutdownNow();
    }
}
