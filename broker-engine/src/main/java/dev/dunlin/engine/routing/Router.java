package dev.dunlin.engine.routing;

import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.session.Delivery;
import dev.dunlin.engine.session.Deposit;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.tenant.TenantSpace;
import dev.dunlin.engine.topic.TopicFilter;
import dev.dunlin.engine.topic.TopicName;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Routes what is published on one event loop. A message goes to sessions of the same loop at once, and to those of another
 * when the loop's turn ends, with all others that go there.
 *
 * <p>Routes found are kept in a table of fixed size; those that fall on the same two places take turns, which costs a look
 * into the tree and nothing else.
 */
public final class Router {
    private static final int ROUTES = 1 << 17;

    private final SessionLoop loop;
    private final List<SessionLoop> loops;
    private @Nullable Route @Nullable [] routes;

    /** @param loops all there are, in the order of their index */
    public Router(SessionLoop loop, List<SessionLoop> loops) {
        this.loop = loop;
        this.loops = loops;
    }

    /**
     * Gives {@code message} to all sessions of the tenant that are subscribed to its topic. On this router's loop only.
     *
     * @param publisher the session that published it, if a session did
     * @param begun the message's deposit, if it has one already
     * @return the message's deposit, if somebody may keep it; whoever has begun it or gets it has to settle it once
     */
    public @Nullable Deposit route(
            TenantSpace space, Publish message, @Nullable Session publisher, @Nullable Deposit begun) {
        var route = routeOf(space, message.topic());
        if (message.qos() != QoS.AT_MOST_ONCE && space.hasKeptSessions()) {
            return routeKept(space, message, publisher, begun, route);
        }
        for (int i = 0; i < route.byLoop.length; i++) {
            var deliveries = route.byLoop[i];
            if (deliveries != null) {
                give(message, loops.get(i), deliveries, publisher, null);
            }
        }
        for (var group : route.groups) {
            give(message, group.choose(), publisher, null);
        }
        return begun;
    }

    /** As {@link #route}, where some session may outlive its connection: it is known beforehand who gets the message. */
    private @Nullable Deposit routeKept(
            TenantSpace space, Publish message, @Nullable Session publisher, @Nullable Deposit begun, Route route) {
        var all = new ArrayList<Delivery[]>(route.byLoop.length + route.groups.size());
        for (var deliveries : route.byLoop) {
            if (deliveries != null) {
                all.add(deliveries);
            }
        }
        for (var group : route.groups) {
            all.add(group.choose());
        }
        boolean isAnyKept = isAnyKept(all);
        var deposit = isAnyKept ? depositFor(space, message, publisher, begun, all) : null;
        for (var deliveries : all) {
            give(message, deliveries, publisher, deposit);
        }
        return deposit == null ? begun : deposit;
    }

    private static boolean isAnyKept(List<Delivery[]> all) {
        for (var deliveries : all) {
            for (var delivery : deliveries) {
                if (delivery.qos() != QoS.AT_MOST_ONCE && delivery.session().isKept()) {
                    return true;
                }
            }
        }
        return false;
    }

    private static Deposit depositFor(
            TenantSpace space,
            Publish message,
            @Nullable Session publisher,
            @Nullable Deposit begun,
            List<Delivery[]> all) {
        int holders = 0;
        for (var deliveries : all) {
            holders += deliveries.length;
        }
        var deposit = begun;
        if (deposit == null) {
            deposit = space.store().newDeposit(holders);
        } else {
            deposit.expectHolders(holders);
        }
        if (message.qos() == QoS.EXACTLY_ONCE) {
            var received = publisher == null ? null : publisher.asReceived(message.packetId());
            deposit.storeFirst(message, all, publisher, received);
        }
        return deposit;
    }

    /**
     * Gives {@code message} to another member of the group of a Shared Subscription. On this router's loop only.
     *
     * @param leaver who had it and does not keep it
     * @param onlineOnly whether a member who is away may have it too
     * @param held the message's deposit, if the leaver has it from one
     * @return whether there was one; it is stored for it, if its session is kept
     */
    public boolean redeliver(
            TenantSpace space,
            TopicFilter filter,
            Publish message,
            Session leaver,
            boolean onlineOnly,
            @Nullable Deposit held) {
        var members = new ArrayList<Delivery>();
        space.subscriptions().forEachAt(filter, subscription -> {
            boolean isMember = subscription.filter().equals(filter) && subscription.session() != leaver;
            boolean mayHave = subscription.shows(message.topic())
                    && (!onlineOnly || subscription.session().isOnline());
            if (isMember && mayHave) {
                members.add(subscription.delivery());
            }
        });
        if (members.isEmpty()) {
            return false;
        }
        var member = new Route.ShareGroup(members).choose();
        Deposit deposit = null;
        List<Delivery[]> all = List.<Delivery[]>of(member);
        if (isAnyKept(all)) {
            deposit = space.store().newDeposit(1);
            deposit.storeFirst(message, all, null, null);
        }
        give(message, member, null, deposit);
        if (deposit != null) {
            settleWhenSafe(deposit, held);
        }
        return true;
    }

    /** The publisher, if it still waits, waits for the new holder too. */
    private static void settleWhenSafe(Deposit deposit, @Nullable Deposit held) {
        if (held == null) {
            deposit.settle();
            return;
        }
        held.expect(1);
        if (deposit.isSafeAlready(held::settle)) {
            held.settle();
        }
    }

    /** @param deliveries to sessions of one loop, at least one */
    private void give(Publish message, Delivery[] deliveries, @Nullable Session publisher, @Nullable Deposit deposit) {
        give(message, deliveries[0].session().home(), deliveries, publisher, deposit);
    }

    private void give(
            Publish message,
            SessionLoop home,
            Delivery[] deliveries,
            @Nullable Session publisher,
            @Nullable Deposit deposit) {
        if (home == loop) {
            loop.deliver(message, deliveries, publisher, deposit);
        } else {
            loop.handOver(home, message, deliveries, publisher, deposit);
        }
    }

    private Route routeOf(TenantSpace space, TopicName topic) {
        var routes = this.routes;
        if (routes == null) {
            routes = new Route[ROUTES];
            this.routes = routes;
        }
        int hash = topic.hashCode() + System.identityHashCode(space) * 31;
        int place = (hash ^ hash >>> 17) & ROUTES - 1;
        var first = routes[place];
        if (first != null && first.isFor(space, topic)) {
            return first;
        }
        var second = routes[place ^ 1];
        if (second != null && second.isFor(space, topic)) {
            return second;
        }
        var found = Route.find(space, topic, loops.size());
        routes[first == null || first.isStale() ? place : place ^ 1] = found;
        return found;
    }
}
