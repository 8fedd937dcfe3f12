package dev.dunlin.engine.session;

import dev.dunlin.engine.access.AccessPolicy;
import dev.dunlin.engine.packet.Packet.Connect;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.packet.Will;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.topic.TopicFilter;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The session of one client (MQTT 5 §4.1). All methods are called on the session's home event loop, but for the getters of
 * what never changes.
 *
 * <p>Bounds: the queue and the in-flight window hold as many messages and bytes as the tenant's limits say, the window at
 * most {@link #MAX_INFLIGHT} messages; a QoS 1 or 2 message beyond them is dropped, counted and reported, unless the queue
 * holds expired ones that can go. QoS 0 messages
 * are dropped and counted while the network takes no more.
 */
public final class Session {
    /** Messages of QoS 1 and 2 in flight to a client, whatever its Receive Maximum. */
    public static final int MAX_INFLIGHT = 1_024;

    private static final int MAX_RETAINED_BURSTS = 64;

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

    /** Packet Identifiers of QoS 2 messages received and not yet released. */
    private @Nullable BitSet unreleased;

    private int unreleasedCount;

    /** How many of them earlier connections have left. */
    private int unreleasedBefore;

    private @Nullable Outbound outbound;
    private int receiveMaximum;

    /** In flight on this connection: what counts against Receive Maximum. */
    private int onWire;

    private long expirySeconds;
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
        unreleasedBefore = unreleasedCount;
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
            backlog.bursts.removeIf(burst -> burst.delivery().qos() == QoS.AT_MOST_ONCE);
            backlog.removeQueued(outgoing -> outgoing.qos == QoS.AT_MOST_ONCE);
            tidyBacklog();
        }
    }

    /** The session has ended: whoever still refers to it holds no messages by it, and what still comes for it is dropped. */
    public void end() {
        expirySeconds = 0;
        backlog = null;
        inflight = null;
        isBehind = false;
    }

    /** The network takes more again. */
    public void onWritable() {
        drain();
    }

    // Delivery

    /** Takes note of a message for this session: sends it, queues it or drops it. A fault closes the connection only. */
    public void offer(Publish message, Delivery delivery) {
        try {
            var qos = message.qos().atMost(delivery.qos());
            boolean retain = message.retain() && delivery.retainAsPublished();
            if (qos == QoS.AT_MOST_ONCE) {
                offerAtMostOnce(message, retain, delivery);
            } else {
                offerAcknowledged(new Outgoing(message, qos, retain, delivery));
            }
        } catch (RuntimeException fault) {
            onFault(fault);
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
            backlog.bursts.removeIf(burst -> burst.delivery() == delivery);
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
        }
    }

    private void enqueue(Outgoing outgoing) {
        var limits = host.limits();
        var backlog = backlog();
        int bytes = outgoing.message.queuedBytes();
        if (!backlog.hasRoomFor(bytes, limits.queuedMessagesPerSession(), limits.queuedBytesPerSession())) {
            backlog.removeExpired(host.nanoTime());
        }
        if (backlog.hasRoomFor(bytes, limits.queuedMessagesPerSession(), limits.queuedBytesPerSession())) {
            backlog.enqueue(outgoing);
            isBehind = true;
        } else {
            tidyBacklog();
            host.onDropped(this, outgoing.message, Incident.Reason.QUEUE_FULL);
        }
    }

    private Backlog backlog() {
        var backlog = this.backlog;
        if (backlog == null) {
            backlog = new Backlog(host.nanoTime());
            this.backlog = backlog;
        }
        return backlog;
    }

    /** After something was taken out of the backlog. */
    private void tidyBacklog() {
        if (isBehind && (backlog == null || backlog.isQueueEmpty())) {
            isBehind = false;
        }
        if (backlog != null && backlog.isEmpty()) {
            backlog = null;
        }
    }

    /** A window that is empty takes any message, so that one larger than the limit does not stop the queue for good. */
    private boolean windowTakes(Outgoing outgoing) {
        var inflight = this.inflight;
        if (outgoing.qos == QoS.AT_MOST_ONCE || inflight == null || inflight.size() == 0) {
            return true;
        }
        return onWire < receiveMaximum
                && inflight.size() < MAX_INFLIGHT
                && inflight.bytes() + outgoing.message.queuedBytes()
                        <= host.limits().queuedBytesPerSession();
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
        var next = backlog.next();
        if (next == null || !windowTakes(next)) {
            return false;
        }
        backlog.removeNext();
        if (!next.message.isExpired(host.nanoTime())) {
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
            outbound.pubrel(again.packetId);
        } else if (!outbound.publish(
                again.message, again.qos, true, again.retain, again.packetId, again.subscriptionIds)) {
            onWire--;
            window().remove(again);
            host.onDropped(this, again.message, Incident.Reason.PACKET_TOO_LARGE);
        }
        return true;
    }

    private boolean sendFrom(Backlog.RetainedBurst burst, Outbound outbound, Backlog backlog) {
        boolean windowFull = onWire >= receiveMaximum || inflight != null && inflight.size() >= MAX_INFLIGHT;
        if (windowFull && burst.delivery().qos() != QoS.AT_MOST_ONCE) {
            return false;
        }
        if (!burst.messages().hasNext()) {
            backlog.bursts.remove();
            return true;
        }
        var message = burst.messages().next();
        if (message.isExpired(host.nanoTime()) || !policy.mayReceive(message.topic())) {
            return true; // it expired, or the permission went, while the burst was under way
        }
        var qos = message.qos().atMost(burst.delivery().qos());
        send(outbound, new Outgoing(message, qos, true, burst.delivery()));
        return true;
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
        }
        boolean sent = outbound.publish(
                outgoing.message, outgoing.qos, false, outgoing.retain, outgoing.packetId, outgoing.subscriptionIds);
        if (!sent) {
            if (outgoing.qos != QoS.AT_MOST_ONCE) {
                window().remove(outgoing);
                onWire--;
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
     * @return whether PUBREL is the answer; otherwise the Packet Identifier is not known
     */
    public boolean onPubrec(int packetId, boolean refused) {
        var outgoing = inFlight(packetId);
        if (outgoing == null || outgoing.awaits == Outgoing.Awaits.PUBACK) {
            return false;
        }
        if (refused) {
            finish(outgoing);
            return true;
        }
        if (!outgoing.isReceived()) {
            outgoing.awaits = Outgoing.Awaits.PUBCOMP;
            window().moveToEnd(outgoing);
            if (backlog != null && backlog.resends.remove(outgoing)) {
                onWire++; // the client remembers it from an earlier connection
            }
        }
        return true;
    }

    public void onPubcomp(int packetId) {
        var outgoing = inFlight(packetId);
        if (outgoing != null && outgoing.isReceived()) {
            finish(outgoing);
        }
    }

    private void finish(Outgoing outgoing) {
        window().remove(outgoing);
        boolean notSentAgainYet = backlog != null && backlog.resends.remove(outgoing);
        if (!notSentAgainYet) {
            onWire--;
        }
        drain();
    }

    // QoS 2 messages of the client

    /**
     * Takes note of a QoS 2 message from the client.
     *
     * @return false if it was received before and must not be published again (MQTT 5 [MQTT-4.3.3-10])
     */
    public boolean receive(int packetId) {
        var ids = unreleased;
        if (ids == null) {
            ids = new BitSet();
            unreleased = ids;
        }
        if (ids.get(packetId)) {
            return false;
        }
        ids.set(packetId);
        unreleasedCount++;
        return true;
    }

    /** Whether a QoS 2 message with this Packet Identifier waits for its PUBREL. */
    public boolean isUnreleased(int packetId) {
        return unreleased != null && unreleased.get(packetId);
    }

    /** How many QoS 2 messages of this connection are not released; quotas begin anew with each (MQTT 5 §4.9). */
    public int unreleasedCount() {
        return unreleasedCount - unreleasedBefore;
    }

    /** @return whether the Packet Identifier was known */
    public boolean release(int packetId) {
        var ids = unreleased;
        if (ids == null || !ids.get(packetId)) {
            return false;
        }
        ids.clear(packetId);
        unreleasedCount--;
        unreleasedBefore = Math.min(unreleasedBefore, unreleasedCount);
        if (unreleasedCount == 0) {
            unreleased = null;
        }
        return true;
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
            inflight.removeIf(this::isHidden);
        }
        var backlog = this.backlog;
        if (backlog != null) {
            backlog.removeQueued(this::isHidden);
            backlog.resends.removeIf(outgoing -> {
                boolean hidden = isHidden(outgoing);
                if (hidden) {
                    window().remove(outgoing);
                }
                return hidden;
            });
            tidyBacklog();
        }
    }

    /** A message that the client has taken responsibility for is its own to finish. */
    private boolean isHidden(Outgoing outgoing) {
        return !outgoing.isReceived() && !policy.mayReceive(outgoing.message.topic());
    }

    /**
     * Gives away what came by a Shared Subscription and is not this client's alone to finish: what waits, and what was sent
     * with QoS 1 and not acknowledged (MQTT 5 §4.8.2). QoS 2 messages that were sent stay [MQTT-4.8.2-4].
     *
     * @param taker whether another member of the group has taken the message
     */
    public void giveAway(BiPredicate<TopicFilter, Publish> taker) {
        if (inflight != null) {
            inflight.removeIf(outgoing -> outgoing.awaits == Outgoing.Awaits.PUBACK && isTaken(outgoing, taker));
        }
        if (backlog != null) {
            backlog.removeQueued(outgoing -> isTaken(outgoing, taker));
            tidyBacklog();
        }
    }

    private static boolean isTaken(Outgoing outgoing, BiPredicate<TopicFilter, Publish> taker) {
        return outgoing.shared != null && taker.test(outgoing.shared, outgoing.message);
    }

    private void onFault(RuntimeException fault) {
        var outbound = this.outbound;
        if (outbound == null) {
            throw fault;
        }
        outbound.fail(fault);
    }
}
