package dev.dunlin.engine.connection;

import dev.dunlin.engine.port.TenantId;
import io.netty.channel.EventLoop;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Damps clients that have one client id and throw each other out in turn, each coming back as soon as it is gone: after a
 * few take-overs in a row the next one waits, longer each time, and the client that is connected stays so meanwhile. One
 * client waits at most; who comes later takes its place. A device that takes over its own connection waits for nothing.
 *
 * <p>Of the sessions of one event loop, on that loop only. Remembers so many client ids that were taken over at most, and
 * forgets those first that were quiet the longest.
 */
final class TakeOvers {
    /** Who wants a session that another connection has. Each is told one of the three. */
    interface Newcomer {
        /** Its turn has come; the client may have left by now. */
        void enter();

        /** Another has come, and waits in its place. */
        void giveWay();

        /** It is the first that has to wait since the client id came into dispute: time to tell the tenant. */
        void reportDispute();
    }

    private record Key(TenantId tenant, String clientId) {}

    /** Take-overs in a row that wait for nothing: a device on a bad line comes again and again, too. */
    static final int UNDAMPED = 16;

    private static final int MOST_COUNTED = UNDAMPED + 5;
    private static final int MOST_REMEMBERED = 4_096;
    private static final long SHORTEST_MILLIS = 250;

    /** The longest wait: short of what clients wait for CONNACK. */
    static final long LONGEST_MILLIS = 4_000;

    /** One take-over is forgotten in this time: longer than the longest wait, or a dispute would seem to end. */
    static final long FORGET_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final EventLoop loop;
    private final LongSupplier nanoClock;
    private final Map<Key, Dispute> disputes = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Dispute> eldest) {
            return size() > MOST_REMEMBERED;
        }
    };

    TakeOvers(EventLoop loop, LongSupplier nanoClock) {
        this.loop = loop;
        this.nanoClock = nanoClock;
    }

    /** Lets {@code newcomer} enter now or later, or give way to a later one. */
    void queue(TenantId tenant, String clientId, Newcomer newcomer) {
        disputes.computeIfAbsent(new Key(tenant, clientId), key -> new Dispute(nanoClock.getAsLong()))
                .queue(newcomer);
    }

    private final class Dispute {
        private int count;
        private long countedNanos;
        private boolean isReported;
        private @Nullable Newcomer waiting;

        Dispute(long nowNanos) {
            countedNanos = nowNanos;
        }

        void queue(Newcomer newcomer) {
            var earlier = waiting;
            if (earlier != null) {
                waiting = newcomer;
                earlier.giveWay();
                return;
            }
            forget();
            if (count < UNDAMPED) {
                count++;
                newcomer.enter();
                return;
            }
            if (!isReported) {
                isReported = true;
                newcomer.reportDispute();
            }
            waiting = newcomer;
            long millis = Math.min(LONGEST_MILLIS, SHORTEST_MILLIS << count - UNDAMPED);
            count = Math.min(MOST_COUNTED, count + 1);
            loop.schedule(this::enterWaiting, millis, TimeUnit.MILLISECONDS);
        }

        private void enterWaiting() {
            var next = waiting;
            waiting = null;
            if (next != null) {
                next.enter();
            }
        }

        private void forget() {
            long forgotten = (nanoClock.getAsLong() - countedNanos) / FORGET_NANOS;
            countedNanos += forgotten * FORGET_NANOS;
            count = (int) Math.max(0, count - forgotten);
            if (count == 0) {
                isReported = false;
            }
        }
    }
}
