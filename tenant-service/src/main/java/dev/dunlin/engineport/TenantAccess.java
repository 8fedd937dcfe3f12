package dev.dunlin.engineport;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.dunlin.engine.port.AccessChange;
import dev.dunlin.engine.port.AccessChange.AccessReplaced;
import dev.dunlin.engine.port.AccessChange.CredentialRevoked;
import dev.dunlin.engine.port.AccessChange.CredentialRevoked.Why;
import dev.dunlin.engine.port.AccessChange.LimitsReplaced;
import dev.dunlin.engine.port.AccessChange.TenantDeleted;
import dev.dunlin.engine.port.AccessChange.TenantSuspended;
import dev.dunlin.engine.port.AccessChanges;
import dev.dunlin.engine.port.Admission;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.port.Tenants;
import dev.dunlin.feed.FeedEvent;
import dev.dunlin.feed.TenantFeed;
import dev.dunlin.live.LiveTokens;
import dev.dunlin.presence.PresenceBoard;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * The tenants that were seen lately, in memory, and what changes in them. A tenant is read when somebody first logs in to it,
 * and kept while it has connections and as long as there is room afterwards. One thread reads anew what a notification names,
 * compares it with what was known, and tells the engine the difference, so changes of a tenant come in their order.
 */
@Component
class TenantAccess implements AccessChanges, Tenants, DisposableBean {
    private static final Logger log = LoggerFactory.getLogger(TenantAccess.class);

    /** Of tenants together; tenants with connections stay even beyond. A credential takes about a kilobyte. */
    private static final long MAX_WEIGHT = 300_000;

    private static final int LOADERS = 4;
    private static final int MAX_LOADS_WAITING = 1_000;
    private static final int MAX_UNKNOWN = 50_000;
    private static final int TRY_AGAIN_MILLISECONDS = 200;
    private static final long MAKE_ROOM_MILLISECONDS = 5_000;
    private static final Duration UNKNOWN_FOR = Duration.ofMinutes(1);
    private static final long NEVER_FORGOTTEN_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long PATIENCE_MILLISECONDS = 1_500;
    private static final long FAIL_FAST_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    /** A tenant in memory. */
    private static final class Held {
        final TenantSnapshot snapshot;
        volatile long usedNanos = System.nanoTime();

        Held(TenantSnapshot snapshot) {
            this.snapshot = snapshot;
        }
    }

    /** A tenant being read for the first time, and what was named meanwhile, which the reading may have missed. */
    private static final class Load {
        final Set<TenantId> changed = ConcurrentHashMap.newKeySet();
        final Set<String> slugs = ConcurrentHashMap.newKeySet();
        volatile boolean everything;
    }

    private record Expiry(Instant at, TenantId tenant, CredentialId credential) {}

    private final SnapshotReader reader;
    private final PresenceBoard presence;
    private final TenantFeed feed;
    private final Clock clock;
    private final long maxWeight;
    private final long neverForgottenNanos;

    private final Map<TenantId, Held> held = new ConcurrentHashMap<>();
    private final Map<String, TenantId> slugs = new ConcurrentHashMap<>();
    private final Cache<String, Boolean> unknown;
    private final Map<String, CompletableFuture<Optional<TenantSnapshot>>> loading = new ConcurrentHashMap<>();
    private final Set<Load> loads = ConcurrentHashMap.newKeySet();
    private final PendingChanges pending = new PendingChanges();
    private final ThreadPoolExecutor loaders;
    private final Thread follower;

    /** When credentials expire. Guarded by itself. */
    private final NavigableSet<Expiry> expiries = new TreeSet<>(Comparator.comparing(Expiry::at)
            .thenComparing(expiry -> expiry.tenant().value())
            .thenComparing(expiry -> expiry.credential().value()));

    private volatile Consumer<AccessChange> engine = change -> {};
    private volatile long failedNanos = System.nanoTime() - FAIL_FAST_NANOS;
    private volatile boolean failing;
    private volatile boolean stopped;

    @Autowired
    TenantAccess(SnapshotReader reader, PresenceBoard presence, TenantFeed feed, Clock clock) {
        this(reader, presence, feed, clock, MAX_WEIGHT, NEVER_FORGOTTEN_NANOS);
    }

