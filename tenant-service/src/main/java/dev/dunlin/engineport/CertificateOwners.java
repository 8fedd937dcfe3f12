package dev.dunlin.engineport;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/**
 * Whose a certificate is when its bearer gives no user name: that of the one tenant that has it, and nobody's if several
 * have it.
 *
 * <p>Certificates are not secret, and any tenant can enter any. So a fingerprint decides nothing where the user name names
 * the tenant: another tenant that has entered the same certificate neither gets the device nor keeps it out. Without a user
 * name there is nothing but the fingerprint, and when two claim it nobody can tell who is right; choosing either would hand
 * one tenant's device to the other, so the log-in is refused until the device names its tenant.
 */
@Component
class CertificateOwners implements DisposableBean {
    private static final int READERS = 2;
    private static final int MAX_WAITING = 2_000;
    private static final int MAX_REMEMBERED = 50_000;

    private final SnapshotReader reader;
    private final Cache<String, Optional<String>> remembered =
            Caffeine.newBuilder().maximumSize(MAX_REMEMBERED).build();
    /** Grows with every change to access, any of which may make an answer wrong that is being read. */
    private final AtomicLong changes = new AtomicLong();

    private final ThreadPoolExecutor readers;

    CertificateOwners(SnapshotReader reader) {
        this.reader = reader;
        readers = new ThreadPoolExecutor(
                READERS, READERS, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MAX_WAITING), work -> {
                    var thread = new Thread(work, "certificate-owners");
                    thread.setDaemon(true);
                    return thread;
                });
        readers.allowCoreThreadTimeOut(true);
    }

    /**
     * The user name that stands for the certificate; empty if nobody's. The stage fails if the database is away or too many
     * wait for it.
     */
    CompletableFuture<Optional<String>> userNameOf(String fingerprint) {
        var known = remembered.getIfPresent(fingerprint);
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        var answer = new CompletableFuture<Optional<String>>();
        try {
            readers.execute(() -> read(fingerprint, answer));
        } catch (RuntimeException tooMany) {
            answer.completeExceptionally(tooMany);
        }
        return answer;
    }

    private void read(String fingerprint, CompletableFuture<Optional<String>> answer) {
        try {
            long before = changes.get();
            var userName = reader.userNameOf(fingerprint);
            remembered.put(fingerprint, userName);
            if (changes.get() != before) {
                remembered.invalidate(fingerprint);
            }
            answer.complete(userName);
        } catch (RuntimeException e) {
            answer.completeExceptionally(e);
        }
    }

    /** Something has changed in some tenant. */
    void forget() {
        changes.incrementAndGet();
        remembered.invalidateAll();
    }

    @Override
    public void destroy() {
        readers.shutdownNow();
    }
}
