package dev.dunlin.engine.session;

import dev.dunlin.engine.access.AccessPolicy;
import dev.dunlin.engine.packet.Packet.Connect;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.packet.Will;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.QueueLimits;
import dev.dunlin.engine.port.StoreChange.Received;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.topic.TopicFilter;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The session of one client (MQTT 5 §4.1). All methods are called on the session's home event loop, but for the getters of
 * what never changes.
 *
 * <p>Bounds: the queue and the in-flight window hold as many messages and bytes as the tenant's limits say for one session, for
 * all of the tenant's, and as {@link MessageMemory} has; the window at most {@link #MAX_INFLIGHT} messages, and {@link
 * #SMALL_WINDOW_BYTES} of them in any case. A QoS 1 or 2 message beyond that is dropped, counted and reported, or older ones are
 * in its place, as the limits say, unless the queue holds expired ones that can go. QoS 0 messages are dropped and counted while
 * the network takes no more.
 */
public final class Session {
    /** Messages of QoS 1 and 2 in flight to a client, whatever its Receive Maximum. */
    public static final int MAX_INFLIGHT = 1_024;

    /** Of a message for which no place was taken before it was offered. */
    public static final long NO_POSITION = -1;

    private static final int MAX_RETAINED_BURSTS = 64;

    /** Retained messages of QoS 2 on their way into the store, where they have to be before they are sent. */
    private static final int MAX_RETAINED_AHEAD = 64;

    /** What the window may hold though the queues of others have left no room: one absent client must not stop the others. */
    private static final int SMALL_WINDOW_BYTES = 64 * 1024;

    /** What a session holds is told to the tenant's sum once it has changed by so much, or is nothing: most hold little. */
    private static final int UNCOUNTED_BYTES = 4 * 1024;

    /** What follows from PUBREC. */
    public enum PubrecAnswer {
        PUBREL,
        /** Nothing, or PUBREL later. */
        NOTHING,
        /** The Packet Identifier is not known. */
        UNKNOWN
    }

    /** Whoever may have what a session gives away. */
    public interface Taker {
        /**
         * @param deposit the message's, if it has one; a taker that keeps it has it stored before this returns
         * @return whether somebody has taken the message
         */
        boolean take(TopicFilter shared, Publish message, @Nullable Deposit deposit);
    }

    private final SessionLoop home;
    private final SessionHost host;
    private final CredentialId credential;
    private final String credentialName;
    private final String clientId;
    private Map<TopicFilter, Subscription> subscriptions = Map.of();

    /** Absent until a message of QoS 1 or 2 is sent. */
    private @Nullable InflightWindow inflight;

    /** Absent while nothing waits. */
    private @Nullable Backlog backlog;

    /** Absent until the client publishes with QoS 2. */
    private @Nullable UnreleasedMessages unreleased;

    private @Nullable Outbound outbound;
    private int receiveMaximum;

    /** In flight on this connection: what counts against Receive Maximum. */
    private int onWire;

    private volatile long expirySeconds;

    /** Absent in a session that never outlived a connection. */
    private volatile @Nullable Durability durability;

    /** Bytes of queue and window, as the tenant's sum knows them. */
    private long countedBytes;

    private boolean hasEnded;
    private AccessPolicy policy;
    private @Nullable Will will;
    private boolean draining;
    private volatile boolean online;
    private volatile boolean isBehind;

    public Session(
            SessionLoop home,
            SessionHost host,
            CredentialId credential,
            String credentialName,
            String clientId,
            AccessPolicy policy) {
        this.home = home;
        this.host = host;
        this.credential = credential;
        this.credentialName = credentialName;
        this.clientId = clientId;
        this.policy = policy;
    }

    public SessionLoop home() {
        return home;
    }

    /** Whose session it is: nobody else may resume it. */
    public CredentialId credential() {
        return credential;
    }

    public String credentialName() {
        return credentialName;
    }

    public String clientId() {
        return clientId;
    }

    /** By filter; not to be changed. */
    public Map<TopicFilter, Subscription> subscriptions() {
        return subscriptions;
    }