    TenantAccess(
            SnapshotReader reader,
            PresenceBoard presence,
            TenantFeed feed,
            Clock clock,
            long maxWeight,
            long neverForgottenNanos) {
        this.maxWeight = maxWeight;
        this.neverForgottenNanos = neverForgottenNanos;
        this.reader = reader;
        this.presence = presence;
        this.feed = feed;
        this.clock = clock;
        this.unknown = Caffeine.newBuilder()
                .maximumSize(MAX_UNKNOWN)
                .expireAfterWrite(UNKNOWN_FOR)
                .build();
        this.loaders = new ThreadPoolExecutor(
                LOADERS, LOADERS, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MAX_LOADS_WAITING), work -> {
                    var thread = new Thread(work, "tenant-loader");
                    thread.setDaemon(true);
                    return thread;
                });
        loaders.allowCoreThreadTimeOut(true);
        follower = new Thread(this::follow, "access-follower");
        follower.setDaemon(true);
        follower.start();
    }

    // What log-ins ask

    /**
     * The tenant of this slug, at once if it is in memory or known not to exist. The stage fails if the database is away or
     * too much waits for it.
     */
    CompletableFuture<Optional<TenantSnapshot>> find(String slug) {
        var id = slugs.get(slug);
        var known = id == null ? null : held.get(id);
        if (known != null) {
            known.usedNanos = System.nanoTime();
            return CompletableFuture.completedFuture(Optional.of(known.snapshot));
        }
        if (unknown.getIfPresent(slug) != null) {
            return CompletableFuture.completedFuture(Optional.empty());
        }
        var fresh = new CompletableFuture<Optional<TenantSnapshot>>();
        var running = loading.putIfAbsent(slug, fresh);
        if (running != null) {
            return inTime(running);
        }
        try {
            loaders.execute(() -> load(slug, fresh));
        } catch (RejectedExecutionException tooMuch) {
            loading.remove(slug, fresh);
            fresh.completeExceptionally(tooMuch);
        }
        return inTime(fresh);
    }

    /** A database that does not answer is away for whoever waits, though the reading goes on. */
    private static <T> CompletableFuture<T> inTime(CompletableFuture<T> reading) {
        return reading.copy().orTimeout(PATIENCE_MILLISECONDS, TimeUnit.MILLISECONDS);
    }

    /** As {@link #find(String)}, for the engine, which knows tenants by their number. */
    @Override
    public CompletionStage<Optional<Known>> find(TenantId tenant) {
        var known = held.get(tenant);
        if (known != null) {
            known.usedNanos = System.nanoTime();
            return CompletableFuture.completedFuture(Optional.of(known.snapshot));
        }
        CompletableFuture<Optional<String>> slugFound;
        try {
            slugFound = CompletableFuture.supplyAsync(() -> reader.slugOf(tenant), loaders);
        } catch (RejectedExecutionException tooMuch) {
            return CompletableFuture.failedFuture(tooMuch);
        }
        return slugFound
                .thenCompose(slug -> slug.isEmpty()
                        ? CompletableFuture.completedFuture(Optional.<TenantSnapshot>empty())
                        : find(slug.get()))
                .thenApply(found -> found.map(Function.identity()));
    }

    private void load(String slug, CompletableFuture<Optional<TenantSnapshot>> result) {
        // With the database away each attempt takes seconds; those that wait behind it need not make it again
        if (System.nanoTime() - failedNanos < FAIL_FAST_NANOS) {
            loading.remove(slug, result);
            result.completeExceptionally(new IllegalStateException("The database was away a moment ago."));
            return;
        }
        var load = new Load();
        loads.add(load);
        try {
            var found = reader.read(slug).map(this::hold);
            if (found.isEmpty()) {
                unknown.put(slug, true);
            }
            // Only now is it known what came in between
            if (load.everything || load.slugs.contains(slug)) {
                unknown.invalidate(slug);
            }
            found.map(TenantSnapshot::id)
                    .filter(id -> load.everything || load.changed.contains(id))
                    .ifPresent(pending::add);
            succeeded();
            loading.remove(slug, result);
            result.complete(found);
        } catch (RuntimeException e) {
            failedNanos = System.nanoTime();
            failed(e);
            loading.remove(slug, result);
            result.completeExceptionally(e);
        } finally {
            loads.remove(load);
        }
    }

    private void failed(RuntimeException e) {
        if (!failing && !stopped) {
            failing = true;
            log.warn("Access cannot be read from the database for now: {}", e.getMessage());
            log.debug("The cause", e);
        }
    }

    private void succeeded() {
        if (failing) {
            failing = false;
            log.info("Access is read from the database again");
        }
    }

    private TenantSnapshot hold(TenantSnapshot tenant) {
        var known = held.putIfAbsent(tenant.id(), new Held(tenant));
        if (known != null) {
            return known.snapshot;
        }
        slugs.put(tenant.slug(), tenant.id());
        watchExpiries(null, tenant);
        return tenant;
    }

    /** Lets go of the tenants that were used the longest ago, until the rest fits. */
    void makeRoom() {
        long weight = held.values().stream()
                .mapToLong(tenant -> tenant.snapshot.weight())
                .sum();
        if (weight <= maxWeight) {
            return;
        }
        record Candidate(TenantSnapshot tenant, long unusedNanos) {}
        var now = System.nanoTime();
        var online = presence.tenantsOnline();
        var droppable = held.values().stream()
                .map(tenant -> new Candidate(tenant.snapshot, now - tenant.usedNanos))
                .filter(candidate -> !online.contains(candidate.tenant().id()))
                // Whoever was admitted a moment ago is not online yet
                .filter(candidate -> candidate.unusedNanos() > neverForgottenNanos)
                .sorted(Comparator.comparingLong(Candidate::unusedNanos).reversed())
                .map(Candidate::tenant)
                .toList();
        for (var tenant : droppable) {
            if (weight <= maxWeight) {
                return;
            }
            weight -= tenant.weight();
            forget(tenant);
        }
    }

    boolean isInMemory(TenantId tenant) {
        return held.containsKey(tenant);
    }

    private void forget(TenantSnapshot tenant) {
        held.remove(tenant.id());
        slugs.remove(tenant.slug(), tenant.id());
        watchExpiries(tenant, null);
    }

    // What the database tells

    /** A notification of the database, as V0004 describes it. Returns at once. */
    void notified(String payload) {
        if (payload.equals("*")) {
            rereadEverything();
            return;
        }
        try {
            var parts = payload.split(" ", 2);
            var tenant = new TenantId(UUID.fromString(parts[0]));
            loads.forEach(load -> load.changed.add(tenant));
            if (parts.length == 1) {
                pending.add(tenant);
            } else if (parts[1].startsWith("/")) {
                var slug = parts[1].substring(1);
                loads.forEach(load -> load.slugs.add(slug));
                unknown.invalidate(slug);
                pending.add(tenant);
            } else {
                pending.add(tenant, new CredentialId(UUID.fromString(parts[1])));
            }
        } catch (IllegalArgumentException e) {
            log.warn("A notification on the access channel makes no sense: {}", payload);
        }
    }

    /** After notifications may have been missed. Tenants with connections first. */
    void rereadEverything() {
        loads.forEach(load -> load.everything = true);
        unknown.invalidateAll();
        presence.tenantsOnline().forEach(pending::add);
        held.keySet().forEach(pending::add);
    }

    private void follow() {
        long roomMadeNanos = System.nanoTime();
        while (!stopped) {
            try {
                var change = pending.poll(millisecondsToExpiry());
                if (change != null) {
                    apply(change);
                }
                expire();
                if (System.nanoTime() - roomMadeNanos >= TimeUnit.MILLISECONDS.toNanos(MAKE_ROOM_MILLISECONDS)) {
                    roomMadeNanos = System.nanoTime();
                    makeRoom();
                }
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                log.error("A change to access could not be applied", e);
            }
        }
    }

    private void apply(PendingChanges.Change change) throws InterruptedException {
        var known = held.get(change.tenant());
        if (known != null) {
            var old = known.snapshot;
            Optional<TenantSnapshot> fresh;
            try {
                fresh = change.credentials().isEmpty() ? reader.reread(old) : reader.reread(old, change.credentials());
                succeeded();
            } catch (RuntimeException e) {
                failed(e);
                pending.add(change);
                TimeUnit.MILLISECONDS.sleep(TRY_AGAIN_MILLISECONDS);
                return;
            }
            if (fresh.isEmpty()) {
                forget(old);
                tell(new TenantDeleted(old.id()));
            } else {
                replace(known, fresh.get());
                tellDifferences(old, fresh.get(), change.credentials());
            }
        }
        feed.publish(change.tenant(), new FeedEvent.CredentialsChanged());
    }

    private void replace(Held old, TenantSnapshot fresh) {
        var next = new Held(fresh);
        next.usedNanos = old.usedNanos;
        held.put(fresh.id(), next);
        if (!old.snapshot.slug().equals(fresh.slug())) {
            slugs.remove(old.snapshot.slug(), fresh.id());
        }
        slugs.put(fresh.slug(), fresh.id());
        watchExpiries(old.snapshot, fresh);
    }

    /** @param touched empty for all of the tenant */
    private void tellDifferences(TenantSnapshot old, TenantSnapshot fresh, Set<CredentialId> touched) {
        var tenant = fresh.id();
        if (fresh.suspended() && !old.suspended()) {
            tell(new TenantSuspended(tenant));
        }
        if (!fresh.limits().equals(old.limits())) {
            tell(new LimitsReplaced(tenant, fresh.limits()));
        }
        for (var id : touched.isEmpty() ? old.credentials().keySet() : touched) {
            var before = old.credential(id);
            var after = fresh.credential(id);
            if (after == null) {
                // Also for a person whose membership has changed: a live page's credential has the account's id
                tell(new CredentialRevoked(tenant, id, Why.DELETED));
            } else if (before != null) {
                tellDifferences(tenant, before, after);
            }
        }
    }

    private void tellDifferences(TenantId tenant, CredentialSnapshot before, CredentialSnapshot after) {
        if (before.enabled() && !after.enabled()) {
            tell(new CredentialRevoked(tenant, after.id(), Why.DISABLED));
        } else if (after.isExpired(clock.instant()) && !Objects.equals(after.expiresAt(), before.expiresAt())) {
            tell(new CredentialRevoked(tenant, after.id(), Why.EXPIRED));
        } else if (after.generationBegan() != before.generationBegan()) {
            tell(new CredentialRevoked(tenant, after.id(), Why.ROTATED));
        }
        if (after.access() != before.access()) {
            tell(new AccessReplaced(tenant, after.id(), after.access()));
        }
    }

    private void tell(AccessChange change) {
        try {
            engine.accept(change);
        } catch (RuntimeException e) {
            log.error("The engine did not take a change to access of tenant {}", change.tenant(), e);
        }
    }

    // Time passing

    private void watchExpiries(@Nullable TenantSnapshot old, @Nullable TenantSnapshot fresh) {
        var now = clock.instant();
        synchronized (expiries) {
            if (old != null) {
                old.credentials().values().forEach(credential -> {
                    if (credential.expiresAt() != null) {
                        expiries.remove(new Expiry(credential.expiresAt(), old.id(), credential.id()));
                    }
                });
            }
            if (fresh != null) {
                fresh.credentials().values().forEach(credential -> {
                    if (credential.expiresAt() != null && !credential.isExpired(now)) {
                        var expiry = new Expiry(credential.expiresAt(), fresh.id(), credential.id());
                        expiries.add(expiry);
                        if (expiry.equals(expiries.first())) {
                            pending.wake(); // a later one is waited for
                        }
                    }
                });
            }
        }
    }

    /** No longer than until room is to be made: a clock may jump. */
    private long millisecondsToExpiry() {
        var now = clock.instant();
        synchronized (expiries) {
            return expiries.isEmpty() || expiries.first().at().isAfter(now.plusMillis(MAKE_ROOM_MILLISECONDS))
                    ? MAKE_ROOM_MILLISECONDS
                    : Math.max(0, Duration.between(now, expiries.first().at()).toMillis() + 1);
        }
    }

    private void expire() {
        var now = clock.instant();
        while (true) {
            Expiry due;
            synchronized (expiries) {
                if (expiries.isEmpty() || now.isBefore(expiries.first().at())) {
                    return;
                }
                due = expiries.first();
                expiries.remove(due);
            }
            tell(new CredentialRevoked(due.tenant(), due.credential(), Why.EXPIRED));
        }
    }

    // What the engine asks

    @Override
    public void listen(Consumer<AccessChange> listener) {
        engine = listener;
    }

    @Override
    public @Nullable AccessChange missedSince(Admission admission) {
        var known = held.get(admission.tenant());
        if (known == null) {
            // Deleted since, or in theory let go of: nobody stays of whom changes would not be noticed
            return new TenantSuspended(admission.tenant());
        }
        var tenant = known.snapshot;
        if (tenant.suspended()) {
            return new TenantSuspended(tenant.id());
        }
        if (!admission.credentialName().startsWith(LiveTokens.MARK)) {
            var change = missedSince(admission, tenant.credential(admission.credential()));
            if (change != null) {
                return change;
            }
        }
        return tenant.limits().equals(admission.limits()) ? null : new LimitsReplaced(tenant.id(), tenant.limits());
    }

    private @Nullable AccessChange missedSince(Admission admission, @Nullable CredentialSnapshot now) {
        var tenant = admission.tenant();
        var id = admission.credential();
        if (now == null) {
            return new CredentialRevoked(tenant, id, Why.DELETED);
        }
        if (!now.enabled()) {
            return new CredentialRevoked(tenant, id, Why.DISABLED);
        }
        if (now.isExpired(clock.instant())) {
            return new CredentialRevoked(tenant, id, Why.EXPIRED);
        }
        if (admission.access().version() < now.generationBegan()) {
            return new CredentialRevoked(tenant, id, Why.ROTATED);
        }
        return admission.access().version() == now.access().version()
                ? null
                : new AccessReplaced(tenant, id, now.access());
    }

    @Override
    public void destroy() throws InterruptedException {
        stopped = true;
        follower.interrupt();
        loaders.shutdownNow();
        follower.join(1_000);
    }
}
