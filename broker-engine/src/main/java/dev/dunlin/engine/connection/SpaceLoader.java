package dev.dunlin.engine.connection;

import dev.dunlin.engine.access.AccessPolicy;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.port.StoredSession;
import dev.dunlin.engine.port.StoredSubscription;
import dev.dunlin.engine.port.StoredTenant;
import dev.dunlin.engine.port.Tenants;
import dev.dunlin.engine.session.Delivery;
import dev.dunlin.engine.session.Deposit;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.session.Subscription;
import dev.dunlin.engine.session.TenantStore;
import dev.dunlin.engine.tenant.TenantSpace;
import dev.dunlin.engine.tenant.TenantSpaces;
import dev.dunlin.engine.topic.TopicFilter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fills a tenant's new space with what the store has of it. Each session is restored on its home loop, under the permissions
 * that its credential has now. Nobody uses the space before all of it is there.
 */
final class SpaceLoader {
    private static final Logger log = LoggerFactory.getLogger(SpaceLoader.class);

    /** A stored message with the count of those that hold it. */
    private record Held(Publish message, Deposit deposit) {}

    private final MessageStore store;
    private final Tenants tenants;
    private final TenantSpaces spaces;
    private final SessionKeeper keeper;
    private final List<SessionLoop> loops;
    private final BiFunction<Object, String, SessionLoop> homeOf;

    /** @param homeOf where the session of a tenant's client lives */
    SpaceLoader(
            MessageStore store,
            Tenants tenants,
            TenantSpaces spaces,
            SessionKeeper keeper,
            List<SessionLoop> loops,
            BiFunction<Object, String, SessionLoop> homeOf) {
        this.store = store;
        this.tenants = tenants;
        this.spaces = spaces;
        this.keeper = keeper;
        this.loops = loops;
        this.homeOf = homeOf;
    }

    /** Loads tenants that have something to do though nobody is connected: Wills that were due when a node was lost. */
    void visitThoseWithWills() {
        store.tenantsWithWills().whenComplete((found, failure) -> {
            if (failure != null) {
                log.warn(
                        "Wills of clients that were lost with the node wait until their tenants are loaded: {}",
                        failure.toString());
                return;
            }
            for (var tenant : found) {
                tenants.find(tenant).whenComplete((known, unknown) -> {
                    if (known != null && known.isPresent()) {
                        spaces.visit(tenant, known.get().slug(), known.get().limits());
                    }
                });
            }
        });
    }

    /** Loads a space, and completes its {@link TenantSpace#loaded}. Any thread; returns at once. */
    void load(TenantSpace space) {
        try {
            store.load(space.id())
                    .thenCompose(stored -> stored == StoredTenant.NOTHING
                            ? CompletableFuture.<@Nullable Void>completedFuture(null)
                            : tenants.find(space.id()).thenCompose(known -> restore(space, stored, known)))
                    .whenComplete((done, failure) -> {
                        if (failure == null) {
                            space.loaded().complete(null);
                        } else {
                            fail(space, failure);
                        }
                    });
        } catch (RuntimeException fault) {
            fail(space, fault);
        }
    }

    private void fail(TenantSpace space, Throwable failure) {
        log.warn("What is stored of tenant {} could not be loaded: {}", space.slug(), failure.toString());
        log.debug("The cause", failure);
        spaces.forget(space); // before its clients are told, so that the next attempt is another
        keeper.unload(space);
        space.loaded().completeExceptionally(failure);
    }

    private CompletableFuture<@Nullable Void> restore(
            TenantSpace space, StoredTenant stored, Optional<Tenants.Known> known) {
        if (known.isEmpty()) {
            return CompletableFuture.failedFuture(new IllegalStateException("the tenant is gone"));
        }
        for (var retained : stored.retained()) {
            space.retained().restore(space.store().publish(retained.message()), retained.clientId());
        }
        var held = hold(space, stored);
        var byLoop = new ArrayList<List<StoredTenant.Kept>>();
        loops.forEach(loop -> byLoop.add(new ArrayList<>()));
        for (var kept : stored.sessions()) {
            var home = homeOf.apply(space.id(), kept.session().clientId());
            byLoop.get(home.index()).add(kept);
        }
        // a Will may be due at once, and goes to sessions of every loop
        return onEachLoop(
                        loop -> byLoop.get(loop.index()).forEach(kept -> restore(space, loop, kept, known.get(), held)))
                .thenCompose(restored -> onEachLoop(
                        loop -> byLoop.get(loop.index()).forEach(kept -> awaitClient(space, loop, kept.session()))));
    }

