package dev.dunlin.messagestore;

import dev.dunlin.engine.port.StoreChange;
import dev.dunlin.engine.port.StoreChange.MessageRemoved;
import dev.dunlin.engine.port.StoreChange.PlaceReceived;
import dev.dunlin.engine.port.StoreChange.PlaceRemoved;
import dev.dunlin.engine.port.StoreChange.Queued;
import dev.dunlin.engine.port.StoreChange.ReceivedRemoved;
import dev.dunlin.engine.port.StoreChange.RetainedChanged;
import dev.dunlin.engine.port.StoreChange.RetainedTopic;
import dev.dunlin.engine.port.StoreChange.SessionPut;
import dev.dunlin.engine.port.StoreChange.SessionRemoved;
import dev.dunlin.engine.port.StoreChange.SubscriptionPut;
import dev.dunlin.engine.port.StoreChange.SubscriptionRemoved;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.port.StoredSession;
import dev.dunlin.engine.port.StoredSubscription;
import dev.dunlin.engine.port.TenantId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * What several changes come to when they are made in their order: of each row the last state alone. A place or message that
 * came and went is not written at all, since its number is given out once and so it cannot have been there before.
 */
final class Folded {
    /** What is done to one place. */
    private static final class Place {
        @Nullable
        StoredPlace put;

        boolean received;
        boolean removed;
    }

    private static final class Session {
        /** With all that hangs on it, before what else is here. */
        boolean removed;

        @Nullable
        StoredSession put;
        /** An empty value is a removal, here and below. */
        final Map<String, Optional<StoredSubscription>> subscriptions = new LinkedHashMap<>();

        final Map<Long, Place> places = new LinkedHashMap<>();
        final Map<Integer, Boolean> received = new LinkedHashMap<>();
    }

    private static final class Tenant {
        final Map<Long, Session> sessions = new LinkedHashMap<>();
        final Map<Long, Optional<StoredMessage>> messages = new LinkedHashMap<>();
        final Map<String, RetainedTopic> retained = new LinkedHashMap<>();

        Session session(long id) {
            return sessions.computeIfAbsent(id, first -> new Session());
        }

        Place place(long session, long position) {
            return session(session).places.computeIfAbsent(position, first -> new Place());
        }
    }

    private final Map<TenantId, Tenant> tenants = new LinkedHashMap<>();

    static Folded of(List<Entry> entries) {
        var folded = new Folded();
        for (var entry : entries) {
            if (entry.change() != null) {
                folded.add(folded.tenants.computeIfAbsent(entry.tenant(), first -> new Tenant()), entry.change());
            }
        }
        return folded;
    }

    private void add(Tenant tenant, StoreChange change) {
        if (change instanceof Queued queued) {
            add(tenant, queued);
        } else if (change instanceof PlaceRemoved removed) {
            var places = tenant.session(removed.session()).places;
            var place = places.get(removed.position());
            if (place != null && place.put != null) {
                places.remove(removed.position());
            } else {
                tenant.place(removed.session(), removed.position()).removed = true;
            }
        } else if (change instanceof MessageRemoved removed) {
            var body = tenant.messages.remove(removed.message());
            if (body == null || body.isEmpty()) {
                tenant.messages.put(removed.message(), Optional.empty());
            }
        } else if (change instanceof PlaceReceived received) {
            tenant.place(received.session(), received.position()).received = true;
        } else if (change instanceof RetainedChanged changed) {
            tenant.retained.put(changed.topic().name(), changed.topic());
        } else if (change instanceof ReceivedRemoved removed) {
            tenant.session(removed.received().session())
                    .received
                    .put(removed.received().packetId(), false);
        } else if (change instanceof SessionPut put) {
            tenant.session(put.session().id()).put = put.session();
        } else if (change instanceof SessionRemoved removed) {
            var session = new Session();
            session.removed = true;
            tenant.sessions.put(removed.session(), session);
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

    private static void add(Tenant tenant, Queued queued) {
        if (queued.body() != null) {
            tenant.messages.put(queued.body().id(), Optional.of(queued.body()));
        }
        for (var put : queued.places()) {
            var place = tenant.place(put.session(), put.position());
            place.put = put;
            place.received |= put.isReceived();
        }
        if (queued.received() != null) {
            tenant.session(queued.received().session())
                    .received
                    .put(queued.received().packetId(), true);
        }
    }

    void tell(StoreStatement statement) {
        tenants.forEach((id, tenant) -> tell(statement, id, tenant));
    }

    private static void tell(StoreStatement statement, TenantId id, Tenant tenant) {
        tenant.messages.values().forEach(body -> body.ifPresent(put -> statement.putMessage(id, put)));
        eachRun(
                tenant.messages.entrySet().stream()
                        .filter(message -> message.getValue().isEmpty())
                        .mapToLong(Map.Entry::getKey),
                (first, last) -> statement.removeMessages(id, first, last));
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
        session.places.forEach((position, place) -> {
            if (place.put != null) {
                statement.putPlace(tenant, place.put, place.received);
            } else if (!place.removed) {
                statement.markReceived(tenant, id, position);
            }
        });
        eachRun(
                session.places.entrySet().stream()
                        .filter(place -> place.getValue().put == null && place.getValue().removed)
                        .mapToLong(Map.Entry::getKey),
                (first, last) -> statement.removePlaces(tenant, id, first, last));
        session.received.forEach((packetId, held) -> {
            if (held) {
                statement.putReceived(tenant, id, packetId);
            } else {
                statement.removeReceived(tenant, id, packetId);
            }
        });
    }

    private interface Run {
        void of(long first, long last);
    }

    /** Numbers without gaps are one range, which is found once: clients acknowledge in order. */
    private static void eachRun(LongStream numbers, Run run) {
        var sorted = numbers.sorted().toArray();
        int first = 0;
        for (int i = 1; i <= sorted.length; i++) {
            if (i == sorted.length || sorted[i] != sorted[i - 1] + 1) {
                run.of(sorted[first], sorted[i - 1]);
                first = i;
            }
        }
    }
}
