package dev.dunlin.engine.testkit;

import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.StoreChange;
import dev.dunlin.engine.port.StoreChange.Received;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.port.StoredRetained;
import dev.dunlin.engine.port.StoredSession;
import dev.dunlin.engine.port.StoredSubscription;
import dev.dunlin.engine.port.StoredTenant;
import dev.dunlin.engine.port.TenantId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A store in memory, which outlives the engines that use it as a database would. Commits can be held back, and what was not
 * committed can be lost, as in a crash. Any thread may use it.
 */
public final class MemoryStore implements MessageStore {
    private record Change(
            TenantId tenant, StoreChange change, @Nullable Listener listener) {}

    private static final class Row {
        StoredSession session;
        final Map<String, StoredSubscription> subscriptions = new TreeMap<>();
        final Map<Long, StoredPlace> queue = new TreeMap<>();
        long nextPosition;
        final TreeSet<Integer> received = new TreeSet<>();

        Row(StoredSession session) {
            this.session = session;
        }
    }

    private static final class Tables {
        final Map<Long, Row> sessions = new TreeMap<>();
        final Map<Long, StoredMessage> messages = new TreeMap<>();
        /** Those that go with their only place. */
        final Set<Long> forOne = new HashSet<>();

        final Map<String, StoredRetained> retained = new TreeMap<>();

        void removedPlace(@Nullable StoredPlace place) {
            if (place != null && forOne.remove(place.message())) {
                messages.remove(place.message());
            }
        }
    }

    private final AtomicLong ids = new AtomicLong();
    private final Map<TenantId, Tables> tenants = new ConcurrentHashMap<>();
    private final List<Change> held = new ArrayList<>();
    private boolean isHolding;
    private boolean isAway;
    private long queued;
    private volatile boolean isBehind;
    private volatile boolean isFull;

    @Override
    public long newId() {
        return ids.incrementAndGet();
    }

    /** From now on nothing is committed until {@link #commit}. */
    public synchronized void hold() {
        isHolding = true;
    }

    /** Commits what was held back, and whatever comes. */
    public void commit() {
        List<Change> due;
        synchronized (this) {
            isHolding = false;
            due = List.copyOf(held);
            held.clear();
            due.forEach(this::apply);
        }
        due.forEach(MemoryStore::tell);
    }

    /** Loses what was held back, as a crash does; nobody is told. What comes from now on is committed. */
    public synchronized void crash() {
        isHolding = false;
        held.clear();
    }

    /** Refuses what was held back. */
    public void refuse(Refusal why) {
        List<Change> due;
        synchronized (this) {
            isHolding = false;
            due = List.copyOf(held);
            held.clear();
        }
        due.stream().map(Change::listener).forEach(listener -> {
            if (listener != null) {
                listener.onRefused(why);
            }
        });
    }

    /** From now on messages are refused at once, or are no more. */
    public void setFull(boolean isFull) {
        this.isFull = isFull;
    }

    /** From now on it says that it is behind, or that it is no more. */
    public void setBehind(boolean isBehind) {
        this.isBehind = isBehind;
    }

    @Override
    public boolean isBehind(TenantId tenant) {
        return isBehind;
    }

    /** Whether nothing can be loaded. */
    public synchronized void setAway(boolean isAway) {
        this.isAway = isAway;
    }

    public synchronized List<StoreChange> held() {
        return held.stream().map(Change::change).toList();
    }

    /** How many places have been stored so far. */
    public synchronized long queuedCount() {
        return queued;
    }

    public synchronized long messageCount() {
        return tenants.values().stream()
                .mapToLong(tables -> tables.messages.size())
                .sum();
    }

    public synchronized long sessionCount() {
        return tenants.values().stream()
                .mapToLong(tables -> tables.sessions.size())
                .sum();
    }

    public synchronized long placeCount() {
        return tenants.values().stream()
                .flatMap(tables -> tables.sessions.values().stream())
                .mapToLong(row -> row.queue.size())
                .sum();
    }

