package dev.dunlin.engine.transport;

import java.net.InetAddress;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Limits before log-in: per remote address, so that a flood from one place is cheap, and per user name, so that guessing
 * one from many places is slow. Safe on any event loop, bounded in memory, never waits.
 */
public final class ConnectGuard {
    /** Refuses nobody. */
    static final ConnectGuard OPEN = new ConnectGuard(0, 0);

    private static final int BURST_SECONDS = 10;

    /** So many times the answers of one address are for one user name: a fleet may share one, and all have an old secret. */
    private static final int ADDRESSES_OF_NAME = 4;

    private final @Nullable RateByKey connections;
    private final @Nullable RateByKey failures;
    private final @Nullable RateByKey failuresOfNames;
    private final LongAdder refused = new LongAdder();

    /**
     * @param connectRate connections per second that one address may open, with a burst of ten seconds' worth; 0 for any
     * @param failedLogins failed log-ins per second that one address is answered, a quarter of those that
     *     one user name is from all addresses; 0 for any
     */
    public ConnectGuard(int connectRate, int failedLogins) {
        this(connectRate, failedLogins, System::nanoTime);
    }

    ConnectGuard(int connectRate, int failedLogins, LongSupplier nanoTime) {
        connections = connectRate > 0 ? new RateByKey(connectRate, connectRate * BURST_SECONDS, nanoTime) : null;
        failures = failedLogins > 0 ? new RateByKey(failedLogins, failedLogins, nanoTime) : null;
        int ofName = failedLogins * ADDRESSES_OF_NAME;
        failuresOfNames = failedLogins > 0 ? new RateByKey(ofName, ofName, nanoTime) : null;
    }

    /** Counts a new connection of {@code remote}; false if it is one too many. */
    boolean mayConnect(InetAddress remote) {
        if (connections == null || connections.take(RateByKey.keyOf(remote))) {
            return true;
        }
        refused.increment();
        return false;
    }

    /**
     * Counts a log-in of {@code remote} that failed. False if it is one too many, of the address or of the name: then the
     * connection is closed without an answer. A log-in that succeeds is not asked about and changes nothing: its owner is
     * never kept out, and nobody can see here whether or when he came. Names count as they are sent, so that one that
     * exists is treated as one that does not.
     *
     * @param userName absent if the client has not said one
     */
    public boolean mayAnswerFailure(InetAddress remote, @Nullable String userName) {
        if (failures == null || failuresOfNames == null) {
            return true;
        }
        // in this order: an address that has had its answers takes none from the owner of the name
        return failures.take(RateByKey.keyOf(remote))
                && (userName == null || failuresOfNames.take(RateByKey.keyOf(userName)));
    }

    /** How many connections were closed unread since the start. */
    public long refusedConnections() {
        return refused.sum();
    }
}
