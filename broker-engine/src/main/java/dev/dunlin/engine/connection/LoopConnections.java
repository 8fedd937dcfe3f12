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
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The accepted connections of one event loop, what was used on it, and what they all work with. On that loop only. */
public final class LoopConnections implements SessionLoop.TurnEnd {
    /** The place of a connection that is in no list. */
    static final int NOWHERE = -1;

    private record User(TenantId tenant, CredentialId credential) {}

    private final SessionLoop loop;
    private final TopicCache topics = new TopicCache();
    private final ArrivedBytes arrivedBytes = new ArrivedBytes();
    private final PublishEncoder publishEncoder = new PublishEncoder();
    private boolean sharesPayload;
    private final List<Connection> open = new ArrayList<>();
    private final Map<User, UsageSample> usageOfClosed = new HashMap<>();

    LoopConnections(SessionLoop loop) {
        this.loop = loop;
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

    void add(Connection connection) {
        connection.place = open.size();
        open.add(connection);
    }

    void remove(Connection connection) {
        int place = connection.place;
        if (place != NOWHERE) {
            connection.place = NOWHERE;
            var last = open.remove(open.size() - 1);
            if (last != connection) {
                open.set(place, last);
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
