package dev.dunlin.engine.benchmark;

import static dev.dunlin.engine.benchmark.BrokerKind.DUNLIN;
import static dev.dunlin.engine.benchmark.BrokerKind.ENGINE;
import static dev.dunlin.engine.benchmark.BrokerKind.FLOOR;
import static dev.dunlin.engine.benchmark.BrokerKind.HIVEMQ;
import static dev.dunlin.engine.benchmark.BrokerKind.MOQUETTE;
import static dev.dunlin.engine.benchmark.BrokerKind.MOSQUITTO;
import static dev.dunlin.engine.benchmark.Row.Ceiling.goal;
import static dev.dunlin.engine.benchmark.Row.Ceiling.must;

import dev.dunlin.engine.benchmark.Group.Pace;
import dev.dunlin.engine.benchmark.Group.Plan;
import dev.dunlin.engine.benchmark.Group.Plan.Publishers;
import dev.dunlin.engine.benchmark.Group.Plan.Subscribers;
import dev.dunlin.engine.benchmark.Row.Against;
import dev.dunlin.engine.benchmark.Row.Ceiling;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The table's loads, in its order. */
final class Loads {
    private static final Set<BrokerKind> OURS = EnumSet.of(DUNLIN, ENGINE);
    private static final Set<BrokerKind> WITH_MOSQUITTO = EnumSet.of(DUNLIN, ENGINE, MOSQUITTO);
    private static final Set<BrokerKind> WITH_FLOOR = EnumSet.of(DUNLIN, ENGINE, MOSQUITTO, FLOOR);
    private static final Set<BrokerKind> WITH_JAVA = EnumSet.of(DUNLIN, ENGINE, MOSQUITTO, HIVEMQ);
    private static final Set<BrokerKind> WITH_ALL_BROKERS = EnumSet.of(DUNLIN, ENGINE, MOSQUITTO, HIVEMQ, MOQUETTE);

    private static final String ONE_TENANT = "one tenant in 1,000 parts, 5,000 devices, one in flight";

    private Loads() {}

    static List<Load> all() {
        return List.of(
                batchedPairs(0, 0.06),
                batchedPairs(1, 0.07),
                batchedPairs(2, 0.06),
                singlePairs(0),
                singlePairs(1),
                singlePairs(2),
                fanIn(),
                shared(),
                fanOut(0, 0.17),
                fanOut(1, 0.20),
                filters(),
                oneTenant(),
                tenants(),
                retained(),
                latency(),
                connect(),
                idle());
    }

    /** Those that run only when they are named: they take longer, and are about nobody but us. */
    static List<Load> further() {
        var loads = new ArrayList<Load>();
        loads.add(idleCpu());
        loads.add(slowSubscriber());
        loads.add(offline());
        loads.add(onlineDurable());
        loads.addAll(GrowthLoads.all());
        return loads;
    }

    private static Load idleCpu() {
        return new IdleCpuLoad(
                "idle-cpu",
                new Row("CPU without a connection", "% of core", List.of(must(1, Against.UNIT))),
                new Row(
                        "CPU with %,d idle connections, keep-alive 60 s".formatted(IdleCpuLoad.CONNECTIONS),
                        "% of core",
                        List.of(must(10, Against.UNIT))),
                WITH_MOSQUITTO);
    }

    static Load slowSubscriber() {
        return new SlowSubscriberLoad(
                "slow-subscriber", "100 pairs at 5,000/s beside two that never read", must(2, Against.UNIT), OURS);
    }

    private static Load offline() {
        return new OfflineLoad(
                "offline",
                "QoS 1, %d offline durable sessions".formatted(OfflineSessions.SESSIONS),
                List.of(must(0.4, Against.HIVEMQ)),
                List.of(must(1e6 / 30_000, Against.UNIT)),
                List.of(must(0.3, Against.HIVEMQ)),
                EnumSet.of(DUNLIN, HIVEMQ));
    }

    private static Load onlineDurable() {
        return new OnlineDurableLoad(
                "online-durable", "50 pairs, 20 in flight each, QoS 1", 1.3, EnumSet.of(DUNLIN), new Pace(1, 20));
    }

    private static Ceiling[] besideMosquitto(double must, double goal) {
        return new Ceiling[] {must(must, Against.MOSQUITTO), goal(goal, Against.MOSQUITTO)};
    }

    private static Ceiling[] besideMosquittoAndFloor(double must, double goal) {
        return Stream.concat(
                        Stream.of(besideMosquitto(must, goal)),
                        Stream.of(must(4, Against.FLOOR), goal(2, Against.FLOOR)))
                .toArray(Ceiling[]::new);
    }

    static List<Plan> plans(int count, IntFunction<Plan> plan) {
        return IntStream.range(0, count).mapToObj(plan).toList();
    }