    /** Notes a subscription, which the tenant's space puts into the tenant's tree; returns the one it replaces. */
    public @Nullable Subscription put(Subscription subscription) {
        var replaced = subscriptions.get(subscription.filter());
        if (subscriptions.isEmpty() || replaced != null && subscriptions.size() == 1) {
            subscriptions = Map.of(subscription.filter(), subscription); // as small as can be: most devices have one
            return replaced;
        }
        if (subscriptions.size() == 1) {
            subscriptions = new HashMap<>(subscriptions);
        }
        return subscriptions.put(subscription.filter(), subscription);
    }

    /** Forgets a subscription, as the tenant's tree does; null if there is none. */
    public @Nullable Subscription remove(TopicFilter filter) {
        var removed = subscriptions.get(filter);
        if (removed != null && subscriptions.size() <= 2) {
            var rest = new HashMap<>(subscriptions);
            rest.remove(filter);
            subscriptions = Map.copyOf(rest);
            return removed;
        }
        return removed == null ? null : subscriptions.remove(filter);
    }

    // What is kept of it

    /** Whether it outlives its connection, and is kept in the store; any thread may ask, and learns what was true a moment ago. */
    public boolean isKept() {
        return durability != null && expirySeconds > 0;
    }

    /**
     * Has the store know of the session what there is to know but for what hangs on it: after the client came, went, or changed
     * how long its session is to last.
     */
    public void keep() {
        var durability = this.durability;
        if (durability == null && expirySeconds > 0) {
            durability = new Durability(host.store().newId());
            this.durability = durability;
            host.countDurable(1);
        }
        if (durability != null) {
            host.store().putSession(durability.id, this, online, will);
        }
    }

    /** As {@link #keep}, for a subscription that is put; {@code receipt} expects it unless the store has the like. */
    public void keep(Subscription subscription, @Nullable Subscription replaced, Receipt receipt) {
        var durability = this.durability;
        if (durability == null || expirySeconds == 0) {
            return;
        }
        boolean isKnown =
                replaced != null && replaced.asksForTheSameAs(subscription) && !durability.isAnySubscriptionUnderWay();
        if (!isKnown) {
            host.store().putSubscription(durability.id, subscription, durability.subscriptionUnderWay(receipt));
        }
    }

    /** As {@link #keep}, for a subscription that is removed; {@code receipt} expects it, if there is one. */
    public void keepWithout(TopicFilter filter, @Nullable Receipt receipt) {
        var durability = this.durability;
        if (durability != null) {
            host.store()
                    .removeSubscription(
                            durability.id, filter, receipt == null ? null : durability.subscriptionUnderWay(receipt));
        }
    }

    /**
     * Takes a place for a message that is to be stored before it is delivered. Any thread.
     *
     * @return null if the session does not outlive its connection
     */
    public @Nullable StoredPlace takePlace(Deposit deposit, QoS qos, boolean retain, Delivery delivery) {
        var durability = this.durability;
        return durability == null || expirySeconds == 0
                ? null
                : TenantStore.place(durability.id, durability.nextPosition(), deposit, qos, retain, delivery);
    }

    /** A message that was stored before it is delivered is there. */
    void onStored() {
        drain();
    }

    /**
     * Restores what an earlier process knew, in a session without a client.
     *
     * @param nextPosition from which on no place of its queue is taken
     */
    public void restore(long id, long nextPosition, long expirySeconds, @Nullable Will will) {
        this.expirySeconds = expirySeconds;
        this.will = will;
        durability = new Durability(id, nextPosition);
        host.countDurable(1);
    }

    /** Restores the next message in the order of positions, of which {@code deposit} counts this session among the holders. */
    public void restore(StoredPlace place, Publish message, Deposit deposit, @Nullable TopicFilter shared) {
        var outgoing = new Outgoing(
                message,
                QoS.of(place.qos()),
                place.retain(),
                TenantStore.subscriptionIds(place),
                shared,
                place.isReceived());
        outgoing.keep(Kept.stored(deposit, place.position()));
        if (outgoing.isReceived()) {
            window().add(outgoing);
        } else if (policy.mayReceive(message.topic())) {
            backlog().queue.add(outgoing);
            isBehind = true;
        } else {
            letGo(outgoing);
        }
        countHeld();
    }

    /** Restores the Packet Identifier of a QoS 2 message that the client has not released. */
    public void restoreReceived(int packetId) {
        unreleased().add(packetId);
        unreleased().noteStored(packetId);
    }

