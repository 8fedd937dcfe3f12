package dev.dunlin.engine.routing;

import dev.dunlin.engine.access.AccessPolicy;
import dev.dunlin.engine.packet.MessageProperties;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.port.Access;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.engine.session.Delivery;
import dev.dunlin.engine.session.MessageMemory;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.session.Subscription;
import dev.dunlin.engine.tenant.TenantSpace;
import dev.dunlin.engine.tenant.TenantSpaces;
import dev.dunlin.engine.testkit.MemoryPorts;
import dev.dunlin.engine.topic.TopicFilter;
import dev.dunlin.engine.topic.TopicName;
import dev.dunlin.engine.transport.EventLoops;
import io.netty.channel.EventLoopGroup;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What it costs to learn where a message goes: by the table of known routes, and by the tree of 10,000 subscriptions. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RouterBenchmark {
    private static final int SUBSCRIPTIONS = 10_000;
    private static final int TOPICS = 1_000;

    private final EventLoopGroup eventLoops = EventLoops.best().newGroup(1, "benchmark");
    private final List<SessionLoop> loops = SessionLoop.of(List.of(eventLoops.next()));
    private final TenantSpace space;
    private final Router router = new Router(loops.get(0), loops);
    /** Nobody subscribes to these, so that delivering costs nothing. */
    private final Publish[] unheard = new Publish[TOPICS];

    private final TopicName[] heard = new TopicName[TOPICS];
    private int next;

    public RouterBenchmark() {
        var tenant = new TenantId(UUID.randomUUID());
        var credential = new CredentialId(UUID.randomUUID());
        var access = new Access(0, List.of());
        var ports = new MemoryPorts().asEnginePorts();
        var spaces = new TenantSpaces(
                1,
                System::nanoTime,
                ports.taps(),
                (in, session, message, reason) -> {},
                ports.store(),
                MessageMemory.Pool.byHeap());
        space = spaces.enter(tenant, "acme", TenantLimits.NONE);
        var policy = AccessPolicy.compile(access, "client", "boiler-7");
        var session = new Session(loops.get(0), space, credential, "boiler-7", "client", policy);
        for (int i = 0; i < SUBSCRIPTIONS; i++) {
            var filter = TopicFilter.of("plant/" + i + "/+");
            var delivery = new Delivery(session, QoS.AT_MOST_ONCE, false, false, null, filter);
            space.subscribe(new Subscription(filter, QoS.AT_MOST_ONCE, 0, List.of(), delivery));
        }
        for (int i = 0; i < TOPICS; i++) {
            heard[i] = TopicName.of("plant/" + i + "/temperature");
            unheard[i] = new Publish(
                    TopicName.of("office/" + i + "/temperature"),
                    new byte[100],
                    QoS.AT_MOST_ONCE,
                    false,
                    false,
                    0,
                    MessageProperties.NONE,
                    Publish.NEVER);
        }
    }

    @TearDown
    public void stop() {
        eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private int nextIndex() {
        next = (next + 1) % TOPICS;
        return next;
    }

    @Benchmark
    public void lookUpKnown() {
        router.route(space, unheard[nextIndex()], null, null);
    }

    @Benchmark
    public Object find() {
        return Route.find(space, heard[nextIndex()], 1);
    }
}