    static List<Plan> pairs(int count) {
        return pairs(count, true);
    }

    /** @param isClean whether the subscribers' sessions end with their connections */
    static List<Plan> pairs(int count, boolean isClean) {
        return plans(count, i -> {
            var topic = "bench/" + i + "/data";
            return new Plan(
                    List.of(new Publishers(Accounts.MAIN, List.of(topic))),
                    List.of(new Subscribers(Accounts.MAIN, List.of(topic), isClean)),
                    1);
        });
    }

    private static Load batchedPairs(int qos, double goal) {
        var ceilings = qos == 0 ? besideMosquittoAndFloor(0.20, goal) : besideMosquitto(0.20, goal);
        var brokers = EnumSet.copyOf(WITH_ALL_BROKERS);
        if (qos == 0) {
            brokers.add(FLOOR);
        }
        return new MessageLoad(
                "pairs" + qos,
                List.of(Row.cpu("50 pairs, 200 in flight each, QoS " + qos, ceilings)),
                brokers,
                () -> pairs(50),
                new Pace(qos, 200),
                0,
                0);
    }

    private static Load singlePairs(int qos) {
        var brokers = EnumSet.copyOf(WITH_ALL_BROKERS);
        if (qos == 0) {
            brokers.add(FLOOR);
        }
        return new MessageLoad(
                "single" + qos,
                List.of(Row.cpu("500 pairs, one in flight each, QoS " + qos, besideMosquitto(1.2, 0.9))),
                brokers,
                () -> pairs(500),
                new Pace(qos, 1),
                0,
                0);
    }

    private static List<Plan> toOneTopic(int subscribers, String filter) {
        return List.of(new Plan(
                IntStream.range(0, 50)
                        .mapToObj(i -> new Publishers(Accounts.MAIN, List.of("fan-in/data")))
                        .toList(),
                IntStream.range(0, subscribers)
                        .mapToObj(i -> new Subscribers(Accounts.MAIN, List.of(filter)))
                        .toList(),
                1));
    }

    private static Load fanIn() {
        return new MessageLoad(
                "fan-in",
                List.of(Row.cpu(
                        "fan-in: 50 publishers, 20 in flight each, to one", besideMosquittoAndFloor(0.3, 0.11))),
                WITH_FLOOR,
                () -> toOneTopic(1, "fan-in/data"),
                new Pace(0, 20),
                0,
                0);
    }

    private static Load shared() {
        return new MessageLoad(
                "shared",
                List.of(Row.cpu("fan-in: the same to a shared subscription of 4", besideMosquitto(0.3, 0.16))),
                WITH_MOSQUITTO,
                () -> toOneTopic(4, "$share/group/fan-in/data"),
                new Pace(0, 20),
                0,
                0);
    }

    private static Load fanOut(int qos, double goal) {
        int subscribers = 1_000;
        var ceilings = qos == 0 ? besideMosquittoAndFloor(0.35, goal) : besideMosquitto(0.35, goal);
        return new MessageLoad(
                "fan-out" + qos,
                List.of(Row.cpu("fan-out to 1,000, 10 in flight, QoS " + qos, ceilings)),
                qos == 0 ? WITH_FLOOR : WITH_MOSQUITTO,
                () -> List.of(new Plan(
                        List.of(new Publishers(Accounts.MAIN, List.of("fan-out/data"))),
                        IntStream.range(0, subscribers)
                                .mapToObj(i -> new Subscribers(Accounts.MAIN, List.of("fan-out/data")))
                                .toList(),
                        subscribers)),
                new Pace(qos, 10),
                0,
                0);
    }

    private static Load filters() {
        return new MessageLoad(
                "filters",
                List.of(Row.cpu("100,000 filters, publishes over 60,000 topics", besideMosquitto(0.5, 0.25))),
                WITH_MOSQUITTO,
                () -> List.of(LargeTree.plan()),
                new Pace(0, 50),
                0,
                0);
    }

    /** Four devices publish one message at a time, the fifth reads them. */
    private static Plan workshop(String prefix, IntFunction<String> userName) {
        return new Plan(
                IntStream.range(1, Accounts.DEVICES_OF_TENANT)
                        .mapToObj(i ->
                                new Publishers(userName.apply(i), List.of(prefix + "machine/" + i + "/temperature")))
                        .toList(),
                List.of(new Subscribers(userName.apply(0), List.of(prefix + "machine/+/temperature"))),
                1);
    }

    private static Load oneTenant() {
        return new MessageLoad(
                "one-tenant",
                List.of(Row.cpu(ONE_TENANT)),
                OURS,
                () -> plans(Accounts.TENANTS, i -> workshop("workshop/" + i + "/", device -> Accounts.MAIN)),
                new Pace(0, 1),
                0,
                0);
    }