    private Durability durability() {
        return Objects.requireNonNull(durability, "the session ends with its connection");
    }

    /** Has a message stored that the client has not acknowledged in time, or is not there to acknowledge. */
    void handIn(Outgoing outgoing) {
        var kept = outgoing.kept;
        if (kept != null && !kept.isHandedIn) {
            kept.isHandedIn = true;
            host.store().queue(kept, outgoing.message, placeOf(outgoing, kept));
        }
    }

    private StoredPlace placeOf(Outgoing outgoing, Kept kept) {
        return TenantStore.place(
                durability().id,
                kept.position,
                kept.deposit,
                outgoing.qos,
                outgoing.retain,
                outgoing.subscriptionIds,
                outgoing.shared);
    }

    /** The session has no more to do with a message, which has left window and queue. */
    private void letGo(Outgoing outgoing) {
        var kept = outgoing.kept;
        if (kept == null) {
            return;
        }
        outgoing.kept = null;
        if (kept.markSettled()) {
            home.settleAtTurnEnd(kept.deposit);
        }
        if (kept.isHandedIn && !kept.isRefused() && !hasEnded) {
            removals().place(kept.position);
        }
        if (kept.deposit.release()) {
            removals().message(kept.deposit.id());
        }
    }

    private Removals removals() {
        return durability().removals(home, host.store());
    }

    /** Whether a client is connected; any thread may ask, and learns what was true a moment ago. */
    public boolean isOnline() {
        return online;
    }

    /** Whether messages wait for the client; any thread may ask, and learns what was true a moment ago. */
    public boolean isBehind() {
        return isBehind;
    }

    /** Seconds that the session outlives its connection. */
    public long expirySeconds() {
        return expirySeconds;
    }

    /** Changes the Session Expiry Interval, as DISCONNECT may (MQTT 5 §3.14.2.2.2). */
    public void expirySeconds(long expirySeconds) {
        this.expirySeconds = expirySeconds;
    }

    public boolean neverExpires() {
        return expirySeconds == Connect.NEVER_EXPIRES;
    }

    public @Nullable Will will() {
        return will;
    }

    public void will(@Nullable Will will) {
        this.will = will;
    }

    // Connection

    /** A client has connected. What is due is sent after {@link #resume}. */
    public void attach(Outbound outbound, int receiveMaximum, long expirySeconds) {
        this.outbound = outbound;
        this.receiveMaximum = Math.min(receiveMaximum, MAX_INFLIGHT);
        this.expirySeconds = expirySeconds;
        if (unreleased != null) {
            unreleased.onAttached();
        }
        onWire = 0;
        if (inflight != null && inflight.size() > 0) {
            var resends = backlog().resends;
            resends.clear();
            // PUBREL waits for no quota (MQTT 5 [MQTT-3.3.4-10]), and so stands behind nothing that does
            var unacknowledged = inflight.inOrder();
            unacknowledged.stream().filter(Outgoing::isReceived).forEach(resends::add);
            unacknowledged.stream().filter(outgoing -> !outgoing.isReceived()).forEach(resends::add);
        }
        online = true;
    }

    /** Sends what was left unacknowledged, then what is queued (MQTT 5 §4.4). CONNACK has been sent. */
    public void resume() {
        drain();
    }

    /** The connection, while there is one. */
    public @Nullable Outbound outbound() {
        return outbound;
    }

    /** The client is gone; QoS 0 messages do not wait for it. */
    public void detach() {
        outbound = null;
        online = false;
        var backlog = this.backlog;
        if (backlog != null) {
            backlog.resends.clear();
            backlog.endBursts(delivery -> delivery.qos() == QoS.AT_MOST_ONCE, this::letGo);
            if (backlog.queue.hasAtMostOnce()) {
                backlog.queue.removeIf(outgoing -> outgoing.qos == QoS.AT_MOST_ONCE, this::letGo);
            }
            tidyBacklog();
        }
        if (isKept()) {
            // whatever is stored from now on comes later
            if (inflight != null) {
                inflight.inOrder().forEach(this::handIn);
            }
            if (backlog != null) {
                backlog.forEachRecent(this::handIn);
            }
        }
    }

