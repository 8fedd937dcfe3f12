package dev.dunlin.messagestore;

import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.MessageStore.Listener;
import dev.dunlin.engine.port.MessageStore.Refusal;
import dev.dunlin.engine.port.StoreChange;
import dev.dunlin.engine.port.StoreChange.Queued;
import dev.dunlin.engine.port.StoreChange.RetainedChanged;
import dev.dunlin.engine.port.StoreChange.RetainedTopic;
import dev.dunlin.engine.port.StoreChange.SessionPut;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.port.StoredRetained;
import dev.dunlin.engine.port.StoredSession;
import dev.dunlin.engine.port.StoredSession.StoredWill;
import dev.dunlin.engine.port.StoredSubscription;
import dev.dunlin.engine.port.StoredTenant;
import dev.dunlin.engine.port.TenantId;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/** A store as seen by the tests: changes by their futures, values with names from the domain. */
final class StoreFixture implements AutoCloseable {
    static final Instant MORNING = Instant.parse("2026-03-01T06:00:00Z");
    static final CredentialId BOILER = new CredentialId(new UUID(1, 7));
    private static final byte[] NOTHING = {};

    final PostgresMessageStore store;

    StoreFixture(PostgresMessageStore store) {
        this.store = store;
    }

    static StoreFixture open(JdbcConnectionDetails database) {
        return open(database, Clock.systemUTC(), DiskRoom.Probe.UNKNOWN, 20_000);
    }

    static StoreFixture open(JdbcConnectionDetails database, Clock clock, DiskRoom.Probe disk, int maxWaiting) {
        return new StoreFixture(new PostgresMessageStore(database, clock, disk, 2, maxWaiting, 64L << 20));
    }

    /** Completes when the change is stored, exceptionally with {@link RefusedException} if it is refused. */
    CompletableFuture<Void> change(TenantId tenant, StoreChange change) {
        var outcome = new CompletableFuture<Void>();
        store.change(tenant, change, new Listener() {
            @Override
            public void onStored() {
                outcome.complete(null);
            }

            @Override
            public void onRefused(Refusal why) {
                outcome.completeExceptionally(new RefusedException(why));
            }
        });
        return outcome;
    }

    static final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1L;
        final Refusal why;

        RefusedException(Refusal why) {
            super(why.toString());
            this.why = why;
        }
    }

    void stored(TenantId tenant, StoreChange... changes) {
        var all = Arrays.stream(changes).map(change -> change(tenant, change)).toArray(CompletableFuture[]::new);
        get(CompletableFuture.allOf(all));
    }

    StoredTenant load(TenantId tenant) {
        return get(store.load(tenant).toCompletableFuture());
    }

    static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(20, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    StoredSession session(String clientId) {
        return new StoredSession(store.newId(), clientId, BOILER, 3600, true, MORNING, null);
    }

    static StoredSession left(StoredSession session, Instant since, @Nullable StoredWill will) {
        return new StoredSession(
                session.id(), session.clientId(), session.credential(), session.expirySeconds(), false, since, will);
    }

    StoredMessage message(String topic, String payload) {
        return new StoredMessage(
                store.newId(), topic, payload.getBytes(StandardCharsets.UTF_8), NOTHING, 1, false, -1, null);
    }

    static StoredPlace place(StoredSession session, long position, StoredMessage message) {
        return new StoredPlace(session.id(), position, message.id(), 1, false, false, List.of(), null);
    }

    static Queued queued(StoredMessage message, StoredPlace... places) {
        return new Queued(message, List.of(places), null);
    }

    static SessionPut put(StoredSession session) {
        return new SessionPut(session);
    }

    static StoredSubscription subscription(String filter, int qos) {
        return new StoredSubscription(filter, qos, false, false, 0);
    }

    static RetainedChanged retained(String topic, java.util.function.Supplier<@Nullable StoredRetained> now) {
        return new RetainedChanged(new RetainedTopic() {
            @Override
            public String name() {
                return topic;
            }

            @Override
            public @Nullable StoredRetained now() {
                return now.get();
            }
        });
    }

    static StoredRetained retainedMessage(String topic, String payload) {
        return new StoredRetained(
                new StoredMessage(0, topic, payload.getBytes(StandardCharsets.UTF_8), NOTHING, 1, true, -1, null),
                "boiler");
    }

    static String text(StoredMessage message) {
        return new String(message.payload(), StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws InterruptedException {
        store.destroy();
    }
}
