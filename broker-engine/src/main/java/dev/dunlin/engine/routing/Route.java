package dev.dunlin.engine.routing;

import dev.dunlin.engine.session.Delivery;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.tenant.TenantSpace;
import dev.dunlin.engine.topic.TopicName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Where messages on one topic of one tenant go: what the subscription tree answered, sorted by home loop. Good for as long
 * as the tree is the same; made and used by one event loop.
 */
final class Route {
    final TenantSpace space;
    final TopicName topic;
    final long treeVersion;

    /** By index of the loop; null where no session of that loop is meant. */
    final Delivery[] @Nullable [] byLoop;

    final List<ShareGroup> groups;

    private Route(
            TenantSpace space,
            TopicName topic,
            long treeVersion,
            Delivery[] @Nullable [] byLoop,
            List<ShareGroup> groups) {
        this.space = space;
        this.topic = topic;
        this.treeVersion = treeVersion;
        this.byLoop = byLoop;
        this.groups = groups;
    }

    static Route find(TenantSpace space, TopicName topic, int loops) {
        var tree = space.subscriptions();
        var single = new ArrayList<Delivery>(4);
        Map<String, List<Delivery>> shared = new LinkedHashMap<>(0);
        tree.forEachMatching(topic, subscription -> {
            if (!subscription.shows(topic)) {
                return;
            }
            if (subscription.filter().shareName() == null) {
                single.add(subscription.delivery());
            } else {
                shared.computeIfAbsent(subscription.filter().toString(), name -> new ArrayList<>())
                        .add(subscription.delivery());
            }
        });
        var groups = shared.isEmpty()
                ? List.<ShareGroup>of()
                : shared.values().stream().map(ShareGroup::new).toList();
        return new Route(space, topic, tree.version(), byLoop(onePerSession(single), loops), groups);
    }

    private static Collection<Delivery> onePerSession(List<Delivery> deliveries) {
        if (deliveries.size() <= 1) {
            return deliveries;
        }
        Map<Session, Delivery> bySession = new LinkedHashMap<>(deliveries.size() * 2);
        for (var delivery : deliveries) {
            bySession.merge(delivery.session(), delivery, Route::both);
        }
        return bySession.values();
    }

    private static Delivery[] @Nullable [] byLoop(Collection<Delivery> deliveries, int loops) {
        var counts = new int[loops];
        for (var delivery : deliveries) {
            counts[delivery.session().home().index()]++;
        }
        var byLoop = new Delivery[loops][];
        for (var delivery : deliveries) {
            int index = delivery.session().home().index();
            var here = byLoop[index];
            if (here == null) {
                here = new Delivery[counts[index]];
                byLoop[index] = here;
            }
            here[here.length - counts[index]--] = delivery;
        }
        return byLoop;
    }

    /** One delivery for two overlapping subscriptions of a session (MQTT 5 [MQTT-3.3.4-2]). */
    private static Delivery both(Delivery a, Delivery b) {
        var qos = a.qos().value() >= b.qos().value() ? a.qos() : b.qos();
        boolean noLocal = a.noLocal() || b.noLocal();
        return new Delivery(
                a.session(),
                qos,
                noLocal,
                a.retainAsPublished() || b.retainAsPublished(),
                joined(a.subscriptionIds(), b.subscriptionIds()),
                null,
                noLocal ? own(a, b) : null);
    }

    /** The same for what the session publishes itself: the subscriptions without No Local count alone. */
    private static @Nullable Delivery own(Delivery a, Delivery b) {
        var ownOfA = a.of(a.session());
        var ownOfB = b.of(b.session());
        return ownOfA == null ? ownOfB : ownOfB == null ? ownOfA : both(ownOfA, ownOfB);
    }

    private static int @Nullable [] joined(int @Nullable [] a, int @Nullable [] b) {
        if (a == null || b == null) {
            return a == null ? b : a;
        }
        var all = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, all, a.length, b.length);
        return all;
    }

    boolean isFor(TenantSpace space, TopicName topic) {
        return this.space == space && !isStale() && this.topic.equals(topic);
    }

    /** Whether the tree has changed since. */
    boolean isStale() {
        return treeVersion != space.subscriptions().version();
    }

    /** The members of a Shared Subscription's group, each message for one of them (MQTT 5 §4.8.2). */
    static final class ShareGroup {
        private final Delivery[][] members;
        private int next;

        ShareGroup(List<Delivery> members) {
            this.members =
                    members.stream().map(member -> new Delivery[] {member}).toArray(Delivery[][]::new);
            // routes are made anew with each change of the tree: not all of them begin with the same member
            this.next = ThreadLocalRandom.current().nextInt(this.members.length);
        }

        /** The next in turn: of those who are online and not behind, or of those online, or of all. */
        Delivery[] choose() {
            int online = -1;
            for (int i = 0; i < members.length; i++) {
                int index = (next + i) % members.length;
                var session = members[index][0].session();
                if (session.isOnline()) {
                    if (!session.isBehind()) {
                        return take(index);
                    }
                    online = online < 0 ? index : online;
                }
            }
            return take(online < 0 ? next : online);
        }

        private Delivery[] take(int index) {
            next = (index + 1) % members.length;
            return members[index];
        }
    }
}