    /** The session has ended: whoever still refers to it holds no messages by it, and what still comes for it is dropped. */
    public void end() {
        expirySeconds = 0;
        hasEnded = true;
        if (durability != null) {
            host.store().removeSession(durability().id);
            host.countDurable(-1);
            if (inflight != null) {
                inflight.inOrder().forEach(this::letGo);
            }
            if (backlog != null) {
                backlog.clear(this::letGo);
            }
        }
        forgetMessages();
    }

    /** Forgets what waits and what is in flight; whatever of it is to be kept is in the store. */
    public void forgetMessages() {
        backlog = null;
        inflight = null;
        isBehind = false;
        countHeld();
    }

    /** Tells the tenant's sum what queue and window hold. */
    private void countHeld() {
        long held = (inflight == null ? 0 : inflight.bytes()) + (backlog == null ? 0 : backlog.queue.bytes());
        long change = held - countedBytes;
        boolean isLittle = change <= UNCOUNTED_BYTES && change >= -UNCOUNTED_BYTES;
        if (!isLittle || held == 0 && change != 0) {
            countedBytes = held;
            host.memory().addQueued(change);
        }
    }

    /** The network takes more again. */
    public void onWritable() {
        drain();
    }

    // Delivery

    /**
     * Takes note of a message for this session: sends it, queues it or drops it. A fault closes the connection only.
     *
     * @param deposit expects this session, if it expects any
     * @param position of the place that was taken before, {@link #NO_POSITION} if none was
     */
    public void offer(Publish message, Delivery delivery, @Nullable Deposit deposit, long position) {
        try {
            var qos = message.qos().atMost(delivery.qos());
            boolean retain = message.retain() && delivery.retainAsPublished();
            if (qos == QoS.AT_MOST_ONCE) {
                offerAtMostOnce(message, retain, delivery);
                if (deposit != null) {
                    deposit.passOver();
                }
            } else if (deposit == null) {
                offerAcknowledged(new Outgoing(message, qos, retain, delivery));
            } else {
                offerKept(new Outgoing(message, qos, retain, delivery), deposit, position);
            }
        } catch (RuntimeException fault) {
            onFault(fault);
        }
    }

    private void offerKept(Outgoing outgoing, Deposit deposit, long position) {
        var durability = this.durability;
        if (durability != null && position != NO_POSITION) {
            var kept = new Kept(deposit, position, true);
            outgoing.keep(kept);
            kept.settle(); // as far as this loop is concerned: the store settles the rest
        } else if (durability != null && expirySeconds > 0 && outgoing.qos != QoS.EXACTLY_ONCE) {
            outgoing.keep(new Kept(deposit, durability.nextPosition(), false));
        } else {
            // of QoS 2 without a place: the session is kept since a moment ago, when the message was on its way already
            deposit.passOver();
        }
        if (outgoing.isRefused()) {
            letGo(outgoing);
            return;
        }
        offerAcknowledged(outgoing);
        if (outgoing.kept == null || outgoing.kept.isHandedIn) {
            return;
        }
        if (online) {
            home.safeWait().add(this, outgoing);
            return;
        }
        handIn(outgoing);
        if (outgoing.isRefused()) {
            backlog().queue.removeLast(); // it came a moment ago, and must not take room until the client comes
            letGo(outgoing);
            tidyBacklog();
        }
    }

    /** Whether a further subscription may bring retained messages, or too many that did are still under way. */
    public boolean mayBringRetained() {
        return backlog == null || backlog.bursts.size() < MAX_RETAINED_BURSTS;
    }

    /** Sends {@code messages} as the network and the client take them, and before whatever arrives from now on. */
    public void offerRetained(Iterator<Publish> messages, Delivery delivery) {
        backlog().bursts.add(new Backlog.RetainedBurst(messages, delivery));
        drain();
    }

    /** The subscription has ended: what it has not brought yet it brings no more. */
    public void endRetained(Delivery delivery) {
        if (backlog != null) {
            backlog.endBursts(ended -> ended == delivery, this::letGo);
            tidyBacklog();
        }
    }

