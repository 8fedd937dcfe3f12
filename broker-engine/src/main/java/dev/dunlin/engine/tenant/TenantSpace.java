package dev.dunlin.engine.tenant;

import dev.dunlin.engine.access.AccessPolicy;
import dev.dunlin.engine.access.AccessPolicy.SubscribeAnswer;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.port.Access;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.MessageTap;
import dev.dunlin.engine.port.StoreChange;
import dev.dunlin.engine.port.StoredRetained;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.engine.session.Delivery;
import dev.dunlin.engine.session.MessageMemory;
import dev.dunlin.engine.session.Receipt;
import dev.dunlin.engine.session.Session;
import dev.dunlin.engine.session.SessionHost;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.session.Subscription;
import dev.dunlin.engine.session.TenantStore;
import dev.dunlin.engine.topic.TopicFilter;
import dev.dunlin.engine.topic.TopicName;
import dev.dunlin.engine.topic.TopicTree;
import dev.dunlin.engine.topic.TreeReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * All that the engine holds for one tenant. What all event loops read (limits, subscription tree, tap) are immutable
 * snapshots behind one reference each; sessions are kept apart by home loop, each loop touching its own.
 */
public final class TenantSpace implements SessionHost {
    /** Told of what becomes of a tenant's messages; called on the event loop of the session. */
    public interface DropListener {
        void onDropped(TenantSpace space, Session session, Publish message, Incident.Reason reason);
    }

    /** Told of a subscription that a change of permissions has ended. */
    public interface EndListener {
        void onEnded(Subscription subscription, SubscribeAnswer answer);
    }

    /** A member of a group of a Shared Subscription: in the tree beside the session's own subscription to the filter. */
    private record SharedMember(Session session, String shareName) {}

    private static final long DROP_REPORT_INTERVAL_NANOS = 10_000_000;

    private final TenantId id;
    private final String slug;
    private final LongSupplier nanoClock;
    private final DropListener dropListener;
    private final TreeReference<Object, Subscription> subscriptions = new TreeReference<>();
    private final MessageMemory memory;
    private final RetainedMessages retained;

    /** What its connections hold of unfinished packets, and for networks that do not take it. */
    private final AtomicLong bufferBytes = new AtomicLong();

    private final RateLimit publishRate;
    private final AtomicLong connections = new AtomicLong();
    private final AtomicLong sessionCount = new AtomicLong();
    private final AtomicInteger keptSessions = new AtomicInteger();
    private final TenantStore store;
    private final CompletableFuture<Void> loaded = new CompletableFuture<>();
    private final List<Map<String, Session>> sessionsByLoop;
    private volatile TenantLimits limits;
    private volatile @Nullable MessageTap tap;
    private volatile long lastDropReportNanos;
    private volatile long usedNanos;
    private volatile boolean isUnloaded;

    TenantSpace(
            TenantId id,
            String slug,
            TenantLimits limits,
            int loops,
            LongSupplier nanoClock,
            DropListener dropListener,
            MessageStore store,
            MessageMemory.Pool pool) {
        this.id = id;
        this.memory = new MessageMemory(pool);
        this.retained = new RetainedMessages(memory);
        this.store = new TenantStore(store, id, nanoClock);
        this.usedNanos = nanoClock.getAsLong();
        this.slug = slug;
        this.limits = limits;
        this.nanoClock = nanoClock;
        this.dropListener = dropListener;
        this.publishRate = new RateLimit(nanoClock.getAsLong());
        this.lastDropReportNanos = nanoClock.getAsLong() - DROP_REPORT_INTERVAL_NANOS;
        var maps = new ArrayList<Map<String, Session>>(loops);
        for (int i = 0; i < loops; i++) {
            maps.add(new HashMap<>());
        }
        this.sessionsByLoop = List.copyOf(maps);
    }

    public TenantId id() {
        return id;
    }

    public String slug() {
        return slug;
    }

    @Override
    public TenantLimits limits() {
        return limits;
    }

    public void limits(TenantLimits limits) {
        this.limits = limits;
    }

    public @Nullable MessageTap tap() {
        return tap;
    }

    public void tap(@Nullable MessageTap tap) {
        this.tap = tap;
    }

    @Override
    public long nanoTime() {
        return nanoClock.getAsLong();
    }

    @Override
    public void onDropped(Session session, Publish message, Incident.Reason reason) {
        dropListener.onDropped(this, session, message, reason);
    }

    /** Whether enough time has passed since the last drop was reported. Any thread; two at once may both be told yes. */
    public boolean mayReportDrop() {
        long now = nanoTime();
        if (now - lastDropReportNanos < DROP_REPORT_INTERVAL_NANOS) {
            return false;
        }
        lastDropReportNanos = now;
        return true;
    }

    @Override
    public MessageMemory memory() {
        return memory;
    }

    /** For its connections to count in what they hold of unfinished packets, and for networks that do not take it. */
    public AtomicLong bufferBytes() {
        return bufferBytes;
    }

    // The store

    @Override
    public TenantStore store() {
        return store;
    }

    @Override
    public void countDurable(int change) {
        keptSessions.addAndGet(change);
    }

    /** Whether some session outlives its connection. Any thread. */
    public boolean hasKeptSessions() {
        return keptSessions.get() > 0;
    }

    /** Complete once everything that the store has of the tenant is here; fails if it could not be had. */
    public CompletableFuture<Void> loaded() {
        return loaded;
    }

    /** Whether the space was let go of: what still refers to it does nothing for it any more. */
    public boolean isUnloaded() {
        return isUnloaded;
    }

    void markUnloaded() {
        isUnloaded = true;
        memory.forgetRetained();
    }

