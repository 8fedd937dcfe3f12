package dev.dunlin.engine.transport;

import java.net.InetAddress;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Limits before log-in, per remote address, so that a flood from one place is cheap and guessing is slow. Safe on any
 * event loop, bounded in memory, never waits.
 */
public final class ConnectGuard {
    /** Refuses nobody. */
    static final ConnectGuard OPEN = new ConnectGuard(0, 0);

    private static final int BURST_SECONDS = 10;

    private final @Nullable RateByAddress connections;
    private final @Nullable RateByAddress failures;
    private final LongAdder refused = new LongAdder();

    /**
     * @param connectRate connections per second that one address may open, with a burst of ten seconds' worth; 0 for any
     * @param failedLogins failed log-ins per second that one address is answered; 0 for any
     */
    public ConnectGuard(int connectRate, int failedLogins) {
        this(connectRate, failedLogins, System::nanoTime);
    }

    ConnectGuard(int connectRate, int failedLogins, LongSupplier nanoTime) {
        connections = connectRate > 0 ? new RateByAddress(connectRate, connectRate * BURST_SECONDS, nanoTime) : null;
        failures = failedLogins > 0 ? new RateByAddress(failedLogins, failedLogins, nanoTime) : null;
    }

    /** Counts a new connection of {@code remote}; false if it is one too many. */
    boolean mayConnect(InetAddress remote) {
        if (connections == null || connections.take(remote)) {
            return true;
        }
        refused.increment();
        return false;
    }

    /**
     * Counts a log-in of {@code remote} that failed. False if it is one too many: then the connection is closed without an
     * answer, and a guess of this second tells its author nothing.
     */
    public boolean mayAnswerFailure(InetAddress remote) {
        return failures == null || failures.take(remote);
    }

    /** How many connections were closed unread since the start. */
    public long refusedConnections() {
        return refused.sum();
    }
}