    private void offerAtMostOnce(Publish message, boolean retain, Delivery delivery) {
        var outbound = this.outbound;
        if (outbound == null) {
            return; // MQTT 5 §4.1: a Server may keep QoS 0 messages for an absent client; ours does not
        }
        if (backlog != null && backlog.holdsBackAtMostOnce()) {
            enqueue(new Outgoing(message, QoS.AT_MOST_ONCE, retain, delivery));
        } else if (!outbound.isWritable()) {
            host.onDropped(this, message, Incident.Reason.SLOW_CONSUMER);
        } else if (!outbound.publish(message, QoS.AT_MOST_ONCE, false, retain, 0, delivery.subscriptionIds())) {
            host.onDropped(this, message, Incident.Reason.PACKET_TOO_LARGE);
        }
    }

    private void offerAcknowledged(Outgoing outgoing) {
        var outbound = this.outbound;
        if (outbound != null && backlog == null && outbound.isWritable() && windowTakes(outgoing)) {
            send(outbound, outgoing);
        } else if (outbound != null || expirySeconds > 0) {
            enqueue(outgoing);
        } else if (outgoing.kept != null) {
            letGoAfterEnd(outgoing, outgoing.kept);
        }
    }

    /** Of a message that came after the end of the session, which took its other places along. */
    private void letGoAfterEnd(Outgoing outgoing, Kept kept) {
        if (kept.isHandedIn) {
            removals().place(kept.position);
        }
        letGo(outgoing);
    }

    private void enqueue(Outgoing outgoing) {
        var limits = host.limits().queues();
        var backlog = backlog();
        int bytes = outgoing.message.queuedBytes();
        var full = whatIsFull(backlog, bytes, limits);
        if (full != null) {
            backlog.removeExpired(host.nanoTime(), this::letGo);
            full = whatIsFull(backlog, bytes, limits);
        }
        boolean dropsOldest =
                limits.whenFull() == QueueLimits.WhenFull.DROP_OLDEST && bytes <= limits.bytesPerSession();
        if (dropsOldest && full == Incident.Reason.QUEUE_FULL) {
            while (!backlog.hasRoomFor(bytes, limits.messagesPerSession(), limits.bytesPerSession())) {
                drop(backlog.queue.remove(), full);
            }
            full = whatIsFull(backlog, bytes, limits);
        }
        if (full == null || dropsOldest && takesPlaceOfOldest(backlog, bytes, full)) {
            backlog.queue.add(outgoing);
            isBehind = true;
        } else {
            drop(outgoing, full);
        }
        tidyBacklog();
    }

    /**
     * Drops as much of the queue as {@code bytes}, where others have taken the room: what they have is not this session's to
     * give, so nothing is dropped unless that is enough.
     */
    private boolean takesPlaceOfOldest(Backlog backlog, int bytes, Incident.Reason full) {
        long toBe = backlog.queue.bytes() - bytes;
        while (toBe >= 0 && backlog.queue.bytes() > toBe) {
            drop(backlog.queue.remove(), full);
        }
        return toBe >= 0;
    }

    /** What keeps the queue from taking {@code bytes} more; null if nothing does. */
    private Incident.@Nullable Reason whatIsFull(Backlog backlog, int bytes, QueueLimits limits) {
        countHeld();
        var memory = host.memory();
        if (!backlog.hasRoomFor(bytes, limits.messagesPerSession(), limits.bytesPerSession())) {
            return Incident.Reason.QUEUE_FULL;
        } else if (memory.queuedBytes() + bytes > limits.bytes()) {
            return Incident.Reason.QUEUES_FULL;
        }
        return memory.hasRoomFor(bytes) ? null : Incident.Reason.MEMORY_FULL;
    }

    private void drop(Outgoing outgoing, Incident.Reason why) {
        letGo(outgoing);
        host.onDropped(this, outgoing.message, why);
    }

    private Backlog backlog() {
        var backlog = this.backlog;
        if (backlog == null) {
            backlog = new Backlog(host.store(), host.nanoTime());
            this.backlog = backlog;
        }
        return backlog;
    }

    /** After something was taken out of the backlog. */
    private void tidyBacklog() {
        if (isBehind && (backlog == null || backlog.queue.isEmpty())) {
            isBehind = false;
        }
        if (backlog != null && backlog.isEmpty()) {
            backlog = null;
        }
        countHeld();
    }

