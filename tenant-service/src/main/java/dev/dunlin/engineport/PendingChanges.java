package dev.dunlin.engineport;

import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.TenantId;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** What has to be read anew, each tenant once, however often it was named meanwhile. */
final class PendingChanges {
    private static final int MAX_CREDENTIALS = 50;

    /** @param credentials empty for all of the tenant */
    record Change(TenantId tenant, Set<CredentialId> credentials) {}

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition notEmpty = lock.newCondition();
    /** Guarded by the lock, as the changes are. */
    private boolean isWoken;

    private final Map<TenantId, Set<CredentialId>> changes = new LinkedHashMap<>();

    /** All of the tenant. */
    void add(TenantId tenant) {
        put(tenant, Set.of());
    }

    void add(TenantId tenant, CredentialId credential) {
        put(tenant, Set.of(credential));
    }

    void add(Change change) {
        put(change.tenant(), change.credentials());
    }

    private void put(TenantId tenant, Set<CredentialId> credentials) {
        lock.lock();
        try {
            changes.merge(tenant, credentials, (one, other) -> {
                if (one.isEmpty() || other.isEmpty() || one.size() + other.size() > MAX_CREDENTIALS) {
                    return Set.of();
                }
                var both = new HashSet<>(one);
                both.addAll(other);
                return both;
            });
            notEmpty.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Whoever polls, or does so next, need not wait. */
    void wake() {
        lock.lock();
        try {
            isWoken = true;
            notEmpty.signal();
        } finally {
            lock.unlock();
        }
    }

    /** The longest waiting one; absent if none comes within the time, or before {@link #wake}. */
    @Nullable
    Change poll(long milliseconds) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(milliseconds);
            while (changes.isEmpty() && !isWoken && left > 0) {
                left = notEmpty.awaitNanos(left);
            }
            isWoken = false;
            var entries = changes.entrySet().iterator();
            if (!entries.hasNext()) {
                return null;
            }
            var first = entries.next();
            entries.remove();
            return new Change(first.getKey(), first.getValue());
        } finally {
            lock.unlock();
        }
    }
}