    private CompletableFuture<@Nullable Void> onEachLoop(Consumer<SessionLoop> action) {
        return CompletableFuture.allOf(loops.stream()
                .map(loop -> CompletableFuture.runAsync(() -> action.accept(loop), loop.eventLoop()))
                .toArray(CompletableFuture[]::new));
    }

    private static Map<Long, Held> hold(TenantSpace space, StoredTenant stored) {
        var counts = new HashMap<Long, Integer>();
        for (var kept : stored.sessions()) {
            for (var place : kept.queue()) {
                counts.merge(place.message(), 1, Integer::sum);
            }
        }
        var held = new HashMap<Long, Held>();
        for (StoredMessage message : stored.messages()) {
            int holders = counts.getOrDefault(message.id(), 0);
            held.put(
                    message.id(),
                    new Held(
                            space.store().publish(message), space.store().storedDeposit(message.id(), holders, false)));
        }
        return held;
    }

    /** On the session's home loop. */
    private void restore(
            TenantSpace space,
            SessionLoop home,
            StoredTenant.Kept kept,
            Tenants.Known tenant,
            Map<Long, Held> messages) {
        var stored = kept.session();
        var holder = tenant.holder(stored.credential());
        if (holder == null) {
            // a session does not outlive the credential that opened it
            space.store().removeSession(stored.id());
            kept.queue().forEach(place -> heldAt(place, messages).deposit().forget());
            return;
        }
        var policy = AccessPolicy.compile(holder.access(), stored.clientId(), holder.name());
        var session = new Session(home, space, stored.credential(), holder.name(), stored.clientId(), policy);
        session.restore(
                stored.id(),
                kept.nextPosition(),
                stored.expirySeconds(),
                stored.will() == null ? null : TenantStore.will(stored.will()));
        space.restore(session);
        for (var subscription : kept.subscriptions()) {
            restore(space, session, subscription);
        }
        for (var place : kept.queue()) {
            var held = heldAt(place, messages);
            var shared = place.shared() == null ? null : TopicFilter.parse(place.shared());
            session.restore(place, held.message(), held.deposit(), shared);
        }
        kept.received().forEach(session::restoreReceived);
    }

    /** On the session's home loop; once all are restored. */
    private void awaitClient(TenantSpace space, SessionLoop home, StoredSession stored) {
        var session = space.sessionsOn(home).get(stored.clientId());
        if (session == null) {
            return;
        }
        if (stored.connected() && stored.expirySeconds() == 0) {
            keeper.end(space, session);
            return;
        }
        if (stored.connected()) {
            session.keep(); // the connection was lost with the node
        }
        keeper.awaitClient(space, session, stored.connected() ? Instant.now() : stored.since());
    }

    private static Held heldAt(StoredPlace place, Map<Long, Held> messages) {
        return Objects.requireNonNull(messages.get(place.message()), "a place without its message");
    }

    private static void restore(TenantSpace space, Session session, StoredSubscription stored) {
        var filter = TopicFilter.parse(stored.filter());
        if (filter == null) {
            log.warn("A stored subscription of tenant {} is none of this version's: {}", space.slug(), stored.filter());
            return;
        }
        var answer = session.policy().subscribe(filter);
        if (answer.refusal() != null) {
            session.keepWithout(filter, null);
            return;
        }
        var requested = QoS.of(stored.qos());
        var delivery = new Delivery(
                session,
                requested.atMost(answer.maxQos()),
                stored.noLocal(),
                stored.retainAsPublished(),
                stored.subscriptionId() == 0 ? null : new int[] {stored.subscriptionId()},
                filter);
        space.subscribe(new Subscription(filter, requested, stored.subscriptionId(), answer.hidden(), delivery));
    }
}