    /** A window that is empty takes any message, so that one larger than the limit does not stop the queue for good. */
    private boolean windowTakes(Outgoing outgoing) {
        var inflight = this.inflight;
        if (outgoing.isHeldBack()) {
            return false;
        }
        if (outgoing.qos == QoS.AT_MOST_ONCE || inflight == null || inflight.size() == 0) {
            return true;
        }
        return onWire < receiveMaximum
                && inflight.size() < MAX_INFLIGHT
                && inflight.mayAdd(outgoing)
                && windowHasRoomFor(inflight.bytes() + outgoing.message.queuedBytes());
    }

    private boolean windowHasRoomFor(long bytes) {
        var limits = host.limits().queues();
        if (bytes <= SMALL_WINDOW_BYTES || bytes > limits.bytesPerSession()) {
            return bytes <= limits.bytesPerSession();
        }
        var memory = host.memory();
        return memory.queuedBytes() <= limits.bytes() && memory.hasRoomFor(0);
    }

    /** Sends what is due of the backlog. */
    private void drain() {
        var backlog = this.backlog;
        if (draining || backlog == null) {
            return;
        }
        draining = true;
        try {
            var outbound = this.outbound;
            boolean mayBeMore = true;
            while (mayBeMore && outbound != null && outbound == this.outbound && outbound.isWritable()) {
                mayBeMore = sendNext(outbound, backlog);
            }
        } finally {
            draining = false;
            tidyBacklog();
        }
    }

    private boolean sendNext(Outbound outbound, Backlog backlog) {
        if (!backlog.resends.isEmpty()) {
            return sendAgain(outbound, backlog);
        }
        var burst = backlog.bursts.peek();
        if (burst != null) {
            return sendFrom(burst, outbound, backlog);
        }
        var next = backlog.queue.peek();
        if (next == null || !windowTakes(next)) {
            return false;
        }
        backlog.queue.remove();
        if (isExpired(next.message) || next.isRefused()) {
            letGo(next);
        } else {
            send(outbound, next);
        }
        return true;
    }

    private boolean sendAgain(Outbound outbound, Backlog backlog) {
        if (onWire >= receiveMaximum && !backlog.resends.element().isReceived()) {
            return false;
        }
        var again = backlog.resends.remove();
        onWire++;
        if (again.isReceived()) {
            if (!again.isPubrelHeldBack()) {
                outbound.pubrel(again.packetId);
            }
        } else if (!outbound.publish(
                again.message, again.qos, true, again.retain, again.packetId, again.subscriptionIds)) {
            onWire--;
            window().remove(again);
            letGo(again);
            host.onDropped(this, again.message, Incident.Reason.PACKET_TOO_LARGE);
        }
        return true;
    }

    private boolean sendFrom(Backlog.RetainedBurst burst, Outbound outbound, Backlog backlog) {
        boolean windowFull = onWire >= receiveMaximum || inflight != null && inflight.size() >= MAX_INFLIGHT;
        if (windowFull && burst.delivery.qos() != QoS.AT_MOST_ONCE) {
            return false;
        }
        if (isKept() && burst.delivery.qos() != QoS.AT_MOST_ONCE) {
            keepNext(burst);
        }
        var next = burst.next.peek();
        if (next == null && !burst.messages.hasNext()) {
            backlog.bursts.remove();
        } else if (next == null) {
            next = outgoing(burst);
            if (isDue(next)) {
                send(outbound, next);
            }
        } else if (next.isHeldBack() || inflight != null && !inflight.mayAdd(next)) {
            return false;
        } else {
            burst.next.remove();
            sendKept(outbound, next);
        }
        return true;
    }

    private static Outgoing outgoing(Backlog.RetainedBurst burst) {
        var message = burst.messages.next();
        return new Outgoing(message, message.qos().atMost(burst.delivery.qos()), true, burst.delivery);
    }

    /** Whether it has not expired, nor the permission gone, while others were under way. */
    private boolean isDue(Outgoing outgoing) {
        return !isExpired(outgoing.message) && policy.mayReceive(outgoing.message.topic());
    }

    /** Most messages never expire, and need no look at the clock. */
    private boolean isExpired(Publish message) {
        return message.expiresAtNanos() != Publish.NEVER && message.isExpired(host.nanoTime());
    }

