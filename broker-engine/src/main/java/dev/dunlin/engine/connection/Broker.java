package dev.dunlin.engine.connection;

import dev.dunlin.engine.port.AccessChanges;
import dev.dunlin.engine.port.Authenticator;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Presence;
import dev.dunlin.engine.routing.Router;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.tenant.TenantSpaces;
import io.netty.channel.EventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelGroupFuture;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** What all connections of one engine share. Immutable but for the counters, which any thread may use. */
public final class Broker {
    final List<SessionLoop> loops;
    final List<Router> routers;
    final TenantSpaces spaces;
    final Authenticator authenticator;
    final AccessChanges accessChanges;
    final IncidentCounters incidents;
    final Presence presence;
    final FailedLogins failedLogins;
    final LongSupplier nanoClock;
    final Publishing publishing;
    final SessionKeeper keeper;
    final List<LoopConnections> connections;

    /** Connections that no client is accepted on yet. */
    final ChannelGroup beginning = new DefaultChannelGroup("beginning", GlobalEventExecutor.INSTANCE, true);

    final AtomicLong connectionIds = new AtomicLong();
    final AtomicInteger loginsInFlight = new AtomicInteger();

    public Broker(
            List<SessionLoop> loops,
            TenantSpaces spaces,
            Authenticator authenticator,
            AccessChanges accessChanges,
            IncidentCounters incidents,
            Presence presence,
            FailedLogins failedLogins,
            LongSupplier nanoClock) {
        this.loops = loops;
        this.routers = loops.stream().map(loop -> new Router(loop, loops)).toList();
        this.spaces = spaces;
        this.authenticator = authenticator;
        this.accessChanges = accessChanges;
        this.incidents = incidents;
        this.presence = presence;
        this.failedLogins = failedLogins;
        this.nanoClock = nanoClock;
        this.publishing = new Publishing(routers, incidents);
        this.keeper = new SessionKeeper(loops, spaces, publishing);
        this.connections = loops.stream().map(loop -> new LoopConnections()).toList();
    }

    /** Applies changes of access from now on. */
    public void start() {
        accessChanges.listen(keeper::apply);
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

    void report(Incident incident) {
        incidents.report(incident);
    }
}