    /** Whether nobody has been connected for {@code nanos}, and the store has all that is left. */
    boolean isIdleFor(long nanos) {
        return connections.get() == 0 && loaded.isDone() && nanoTime() - usedNanos >= nanos;
    }

    // Connections and sessions

    void connectionOpened() {
        connections.incrementAndGet();
    }

    void connectionClosed() {
        usedNanos = nanoTime();
        connections.decrementAndGet();
    }

    /** Whether there are more connections than the tenant may have, the one that asks among them. Any thread. */
    public boolean hasTooManyConnections() {
        return connections.get() > limits.connections();
    }

    public long connections() {
        return connections.get();
    }

    /** Sessions that live on {@code loop}, by client id; on that loop only. */
    public Map<String, Session> sessionsOn(SessionLoop loop) {
        return sessionsByLoop.get(loop.index());
    }

    public long sessionCount() {
        return sessionCount.get();
    }

    /** Keeps a new session, unless the tenant has as many as it may. On the session's loop. */
    public boolean add(Session session) {
        if (sessionCount.incrementAndGet() > limits.sessions()) {
            sessionCount.decrementAndGet();
            return false;
        }
        sessionsOn(session.home()).put(session.clientId(), session);
        return true;
    }

    /** As {@link #add}, of a session that the store has: it counts, whatever the limits are now. */
    public void restore(Session session) {
        sessionCount.incrementAndGet();
        sessionsOn(session.home()).put(session.clientId(), session);
    }

    /** Ends a session: its subscriptions, its queue, its place. On the session's loop. */
    public void remove(Session session) {
        if (sessionsOn(session.home()).remove(session.clientId(), session)) {
            sessionCount.decrementAndGet();
            for (var filter : List.copyOf(session.subscriptions().keySet())) {
                unsubscribe(session, filter);
            }
            session.end();
        }
    }

    /** Whether nothing is left that the space must be kept for. */
    boolean isEmpty() {
        return connections.get() == 0
                && sessionCount.get() == 0
                && retained.size() == 0
                && loaded.isDone()
                && !loaded.isCompletedExceptionally();
    }

    // Subscriptions

    /** The tree now, for any thread. */
    public TopicTree<Object, Subscription> subscriptions() {
        return subscriptions.get();
    }

    /**
     * Adds a subscription, or replaces the session's earlier one to the same filter. On the session's loop.
     *
     * @return the subscription that was replaced
     */
    public @Nullable Subscription subscribe(Subscription subscription) {
        var session = subscription.session();
        var key = keyOf(session, subscription.filter());
        subscriptions.update(tree -> tree.with(subscription.filter(), key, subscription));
        return session.put(subscription);
    }

    /**
     * Ends a subscription. On the session's loop.
     *
     * @return whether there was one
     */
    public boolean unsubscribe(Session session, TopicFilter filter) {
        var ended = session.remove(filter);
        if (ended == null) {
            return false;
        }
        session.endRetained(ended.delivery());
        var key = keyOf(session, filter);
        subscriptions.update(tree -> tree.without(filter, key));
        return true;
    }

    private static Object keyOf(Session session, TopicFilter filter) {
        var shareName = filter.shareName();
        return shareName == null ? session : new SharedMember(session, shareName);
    }

    /**
     * Gives a session other permissions: its subscriptions are judged anew, and what waits on topics that it may read no
     * more is dropped. On the session's loop.
     */
    public void replaceAccess(Session session, Access access, EndListener listener) {
        var policy = AccessPolicy.compile(access, session.clientId(), session.credentialName());
        for (var subscription : List.copyOf(session.subscriptions().values())) {
            var answer = policy.subscribe(subscription.filter());
            if (answer.refusal() != null) {
                unsubscribe(session, subscription.filter());
                session.keepWithout(subscription.filter(), null);
                listener.onEnded(subscription, answer);
                continue;
            }
            var before = subscription.delivery();
            var qos = subscription.requestedQos().atMost(answer.maxQos());
            if (qos != before.qos() || !answer.hidden().equals(subscription.hidden())) {
                subscribe(new Subscription(
                        subscription.filter(),
                        subscription.requestedQos(),
                        subscription.subscriptionId(),
                        answer.hidden(),
                        new Delivery(
                                session,
                                qos,
                                before.noLocal(),
                                before.retainAsPublished(),
                                before.subscriptionIds(),
                                subscription.filter())));
            }
        }
        session.policy(policy);
    }

    // Retained messages and rates

    public RetainedMessages retained() {
        return retained;
    }

    /**
     * Applies the RETAIN flag of a published message: keeps it, or with an empty payload forgets its topic's. Any thread.
     *
     * @return false if the tenant's limits do not allow to keep it
     */
    public boolean retain(Publish message, Session publisher) {
        if (message.payload().length == 0) {
            retained.clear(message.topic());
            return true;
        }
        return retained.keep(message, publisher.clientId(), limits, nanoTime());
    }

    /** Has the store know what is retained on {@code topic} when it gets to it; {@code receipt} expects that. */
    public void storeRetained(TopicName topic, @Nullable Receipt receipt) {
        if (receipt != null) {
            receipt.expect(1);
        }
        store.retainedChanged(new RetainedTopic(topic), receipt);
    }

    private final class RetainedTopic implements StoreChange.RetainedTopic {
        private final TopicName topic;

        RetainedTopic(TopicName topic) {
            this.topic = topic;
        }

        @Override
        public String name() {
            return topic.toString();
        }

        @Override
        public @Nullable StoredRetained now() {
            return retained.stored(topic, store);
        }
    }

    /** Counts {@code messages} published, and returns for how many nanoseconds their socket is not to be read. */
    public long countPublished(long messages) {
        long perSecond = limits.publishPerSecond();
        return perSecond == TenantLimits.UNLIMITED ? 0 : publishRate.count(messages, perSecond, nanoTime());
    }
}
