package dev.dunlin.engine;

import dev.dunlin.engine.connection.Broker;
import dev.dunlin.engine.connection.Connection;
import dev.dunlin.engine.connection.Drops;
import dev.dunlin.engine.connection.IncidentCounters;
import dev.dunlin.engine.port.TenantMemory;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.session.LoopCounters;
import dev.dunlin.engine.session.MessageMemory;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.settings.EngineStartException;
import dev.dunlin.engine.tenant.TenantSpace;
import dev.dunlin.engine.tenant.TenantSpaces;
import dev.dunlin.engine.transport.ConnectGuard;
import dev.dunlin.engine.transport.EventLoops;
import dev.dunlin.engine.transport.Listeners;
import dev.dunlin.engine.transport.Peer;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;

/** A running MQTT engine. All methods may be called on any thread but an event loop. */
public final class BrokerEngine {
    private final EventLoopGroup workers;
    private final List<SessionLoop> loops;
    private final IncidentCounters incidents;
    private final MessageMemory.Pool memory;
    private final TenantSpaces spaces;
    private final Broker broker;
    private final Listeners listeners;
    private final UsageReporter usageReporter;

    private BrokerEngine(EngineSettings settings, EnginePorts ports) throws EngineStartException {
        workers = EventLoops.of(settings.io()).newGroup(settings.eventLoops(), "dunlin-loop");
        try {
            var eventLoops = new ArrayList<EventLoop>();
            workers.forEach(eventLoop -> eventLoops.add((EventLoop) eventLoop));
            loops = SessionLoop.of(eventLoops);
            incidents = new IncidentCounters(ports.incidents());
            long memoryBytes = settings.messageMemoryBytes();
            memory = memoryBytes == EngineSettings.BY_HEAP
                    ? MessageMemory.Pool.byHeap()
                    : new MessageMemory.Pool(memoryBytes);
            spaces = new TenantSpaces(
                    loops.size(), System::nanoTime, ports.taps(), new Drops(incidents), ports.store(), memory);
            var guard = new ConnectGuard(settings.connectRate(), settings.failedLogins());
            broker = new Broker(
                    loops,
                    spaces,
                    ports.authenticator(),
                    ports.enhancedAuthentication(),
                    ports.accessChanges(),
                    incidents,
                    ports.presence(),
                    guard::mayAnswerFailure,
                    ports.store(),
                    ports.tenants(),
                    System::nanoTime);
            broker.start();
            listeners = Listeners.open(settings, workers, guard, this::newConnection);
            broker.seeToWills();
        } catch (EngineStartException | RuntimeException failed) {
            workers.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw failed;
        }
        usageReporter = new UsageReporter(loops, broker.connections(), ports.usage());
    }

    /**
     * Opens all listeners, or none.
     *
     * @throws EngineStartException if a port is taken, or a certificate cannot be read or made
     */
    public static BrokerEngine start(EngineSettings settings, EnginePorts ports) throws EngineStartException {
        return new BrokerEngine(settings, ports);
    }

    private ChannelHandler newConnection(Peer peer, Channel channel) {
        return new Connection(broker, peer.transport(), peer.address(), peer.certificate(), channel.eventLoop());
    }

    /** The port of each listener that is open. */
    public Map<Transport, Integer> listeners() {
        return listeners.ports();
    }

    public EngineStatistics statistics() {
        return new EngineStatistics(
                sumOfSpaces(TenantSpace::connections),
                spaces.all().size(),
                sumOfSpaces(TenantSpace::sessionCount),
                sumOfLoops(LoopCounters::messagesIn),
                sumOfLoops(LoopCounters::bytesIn),
                sumOfLoops(LoopCounters::messagesOut),
                sumOfLoops(LoopCounters::bytesOut),
                sumOfLoops(LoopCounters::messagesDropped),
                memory.most(),
                incidents.counts());
    }

    /** What each loaded tenant takes of this process's memory now. */
    public List<TenantMemory> memory() {
        return spaces.all().stream()
                .map(space -> new TenantMemory(
                        space.id(),
                        space.slug(),
                        space.connections(),
                        space.bufferBytes().get(),
                        space.memory().queuedBytes(),
                        space.memory().retainedBytes()))
                .toList();
    }

    private long sumOfSpaces(ToLongFunction<TenantSpace> count) {
        return spaces.all().stream().mapToLong(count).sum();
    }

    private long sumOfLoops(ToLongFunction<LoopCounters> count) {
        return loops.stream().map(SessionLoop::counters).mapToLong(count).sum();
    }

    /** Stops accepting, tells MQTT 5 clients 0x8B (Server shutting down), flushes and closes; at most {@code timeout}. */
    public void stop(Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        listeners.stop();
        closeConnections(deadline);
        usageReporter.stop();
        workers.shutdownGracefully(0, Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)
                .awaitUninterruptibly(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    }

    private void closeConnections(long deadline) {
        broker.closeBeginning().awaitUninterruptibly(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        Queue<ChannelFuture> closing = new ConcurrentLinkedQueue<>();
        var asked = new CountDownLatch(loops.size());
        for (var loop : loops) {
            loop.eventLoop().execute(() -> {
                broker.connections().get(loop.index()).all().forEach(open -> closing.add(open.shutDown()));
                asked.countDown();
            });
        }
        try {
            asked.await(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        for (var channel : closing) {
            channel.awaitUninterruptibly(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
        }
    }
}
