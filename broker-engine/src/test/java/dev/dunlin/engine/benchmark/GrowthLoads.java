package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.benchmark.Group.Pace;
import dev.dunlin.engine.benchmark.Group.Plan;
import dev.dunlin.engine.benchmark.Group.Plan.Publishers;
import dev.dunlin.engine.benchmark.Group.Plan.Subscribers;
import dev.dunlin.engine.benchmark.Row.Against;
import dev.dunlin.engine.benchmark.Row.Ceiling;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * How the CPU for a message grows with the number of subscriptions, of topics and of tenants. In each series the messages and
 * those who send and receive them stay alike as far as can be: what grows is what the broker has to know.
 */
final class GrowthLoads {
    private static final Set<BrokerKind> ENGINE_ALONE = EnumSet.of(BrokerKind.ENGINE);
    /** What is not noise. */
    private static final double LITTLE = 2;

    private static final int PUBLISHED_TOPICS = 50;
    private static final int SUBSCRIBERS = 100;
    private static final int PUBLISHERS = 10;
    private static final int UNDER_WAY = 1_000;

    private GrowthLoads() {}

    static List<Load> all() {
        var loads = new ArrayList<Load>();
        for (int count : new int[] {1, 1_000, 100_000, 1_000_000}) {
            loads.add(subscriptions(count));
        }
        for (int count : new int[] {1, 1_000, 100_000, 1_000_000}) {
            loads.add(topics(count));
        }
        for (int count : new int[] {1, 1_000, 100_000}) {
            loads.add(tenants(count));
        }
        return loads;
    }

    /** @param what the table calls what is counted */
    private static Load load(
            String series, String what, int count, Supplier<List<Plan>> plans, int window, int tenants) {
        var ceilings = count == 1
                ? new Ceiling[0]
                : new Ceiling[] {Ceiling.goal(LITTLE, Against.ownRow("a single one", title(1, what)))};
        var messages = new MessageLoad(
                "growth-%s-%d".formatted(series, count),
                List.of(Row.cpu(title(count, what), ceilings)),
                ENGINE_ALONE,
                plans,
                new Pace(0, window),
                tenants,
                0);
        return new OnNewBroker(messages);
    }

    private static String title(int count, String what) {
        return "growth: %,9d %s".formatted(count, what);
    }

    /** 50 topics, each of which one filter matches: the only one there is, or one of its own. */
    private static Load subscriptions(int count) {
        return load("subscriptions", "subscriptions", count, () -> List.of(subscriptionsPlan(count)), 100, 0);
    }

    private static Plan subscriptionsPlan(int count) {
        var publishers = IntStream.range(0, PUBLISHERS)
                .mapToObj(i -> new Publishers(
                        Accounts.MAIN,
                        IntStream.range(0, PUBLISHED_TOPICS)
                                .filter(topic -> topic % PUBLISHERS == i)
                                .mapToObj(GrowthLoads::topic)
                                .toList()))
                .toList();
        if (count == 1) {
            return new Plan(publishers, List.of(new Subscribers(Accounts.MAIN, List.of("growth/#"))), 1);
        }
        var subscribers = IntStream.range(0, SUBSCRIBERS)
                .mapToObj(i -> new Subscribers(
                        Accounts.MAIN,
                        IntStream.range(0, count / SUBSCRIBERS)
                                .mapToObj(j -> topic(j * SUBSCRIBERS + i))
                                .toList()))
                .toList();
        return new Plan(publishers, subscribers, 1);
    }

    private static String topic(int number) {
        return "growth/" + number / 100 + "/machine/" + number % 100;
    }

    /** Publishers that go through their topics in turn, each with a subscriber of all of them. */
    private static Load topics(int count) {
        int publishers = Math.min(count, PUBLISHERS);
        return load(
                "topics",
                "topics",
                count,
                () -> Loads.plans(publishers, i -> topicsPlan(i, count / publishers)),
                UNDER_WAY / publishers,
                0);
    }

    private static Plan topicsPlan(int publisher, int count) {
        var prefix = "plant-" + publisher + "/";
        return new Plan(
                List.of(new Publishers(
                        Accounts.MAIN,
                        IntStream.range(0, count)
                                .mapToObj(j -> prefix + topic(j))
                                .toList())),
                List.of(new Subscribers(Accounts.MAIN, List.of(prefix + "#"))),
                1);
    }

    /** 1,000 pairs, one message of each under way: all in one tenant, or one in each of those that are active. */
    private static Load tenants(int known) {
        int active = Math.min(known, UNDER_WAY);
        return load(
                "tenants",
                "tenants known, at most 1,000 active",
                known,
                () -> Loads.plans(UNDER_WAY, i -> {
                    var topic = "workshop/" + (active == 1 ? i : 1) + "/temperature";
                    return new Plan(
                            List.of(new Publishers(Accounts.userName(i % active, 1), List.of(topic))),
                            List.of(new Subscribers(Accounts.userName(i % active, 0), List.of(topic))),
                            1);
                }),
                1,
                known);
    }

    /** A load on a broker of its own, which it warms up first. */
    private record OnNewBroker(Load load) implements Load {
        private static final Duration WARM_UP = Duration.ofSeconds(3);

        @Override
        public String name() {
            return load.name();
        }

        @Override
        public List<Row> rows() {
            return load.rows();
        }

        @Override
        public Set<BrokerKind> brokers() {
            return load.brokers();
        }

        @Override
        public int tenants() {
            return load.tenants();
        }

        @Override
        public boolean wantsNewBroker() {
            return true;
        }

        @Override
        public Sample run(EventLoopGroup loops, Broker broker, Duration time) throws InterruptedException {
            load.run(loops, broker, WARM_UP);
            return load.run(loops, broker, time);
        }
    }
}