    @Override
    public synchronized CompletionStage<StoredTenant> load(TenantId tenant) {
        if (isAway) {
            return CompletableFuture.failedFuture(new IllegalStateException("the store is away"));
        }
        var tables = tenants.get(tenant);
        if (tables == null) {
            return CompletableFuture.completedFuture(StoredTenant.NOTHING);
        }
        var sessions = tables.sessions.values().stream()
                .map(row -> new StoredTenant.Kept(
                        row.session,
                        List.copyOf(row.subscriptions.values()),
                        row.queue.values().stream()
                                .filter(place -> tables.messages.containsKey(place.message()))
                                .toList(),
                        row.nextPosition,
                        List.copyOf(row.received)))
                .toList();
        return CompletableFuture.completedFuture(new StoredTenant(
                sessions, List.copyOf(tables.messages.values()), List.copyOf(tables.retained.values())));
    }

    @Override
    public void unloaded(TenantId tenant) {}

    @Override
    public void change(TenantId tenant, StoreChange change, @Nullable Listener listener) {
        if (isFull && change instanceof StoreChange.Queued) {
            if (listener != null) {
                listener.onRefused(Refusal.FULL);
            }
            return;
        }
        var made = new Change(tenant, change, listener);
        synchronized (this) {
            if (isHolding) {
                held.add(made);
                return;
            }
            apply(made);
        }
        tell(made);
    }

    private static void tell(Change made) {
        if (made.listener != null) {
            made.listener.onStored();
        }
    }

    private void apply(Change made) {
        var tables = tenants.computeIfAbsent(made.tenant, id -> new Tables());
        var change = made.change;
        if (change instanceof StoreChange.SessionPut put) {
            var row = tables.sessions.get(put.session().id());
            if (row == null) {
                tables.sessions.put(put.session().id(), new Row(put.session()));
            } else {
                row.session = put.session();
            }
        } else if (change instanceof StoreChange.SessionRemoved removed) {
            var row = tables.sessions.remove(removed.session());
            if (row != null) {
                row.queue.values().forEach(tables::removedPlace);
            }
        } else if (change instanceof StoreChange.SubscriptionPut put) {
            var row = tables.sessions.get(put.session());
            if (row != null) {
                row.subscriptions.put(put.subscription().filter(), put.subscription());
            }
        } else if (change instanceof StoreChange.SubscriptionRemoved removed) {
            var row = tables.sessions.get(removed.session());
            if (row != null) {
                row.subscriptions.remove(removed.filter());
            }
        } else if (change instanceof StoreChange.Queued added) {
            queue(added, tables);
        } else if (change instanceof StoreChange.PlaceReceived received) {
            var row = tables.sessions.get(received.session());
            if (row != null) {
                row.queue.computeIfPresent(received.position(), (position, place) -> place.asReceived());
            }
        } else if (change instanceof StoreChange.Removed removed) {
            var row = tables.sessions.get(removed.session());
            if (row != null) {
                for (long position : removed.positions()) {
                    tables.removedPlace(row.queue.remove(position));
                }
            }
            for (long message : removed.messages()) {
                tables.messages.remove(message);
            }
        } else if (change instanceof StoreChange.ReceivedRemoved removed) {
            var row = tables.sessions.get(removed.received().session());
            if (row != null) {
                row.received.remove(removed.received().packetId());
            }
        } else if (change instanceof StoreChange.RetainedChanged changed) {
            var now = changed.topic().now();
            if (now == null) {
                tables.retained.remove(changed.topic().name());
            } else {
                tables.retained.put(changed.topic().name(), now);
            }
        }
    }

    private void queue(StoreChange.Queued added, Tables tables) {
        var body = added.body();
        if (body != null) {
            tables.messages.put(body.id(), body);
            if (added.isForOne()) {
                tables.forOne.add(body.id());
            }
        }
        for (var place : added.places()) {
            var row = tables.sessions.get(place.session());
            if (row != null) {
                row.queue.put(place.position(), place);
                row.nextPosition = Math.max(row.nextPosition, place.position() + 1);
                queued++;
            }
        }
        Received received = added.received();
        var publisher = received == null ? null : tables.sessions.get(received.session());
        if (received != null && publisher != null) {
            publisher.received.add(received.packetId());
        }
    }

    @Override
    public synchronized CompletionStage<List<TenantId>> tenantsWithWills() {
        if (isAway) {
            return CompletableFuture.failedFuture(new IllegalStateException("the store is away"));
        }
        return CompletableFuture.completedFuture(tenants.entrySet().stream()
                .filter(entry ->
                        entry.getValue().sessions.values().stream().anyMatch(row -> row.session.will() != null))
                .map(Map.Entry::getKey)
                .toList());
    }
}