    private static Load tenants() {
        var against = Against.ownRow("one tenant", ONE_TENANT);
        return new MessageLoad(
                "tenants",
                List.of(Row.cpu(
                        "1,000 tenants of 5 devices, same topics, one in flight",
                        must(1.3, against),
                        goal(1.1, against))),
                OURS,
                () -> plans(Accounts.TENANTS, i -> workshop("workshop/1/", device -> Accounts.userName(i, device))),
                new Pace(0, 1),
                Accounts.TENANTS,
                0);
    }

    private static Load retained() {
        return new RetainedLoad(
                "retained",
                Row.cpu("50,000 retained messages to a new # subscriber", besideMosquitto(3, 0.6)),
                WITH_MOSQUITTO);
    }

    private static Load latency() {
        var title = "20,000 messages/s over 100 pairs, QoS 0: ";
        return new MessageLoad(
                "latency",
                List.of(
                        new Row(title + "p50", "us", List.of(besideMosquitto(1.5, 1.15))),
                        new Row(title + "p99", "us", List.of(besideMosquitto(3, 1.5)))),
                WITH_MOSQUITTO,
                () -> pairs(100),
                new Pace(0, 1_000),
                0,
                20_000);
    }

    private static Load connect() {
        return new ConnectLoad(
                "connect",
                Row.cpu(
                        "connect + subscribe with a real credential check",
                        must(0.25, Against.HIVEMQ),
                        goal(2.5, Against.MOSQUITTO)),
                Row.cpu("the same: its PostgreSQL"),
                WITH_JAVA);
    }

    private static Load idle() {
        var title = "idle connection with one subscription, after %,d: ".formatted(IdleLoad.CONNECTIONS);
        return new IdleLoad(
                "idle",
                new Row(title + "live heap", "bytes", List.of(must(3_000, Against.UNIT), goal(2_000, Against.UNIT))),
                new Row(title + "resident", "bytes", List.of(must(5_000, Against.UNIT), goal(3_500, Against.UNIT))),
                WITH_JAVA);
    }

    /**
     * A plant of 60,000 topics and 100,000 filters, of which 10,000 have wildcards. Each topic reaches four of the 100
     * subscribers, by one filter each.
     */
    private static final class LargeTree {
        private static final int PLANTS = 60;
        private static final int LINES = 10;
        private static final int MACHINES = 100;
        private static final int PUBLISHERS = 10;
        /** Subscribers by what matches: the topic itself, and three kinds of wildcards. */
        private static final int SUBSCRIBERS_OF_KIND = 25;

        private static final int KINDS = 4;

        private final List<List<String>> filters = new ArrayList<>();
        private final List<List<String>> topics = new ArrayList<>();

        private LargeTree() {
            for (int i = 0; i < KINDS * SUBSCRIBERS_OF_KIND; i++) {
                filters.add(new ArrayList<>());
            }
            for (int i = 0; i < PUBLISHERS; i++) {
                topics.add(new ArrayList<>());
            }
        }

        static Plan plan() {
            var tree = new LargeTree();
            tree.fill();
            return new Plan(
                    tree.topics.stream()
                            .map(of -> new Publishers(Accounts.MAIN, of))
                            .toList(),
                    tree.filters.stream()
                            .map(of -> new Subscribers(Accounts.MAIN, of))
                            .toList(),
                    KINDS);
        }

        private void fill() {
            int count = 0;
            for (int plant = 0; plant < PLANTS; plant++) {
                for (int line = 0; line < LINES; line++) {
                    var ofLine = "plant/%d/line/%d/".formatted(plant, line);
                    add(1, plant * LINES + line, ofLine + "machine/+/temperature");
                    add(3, plant * LINES + line, ofLine + "#");
                    for (int machine = 0; machine < MACHINES; machine++, count++) {
                        var ofMachine = ofLine + "machine/" + machine;
                        add(0, count, ofMachine + "/temperature");
                        topics.get(count % PUBLISHERS).add(ofMachine + "/temperature");
                        if (line % 2 == 0) {
                            // nobody publishes these: 30,000 plain ones, and 2,800 with a wildcard
                            add(0, count, ofMachine + "/pressure");
                            if (count < 28 * 200) {
                                add(2, count, ofMachine + "/+/alarm");
                            }
                        }
                    }
                }
                for (int machine = 0; machine < MACHINES; machine++) {
                    add(2, count + machine, "plant/%d/line/+/machine/%d/temperature".formatted(plant, machine));
                }
            }
        }

        private void add(int kind, int number, String filter) {
            filters.get(kind * SUBSCRIBERS_OF_KIND + number % SUBSCRIBERS_OF_KIND)
                    .add(filter);
        }
    }
}
