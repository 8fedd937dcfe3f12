package dev.dunlin.messagestore;

import dev.dunlin.engine.port.StoreChange;
import dev.dunlin.engine.port.StoreChange.PlaceReceived;
import dev.dunlin.engine.port.StoreChange.Queued;
import dev.dunlin.engine.port.StoreChange.Received;
import dev.dunlin.engine.port.StoreChange.ReceivedRemoved;
import dev.dunlin.engine.port.StoreChange.Removed;
import dev.dunlin.engine.port.StoreChange.RetainedChanged;
import dev.dunlin.engine.port.StoreChange.RetainedTopic;
import dev.dunlin.engine.port.StoreChange.SessionPut;
import dev.dunlin.engine.port.StoreChange.SessionRemoved;
import dev.dunlin.engine.port.StoreChange.SubscriptionPut;
import dev.dunlin.engine.port.StoreChange.SubscriptionRemoved;
import dev.dunlin.engine.port.StoredSession;
import dev.dunlin.engine.port.StoredSubscription;
import dev.dunlin.engine.port.TenantId;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What several changes come to when they are made in their order: of each row the last state alone, and what becomes of the
 * journals.
 */
final class Folded {
    private static final class Session {
        /** With all that hangs on it, before what else is here. */
        boolean removed;

        @Nullable
        StoredSession put;
        /** An empty value is a removal. */
        final Map<String, Optional<StoredSubscription>> subscriptions = new LinkedHashMap<>();

        final Map<Integer, Boolean> received = new LinkedHashMap<>();
    }

    private static final class Tenant {
        final Map<Long, Session> sessions = new LinkedHashMap<>();
        final Map<String, RetainedTopic> retained = new LinkedHashMap<>();
        final JournalBatch journal;

        Tenant(TenantId id, Journal journal) {
            this.journal = new JournalBatch(id, journal);
        }

        Session session(long id) {
            return sessions.computeIfAbsent(id, first -> new Session());
        }
    }

    private final Map<TenantId, Tenant> tenants = new LinkedHashMap<>();

    static Folded of(List<Entry> entries, Function<TenantId, Journal> journals) {
        var folded = new Folded();
        for (var entry : entries) {
            if (entry.change() != null) {
                var tenant = folded.tenants.computeIfAbsent(
                        entry.tenant(), first -> new Tenant(first, journals.apply(first)));
                add(tenant, entry.change());
            }
        }
        return folded;
    }

    private static void add(Tenant tenant, StoreChange change) {
        if (change instanceof Queued queued) {
            tenant.journal.queue(queued);
            if (queued.received() != null) {
                note(tenant, queued.received(), true);
            }
        } else if (change instanceof Removed removed) {
            tenant.journal.remove(removed);
        } else if (change instanceof PlaceReceived received) {
            tenant.journal.receive(received.session(), received.position());
        } else if (change instanceof RetainedChanged changed) {
            tenant.retained.put(changed.topic().name(), changed.topic());
        } else if (change instanceof ReceivedRemoved removed) {
            note(tenant, removed.received(), false);
        } else if (change instanceof SessionPut put) {
            tenant.session(put.session().id()).put = put.session();
        } else if (change instanceof SessionRemoved removed) {
            var session = new Session();
            session.removed = true;
            tenant.sessions.put(removed.session(), session);
            tenant.journal.removeSession(removed.session());
        } else if (change instanceof SubscriptionPut put) {
            tenant.session(put.session())
                    .subscriptions
                    .put(put.subscription().filter(), Optional.of(put.subscription()));
        } else if (change instanceof SubscriptionRemoved removed) {
            tenant.session(removed.session()).subscriptions.put(removed.filter(), Optional.empty());
        } else {
            throw new IllegalArgumentException("Unknown change: " + change.getClass());
        }
    }

    private static void note(Tenant tenant, Received received, boolean held) {
        tenant.session(received.session()).received.put(received.packetId(), held);
    }

    /** @param source of rows that are to be written anew, or null if none are; see {@link JournalBatch#prepare} */
    void tell(StoreStatement statement, LongSupplier ids, @Nullable JournalRows source) throws SQLException {
        for (var entry : tenants.entrySet()) {
            var id = entry.getKey();
            var tenant = entry.getValue();
            tenant.journal.prepare(ids, source);
            tenant.journal.rows().forEach(row -> statement.putSegment(id, row));
            tenant.journal.gone().forEach(segment -> statement.removeSegment(id, segment.id));
            tenant.sessions.forEach((session, folded) -> tell(statement, id, session, folded));
            tenant.retained.forEach((name, topic) -> {
                var now = topic.now();
                if (now == null) {
                    statement.removeRetained(id, name);
                } else {
                    statement.putRetained(id, name, now);
                }
            });
        }
    }

    private static void tell(StoreStatement statement, TenantId tenant, long id, Session session) {
        if (session.removed) {
            statement.removeSession(tenant, id);
        }
        if (session.put != null) {
            statement.putSession(tenant, session.put);
        }
        session.subscriptions.forEach((filter, subscription) -> {
            if (subscription.isPresent()) {
                statement.putSubscription(tenant, id, subscription.get());
            } else {
                statement.removeSubscription(tenant, id, filter);
            }
        });
        session.received.forEach((packetId, held) -> {
            if (held) {
                statement.putReceived(tenant, id, packetId);
            } else {
                statement.removeReceived(tenant, id, packetId);
            }
        });
    }

    /** How many message bodies are stored. */
    int messages() {
        return tenants.values().stream()
                .mapToInt(tenant -> tenant.journal.messages())
                .sum();
    }

    Set<TenantId> tenants() {
        return tenants.keySet();
    }

    /** All of it is on disk. */
    void written() {
        tenants.values().forEach(tenant -> tenant.journal.written());
    }
}
