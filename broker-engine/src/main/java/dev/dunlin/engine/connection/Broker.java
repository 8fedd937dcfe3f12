package dev.dunlin.engine.connection;

import dev.dunlin.engine.port.AccessChanges;
import dev.dunlin.engine.port.Authenticator;
import dev.dunlin.engine.port.EnhancedAuthentication;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.Presence;
import dev.dunlin.engine.port.Tenants;
import dev.dunlin.engine.routing.Router;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.tenant.TenantSpaces;
import io.netty.channel.EventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelGroupFuture;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all connections of one engine share. Immutable but for the counters, which any thread may use. */
public final class Broker {
    private static final Logger log = LoggerFactory.getLogger(Broker.class);
    private static final int MAX_QUESTIONS = 20_000;

    /** How long a tenant stays loaded after its last connection: most come again, and can while the store is away. */
    private static final long IDLE_SPACE_NANOS = TimeUnit.MINUTES.toNanos(10);

    final List<SessionLoop> loops;
    final List<Router> routers;
    final TenantSpaces spaces;
    final Authenticator authenticator;
    final EnhancedAuthentication enhancedAuthentication;
    final AccessChanges accessChanges;
    final IncidentCounters incidents;
    final Presence presence;
    final FailedLogins failedLogins;
    final LongSupplier nanoClock;
    final Publishing publishing;
    final SessionKeeper keeper;
    private final SpaceLoader loader;
    final List<LoopConnections> connections;
    final List<TakeOvers> takeOvers;
    final HeldBytes heldByStrangers = HeldBytes.ofStrangers();
    final HeldBytes heldByClients = HeldBytes.ofClients();
    final HeldBytes unsent = HeldBytes.ofUnsent();

    /** Connections that no client is accepted on yet. */
    final ChannelGroup beginning = new DefaultChannelGroup("beginning", GlobalEventExecutor.INSTANCE, true);

    final AtomicLong connectionIds = new AtomicLong();
    private final AtomicInteger questions = new AtomicInteger();

    public Broker(
            List<SessionLoop> loops,
            TenantSpaces spaces,
            Authenticator authenticator,
            EnhancedAuthentication enhancedAuthentication,
            AccessChanges accessChanges,
            IncidentCounters incidents,
            Presence presence,
            FailedLogins failedLogins,
            MessageStore store,
            Tenants tenants,
            LongSupplier nanoClock) {
        this.loops = loops;
        this.routers = loops.stream().map(loop -> new Router(loop, loops)).toList();
        this.spaces = spaces;
        this.authenticator = authenticator;
        this.enhancedAuthentication = enhancedAuthentication;
        this.accessChanges = accessChanges;
        this.incidents = incidents;
        this.presence = presence;
        this.failedLogins = failedLogins;
        this.nanoClock = nanoClock;
        this.publishing = new Publishing(routers, incidents);
        this.keeper = new SessionKeeper(loops, spaces, publishing);
        this.loader = new SpaceLoader(store, tenants, spaces, keeper, loops, this::homeOf);
        this.connections =
                loops.stream().map(loop -> new LoopConnections(loop, nanoClock)).toList();
        this.takeOvers = loops.stream()
                .map(loop -> new TakeOvers(loop.eventLoop(), nanoClock))
                .toList();
    }

    /** Applies changes of access from now on, loads tenants that are asked for, and lets go of those that are idle. */
    public void start() {
        spaces.loadWith(loader::load);
        accessChanges.listen(keeper::apply);
        loops.get(0)
                .eventLoop()
                .scheduleWithFixedDelay(
                        () -> spaces.unloadIdle(IDLE_SPACE_NANOS, keeper::unload), 10, 10, TimeUnit.SECONDS);
    }

    /**
     * Sees to the Wills of clients that were lost with a node, once clients can connect: a broker that could not open its
     * listeners leaves them to the next one. Any thread; returns at once.
     */
    public void seeToWills() {
        loader.visitThoseWithWills();
    }

    public List<LoopConnections> connections() {
        return connections;
    }

    /** Closes the connections that no client is accepted on, and any that comes later. */
    public ChannelGroupFuture closeBeginning() {
        return beginning.close();
    }

    SessionLoop loopOf(EventLoop eventLoop) {
        for (var loop : loops) {
            if (loop.eventLoop() == eventLoop) {
                return loop;
            }
        }
        throw new IllegalStateException("a connection on a loop of another engine");
    }

    /** Where the session of a client lives: always the same loop, so that two connections of one client meet there. */
    SessionLoop homeOf(Object tenant, String clientId) {
        int hash = 31 * tenant.hashCode() + clientId.hashCode();
        hash ^= hash >>> 16;
        return loops.get(Math.floorMod(hash * 0x9E37_79B9, loops.size()));
    }

    /**
     * Asks what may take its time to be answered. Only so many questions wait at once; beyond that, and if the question
     * fails, the answer is {@code unavailable}.
     *
     * @param answered runs on the connection's loop, at once if the answer is there
     */
    <T> void ask(Connection connection, Supplier<CompletionStage<T>> question, T unavailable, Consumer<T> answered) {
        if (questions.incrementAndGet() > MAX_QUESTIONS) {
            questions.decrementAndGet();
            hand(unavailable, answered, connection);
            return;
        }
        stage(question).whenComplete((answer, failure) -> {
            questions.decrementAndGet();
            if (failure != null) {
                log.warn("A log-in could not be judged: {}", failure.toString());
            }
            try {
                connection.runOnLoop(() -> hand(failure == null ? answer : unavailable, answered, connection));
            } catch (RejectedExecutionException shuttingDown) {
                log.debug("A log-in was answered after the end of the engine");
            }
        });
    }

    private static <T> void hand(T answer, Consumer<T> answered, Connection connection) {
        try {
            answered.accept(answer);
        } catch (RuntimeException fault) {
            connection.fail(fault); // it would be lost in the stage of the answer, and the client would hang
        }
    }

    private static <T> CompletionStage<T> stage(Supplier<CompletionStage<T>> question) {
        try {
            return question.get();
        } catch (RuntimeException failure) {
            return CompletableFuture.failedFuture(failure);
        }
    }

    void report(Incident incident) {
        incidents.report(incident);
    }
}
