package dev.dunlin.engine.benchmark;

import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Something that a broker is made to do. */
interface Load {
    /** How the command's argument names it. */
    String name();

    /** What it measures. */
    List<Row> rows();

    /** The kinds of broker that take part. */
    Set<BrokerKind> brokers();

    /** Whether each run wants a broker that has done nothing yet. */
    default boolean wantsNewBroker() {
        return false;
    }

    /** Drives {@code broker} for about {@code time}, on {@code loops}. */
    Sample run(EventLoopGroup loops, Broker broker, Duration time) throws InterruptedException;

    /**
     * What a run found.
     *
     * @param perSecond how much the broker did in a second, to tell that it was at work
     * @param loadMicros CPU of this process for each
     * @param lost messages that never arrived
     * @param wrong messages that were doubled, out of order or changed, and connections that broke
     */
    record Sample(Map<Row, Double> values, double perSecond, double loadMicros, long lost, long wrong) {
        boolean isFaulty() {
            return lost + wrong > 0;
        }
    }
}