    /** Gives the next retained messages their places in the store: a client may have them, and a crash must not forget that. */
    private void keepNext(Backlog.RetainedBurst burst) {
        while (burst.next.size() < MAX_RETAINED_AHEAD && burst.messages.hasNext()) {
            var outgoing = outgoing(burst);
            if (outgoing.qos != QoS.AT_MOST_ONCE) {
                keepAlone(outgoing);
            }
            burst.next.add(outgoing);
        }
    }

    private void keepAlone(Outgoing outgoing) {
        var deposit = host.store().newDeposit(1);
        deposit.settle(); // there is no publisher that waits for it
        boolean isStoredFirst = outgoing.qos == QoS.EXACTLY_ONCE;
        var kept = new Kept(deposit, durability().nextPosition(), isStoredFirst);
        outgoing.keep(kept);
        if (isStoredFirst) {
            deposit.storeFirst(outgoing.message, placeOf(outgoing, kept), this);
        }
    }

    private void sendKept(Outbound outbound, Outgoing outgoing) {
        if (outgoing.isRefused() || !isDue(outgoing)) {
            letGo(outgoing);
            return;
        }
        send(outbound, outgoing);
        if (outgoing.kept != null && !outgoing.kept.isHandedIn) {
            home.safeWait().add(this, outgoing);
        }
    }

    private InflightWindow window() {
        var inflight = this.inflight;
        if (inflight == null) {
            inflight = new InflightWindow();
            this.inflight = inflight;
        }
        return inflight;
    }

    private @Nullable Outgoing inFlight(int packetId) {
        return inflight == null ? null : inflight.get(packetId);
    }

    private void send(Outbound outbound, Outgoing outgoing) {
        if (outgoing.qos != QoS.AT_MOST_ONCE) {
            window().add(outgoing);
            onWire++;
            countHeld();
        }
        boolean sent = outbound.publish(
                outgoing.message, outgoing.qos, false, outgoing.retain, outgoing.packetId, outgoing.subscriptionIds);
        if (!sent) {
            if (outgoing.qos != QoS.AT_MOST_ONCE) {
                window().remove(outgoing);
                onWire--;
                countHeld();
                letGo(outgoing);
            }
            host.onDropped(this, outgoing.message, Incident.Reason.PACKET_TOO_LARGE);
        }
    }

    // Acknowledgements of the client; one that answers nothing is let pass (MQTT 5 §4.13 leaves it to the server)

    public void onPuback(int packetId) {
        var outgoing = inFlight(packetId);
        if (outgoing != null && outgoing.awaits == Outgoing.Awaits.PUBACK) {
            finish(outgoing);
        }
    }

    /**
     * @param refused whether the reason code is an error, which ends the delivery (MQTT 5 [MQTT-4.3.3-4])
     * @return what is to be answered
     */
    public PubrecAnswer onPubrec(int packetId, boolean refused) {
        var outgoing = inFlight(packetId);
        if (outgoing == null || outgoing.awaits == Outgoing.Awaits.PUBACK) {
            return PubrecAnswer.UNKNOWN;
        }
        if (refused) {
            finish(outgoing);
            return PubrecAnswer.NOTHING;
        }
        if (!outgoing.isReceived()) {
            outgoing.awaits = Outgoing.Awaits.PUBCOMP;
            window().moveToEnd(outgoing);
            if (backlog != null && backlog.resends.remove(outgoing)) {
                onWire++; // the client remembers it from an earlier connection
            }
            if (outgoing.kept != null) {
                holdPubrelBack(outgoing, outgoing.kept);
            }
        }
        return outgoing.isPubrelHeldBack() ? PubrecAnswer.NOTHING : PubrecAnswer.PUBREL;
    }

    /** Until it is stored that the message is not to be sent again: after PUBREL, the client would take it for another. */
    private void holdPubrelBack(Outgoing outgoing, Kept kept) {
        kept.isPubrelHeldBack = true;
        var receipt = new Receipt();
        receipt.expect(1);
        host.store().placeReceived(durability().id, kept.position, receipt);
        if (receipt.isSafeAlready(() -> home.post(() -> onPubrecStored(outgoing)))) {
            kept.isPubrelHeldBack = false;
        }
    }

