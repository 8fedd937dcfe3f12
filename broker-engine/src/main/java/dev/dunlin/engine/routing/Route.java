package dev.dunlin.engine.routing;

import dev.dunlin.engine.session.Delivery;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.tenant.TenantSpace;
import dev.dunlin.engine.topic.TopicName;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
        Map<Session, Delivery> single = new LinkedHashMap<>();
        Map<String, List<Delivery>> shared = new LinkedHashMap<>();
        tree.forEachMatching(topic, subscription -> {
            if (!subscription.shows(topic)) {
                return;
            }
            if (subscription.filter().shareName() == null) {
                single.merge(subscription.session(), subscription.delivery(), Route::both);
            } else {
                shared.computeIfAbsent(subscription.filter().toString(), name -> new ArrayList<>())
                        .add(subscription.delivery());
            }
        });
        var byLoop = new Delivery[loops][];
        for (int i = 0; i < loops; i++) {
            int index = i;
            var here = single.values().stream()
                    .filter(delivery -> delivery.session().home().index() == index)
                    .toArray(Delivery[]::new);
            byLoop[i] = here.length == 0 ? null : here;
        }
        var groups = shared.values().stream().map(ShareGroup::new).toList();
        return new Route(space, topic, tree.version(), byLoop, groups);
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
        return this.space == space && treeVersion == space.subscriptions().version() && this.topic.equals(topic);
    }

    /** The members of a Shared Subscription's group, each message for one of them (MQTT 5 §4.8.2). */
    static final class ShareGroup {
        private final Delivery[][] members;
        private int next;

        ShareGroup(List<Delivery> members) {
            this.members =
                    members.stream().map(member -> new Delivery[] {member}).toArray(Delivery[][]::new);
        }

        /** The next in turn who is online, or if nobody is, the next whose session waits for him. */
        Delivery[] choose() {
            for (int i = 0; i < members.length; i++) {
                var member = members[(next + i) % members.length];
                if (member[0].session().isOnline()) {
                    next = (next + i + 1) % members.length;
                    return member;
                }
            }
            var member = members[next];
            next = (next + 1) % members.length;
            return member;
        }
    }
}
