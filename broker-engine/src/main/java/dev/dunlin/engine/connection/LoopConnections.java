package dev.dunlin.engine.connection;

import dev.dunlin.engine.codec.PublishEncoder;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.port.CredentialId;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.port.UsageSample;
import dev.dunlin.engine.session.SessionLoop;
import dev.dunlin.engine.topic.TopicCache;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** The accepted connections of one event loop, what was used on it, and what they all work with. On that loop only. */
public final class LoopConnections implements SessionLoop.TurnEnd {
    /** From now, on a clock of nanoseconds that may overflow. */
    static final long NEVER_NANOS = Long.MAX_VALUE / 2;

    private static final long LOOK_INTERVAL_MILLIS = 250;

    /** The place of a connection that is in no list. */
    static final int NOWHERE = -1;

    private record User(TenantId tenant, CredentialId credential) {}

    private final SessionLoop loop;
    private final TopicCache topics = new TopicCache();
    private final ArrivedBytes arrivedBytes = new ArrivedBytes();
    private final PublishEncoder publishEncoder = new PublishEncoder();
    private boolean sharesPayload;
    private final LongSupplier nanoClock;
    private final List<Connection> open = new ArrayList<>();

    /** When to look at the keep-alive of the connection in the same place: read in one sweep, where a timer each costs more. */
    private long[] looks = new long[64];

    private boolean isLooking;
    private final Map<User, UsageSample> usageOfClosed = new HashMap<>();

    LoopConnections(SessionLoop loop, LongSupplier nanoClock) {
        this.loop = loop;
        this.nanoClock = nanoClock;
    }

    SessionLoop loop() {
        return loop;
    }

    /** Now, on the engine's clock. */
    long nanoTime() {
        return nanoClock.getAsLong();
    }

    TopicCache topics() {
        return topics;
    }

    ArrivedBytes arrivedBytes() {
        return arrivedBytes;
    }

    PublishEncoder publishEncoder() {
        return publishEncoder;
    }

    /** Gives a payload that connections share, until the turn ends. */
    ByteBuf sharedPayload(Publish message, ByteBufAllocator allocator) {
        if (!sharesPayload) {
            sharesPayload = true;
            loop.atTurnEnd(this);
        }
        return publishEncoder.sharedPayload(message, allocator);
    }

    @Override
    public void onTurnEnd() {
        sharesPayload = false;
        publishEncoder.forgetPayload();
    }

    /** @param lookNanos when to look at its keep-alive first */
    void add(Connection connection, long lookNanos) {
        int place = open.size();
        if (place == looks.length) {
            looks = Arrays.copyOf(looks, place * 2);
        }
        looks[place] = lookNanos;
        connection.place = place;
        open.add(connection);
        if (!isLooking) {
            isLooking = true;
            lookLater();
        }
    }

    private void lookLater() {
        loop.eventLoop().schedule(this::look, LOOK_INTERVAL_MILLIS, TimeUnit.MILLISECONDS);
    }

    private void look() {
        if (open.isEmpty()) {
            isLooking = false;
            looks = new long[64];
            return;
        }
        lookLater();
        long now = nanoTime();
        for (int place = open.size() - 1; place >= 0; place--) {
            // those that end meanwhile leave their places to others, which were looked at before
            if (place < open.size() && looks[place] - now <= 0) {
                var connection = open.get(place);
                long next = connection.checkKeepAlive(now);
                if (connection.place != NOWHERE) {
                    looks[connection.place] = next;
                }
            }
        }
    }

    void remove(Connection connection) {
        int place = connection.place;
        if (place != NOWHERE) {
            connection.place = NOWHERE;
            var last = open.remove(open.size() - 1);
            if (last != connection) {
                open.set(place, last);
                looks[place] = looks[last.place];
                last.place = place;
            }
            add(usageOfClosed, connection.takeUsage());
        }
    }

    /** A copy, since connections close while it is walked. */
    public List<Connection> all() {
        return new ArrayList<>(open);
    }

    public int size() {
        return open.size();
    }

    /** What was used since the call before, one sample a credential. */
    public List<UsageSample> takeUsage() {
        var usage = new HashMap<>(usageOfClosed);
        usageOfClosed.clear();
        for (var connection : open) {
            add(usage, connection.takeUsage());
        }
        return new ArrayList<>(usage.values());
    }

    private static void add(Map<User, UsageSample> usage, UsageSample sample) {
        boolean isNothing = sample.messagesIn() == 0 && sample.messagesOut() == 0 && sample.refused() == 0;
        if (!isNothing) {
            usage.merge(new User(sample.tenant(), sample.credential()), sample, LoopConnections::sum);
        }
    }

    private static UsageSample sum(UsageSample a, UsageSample b) {
        return new UsageSample(
                a.tenant(),
                a.credential(),
                a.messagesIn() + b.messagesIn(),
                a.bytesIn() + b.bytesIn(),
                a.messagesOut() + b.messagesOut(),
                a.bytesOut() + b.bytesOut(),
                a.refused() + b.refused());
    }
}
