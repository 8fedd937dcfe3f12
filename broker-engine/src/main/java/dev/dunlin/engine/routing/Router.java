package dev.dunlin.engine.routing;

import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.session.Delivery;
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
     */
    public void route(TenantSpace space, Publish message, @Nullable Session publisher) {
        var route = routeOf(space, message.topic());
        for (int i = 0; i < route.byLoop.length; i++) {
            var deliveries = route.byLoop[i];
            if (deliveries == null) {
                continue;
            }
            if (i == loop.index()) {
                loop.deliver(message, deliveries, publisher);
            } else {
                loop.handOver(loops.get(i), message, deliveries, publisher);
            }
        }
        for (var group : route.groups) {
            give(message, group.choose(), publisher);
        }
    }

    /**
     * Gives {@code message} to another member of the group of a Shared Subscription. On this router's loop only.
     *
     * @param leaver who had it and does not keep it
     * @param onlineOnly whether a member who is away may have it too
     * @return whether there was one
     */
    public boolean redeliver(
            TenantSpace space, TopicFilter filter, Publish message, Session leaver, boolean onlineOnly) {
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
        give(message, member, null);
        return true;
    }

    private void give(Publish message, Delivery[] member, @Nullable Session publisher) {
        var home = member[0].session().home();
        if (home == loop) {
            loop.deliver(message, member, publisher);
        } else {
            loop.handOver(home, message, member, publisher);
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