    private void onPubrecStored(Outgoing outgoing) {
        var kept = outgoing.kept;
        if (kept == null || !kept.isPubrelHeldBack) {
            return;
        }
        kept.isPubrelHeldBack = false;
        var outbound = this.outbound;
        boolean isToBeSentAgain = backlog != null && backlog.resends.contains(outgoing);
        if (outbound != null && !isToBeSentAgain && inFlight(outgoing.packetId) == outgoing) {
            outbound.pubrel(outgoing.packetId);
        }
    }

    public void onPubcomp(int packetId) {
        var outgoing = inFlight(packetId);
        if (outgoing != null && outgoing.isReceived()) {
            finish(outgoing);
        }
    }

    private void finish(Outgoing outgoing) {
        window().remove(outgoing);
        letGo(outgoing);
        boolean notSentAgainYet = backlog != null && backlog.resends.remove(outgoing);
        if (!notSentAgainYet) {
            onWire--;
        }
        countHeld();
        drain();
    }

    // QoS 2 messages of the client

    /** What the client has published with QoS 2 and not released. */
    public UnreleasedMessages unreleased() {
        var unreleased = this.unreleased;
        if (unreleased == null) {
            unreleased = new UnreleasedMessages();
            this.unreleased = unreleased;
        }
        return unreleased;
    }

    /** What to store of a QoS 2 message that this session publishes; null if the session is not kept. */
    public @Nullable Received asReceived(int packetId) {
        var durability = this.durability;
        return durability == null || expirySeconds == 0 ? null : new Received(durability.id, packetId);
    }

    /**
     * Has the store forget a QoS 2 message that was released: a crash must not let the next message with its Packet Identifier
     * pass for it.
     *
     * @return expects that, and has to be settled once; null if the store does not have it
     */
    public @Nullable Receipt forgetReceived(int packetId) {
        var durability = this.durability;
        if (durability == null || unreleased == null || !unreleased.forgetStored(packetId)) {
            return null;
        }
        var receipt = new Receipt();
        receipt.expect(1);
        host.store().removeReceived(new Received(durability.id, packetId), receipt);
        return receipt;
    }

    // Permissions

    /** What the client may do now. */
    public AccessPolicy policy() {
        return policy;
    }

    /** The client may do something else from now on: what waits on topics that it may read no more is dropped. */
    public void policy(AccessPolicy policy) {
        this.policy = policy;
        if (outbound == null && inflight != null) {
            inflight.removeIf(this::isHidden, this::letGo);
        }
        var backlog = this.backlog;
        if (backlog != null) {
            if (backlog.queue.isAnyOn(topic -> !policy.mayReceive(topic))) {
                backlog.queue.removeIf(this::isHidden, this::letGo);
            }
            backlog.resends.removeIf(outgoing -> {
                boolean hidden = isHidden(outgoing);
                if (hidden) {
                    window().remove(outgoing);
                    letGo(outgoing);
                }
                return hidden;
            });
            tidyBacklog();
        }
        countHeld();
    }

    /** A message that the client has taken responsibility for is its own to finish. */
    private boolean isHidden(Outgoing outgoing) {
        return !outgoing.isReceived() && !policy.mayReceive(outgoing.message.topic());
    }

    /**
     * Gives away what came by a Shared Subscription and is not this client's alone to finish: what waits, and what was sent
     * with QoS 1 and not acknowledged (MQTT 5 §4.8.2). QoS 2 messages that were sent stay [MQTT-4.8.2-4].
     *
     * @param taker takes what another member of the group can have
     */
    public void giveAway(Taker taker) {
        if (inflight != null) {
            inflight.removeIf(
                    outgoing -> outgoing.awaits == Outgoing.Awaits.PUBACK && isTaken(outgoing, taker), this::letGo);
        }
        if (backlog != null) {
            if (backlog.queue.hasShared()) {
                backlog.queue.removeIf(outgoing -> isTaken(outgoing, taker), this::letGo);
            }
            tidyBacklog();
        }
        countHeld();
    }

    private static boolean isTaken(Outgoing outgoing, Taker taker) {
        return outgoing.shared != null
                && taker.take(outgoing.shared, outgoing.message, outgoing.kept == null ? null : outgoing.kept.deposit);
    }

    private void onFault(RuntimeException fault) {
        var outbound = this.outbound;
        if (outbound == null) {
            throw fault;
        }
        outbound.fail(fault);
    }
}
