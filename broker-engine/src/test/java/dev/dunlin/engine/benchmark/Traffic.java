package dev.dunlin.engine.benchmark;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * Messages between {@link Group}s of publishers and subscribers that are connected to one broker, as many as it takes or so
 * many a second. The thread that made it alone uses it.
 */
final class Traffic {
    private static final Duration DRAIN = Duration.ofSeconds(10);
    private static final Duration TICK = Duration.ofMillis(1);

    private final List<Group> groups = new ArrayList<>();
    private final Map<EventLoop, Latencies> latencies = new HashMap<>();
    private final List<ScheduledFuture<?>> ticks = new ArrayList<>();
    private final int perSecond;
    private final int port;

    /** @param perSecond messages that all publishers send together, 0 for as many as the broker takes */
    Traffic(EventLoopGroup loops, int port, String name, List<Group.Plan> plans, Group.Pace pace, int perSecond) {
        this.port = port;
        this.perSecond = perSecond;
        for (var plan : plans) {
            var loop = loops.next();
            var latency = latencies.computeIfAbsent(loop, key -> new Latencies());
            groups.add(new Group(loop, name + "-" + groups.size(), plan, pace, latency));
        }
    }

    void connect() throws InterruptedException {
        Connections.each(groupOf().entrySet(), entry -> entry.getValue().open(entry.getKey(), port));
    }

    /** Leaves no session behind. */
    void disconnect() throws InterruptedException {
        var groupOf = groupOf();
        Connections.each(groupOf.keySet(), Client::close);
        groupOf.keySet().removeIf(Client::isClean);
        Connections.each(
                groupOf.entrySet(),
                entry -> entry.getKey().endSession(entry.getValue().loop(), port));
    }

    private Map<Client, Group> groupOf() {
        var groupOf = new LinkedHashMap<Client, Group>();
        groups.forEach(group -> group.clients().forEach(client -> groupOf.put(client, group)));
        return groupOf;
    }

    void start() {
        if (perSecond == 0) {
            groups.forEach(group -> group.loop().execute(group::start));
            return;
        }
        long startNanos = System.nanoTime();
        latencies.keySet().forEach(loop -> {
            var own = groups.stream().filter(group -> group.loop() == loop).toList();
            ticks.add(loop.scheduleAtFixedRate(
                    () -> publishDue(own, System.nanoTime() - startNanos), 0, TICK.toNanos(), TimeUnit.NANOSECONDS));
        });
    }

    /** The groups take turns, so that a tick has work for a few of them. */
    private void publishDue(List<Group> own, long sinceStartNanos) {
        double ofEach = (double) perSecond / groups.size() * sinceStartNanos / 1e9;
        for (int i = 0; i < own.size(); i++) {
            own.get(i).publishUpTo((long) (ofEach + (double) i / own.size()));
        }
    }

    void beginLatencies() throws InterruptedException {
        for (var own : latencies.entrySet()) {
            own.getKey().submit(own.getValue()::begin).sync();
        }
    }

    /** How long the messages took that arrived since {@link #beginLatencies}. */
    Latencies endLatencies() throws InterruptedException {
        var all = new Latencies();
        for (var own : latencies.entrySet()) {
            own.getKey().submit(own.getValue()::end).sync();
            all.addAll(own.getValue());
        }
        return all;
    }

    /** Stops publishing, and waits until all that was sent has arrived, or will not. */
    Group.Count finish() throws InterruptedException {
        ticks.forEach(tick -> tick.cancel(false));
        onGroups(group -> {
            group.stop();
            return true;
        });
        long deadline = System.nanoTime() + DRAIN.toNanos();
        while (onGroups(Group::isIdle).contains(false) && System.nanoTime() < deadline) {
            pause(Duration.ofMillis(5));
        }
        return count();
    }

    Group.Count count() throws InterruptedException {
        return onGroups(Group::count).stream().reduce(Group.Count.NONE, Group.Count::plus);
    }

    /** Asks all groups, each loop once. */
    private <T> List<T> onGroups(Function<Group, T> question) throws InterruptedException {
        var answers = new ArrayList<T>();
        for (var loop : latencies.keySet()) {
            var asked = loop.submit(() -> groups.stream()
                    .filter(group -> group.loop() == loop)
                    .map(question)
                    .toList());
            answers.addAll(asked.sync().getNow());
        }
        return answers;
    }

    static void pause(Duration time) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(time.toNanos());
    }
}
