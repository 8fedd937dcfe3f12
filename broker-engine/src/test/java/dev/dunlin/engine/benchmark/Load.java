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

    /** The kinds of broker that the table needs here. */
    Set<BrokerKind> brokers();

    /** Whether {@code broker} can do it: the floor where it was asked for, and what needs tenants is for ours alone. */
    default boolean suits(BrokerKind broker) {
        return brokers().contains(broker)
                || broker != BrokerKind.FLOOR && brokers().contains(BrokerKind.MOSQUITTO);
    }

    /** How many tenants beside the first the broker has to know. */
    default int tenants() {
        return 0;
    }

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
     * @param fault what went wrong: messages lost, doubled or out of order, connections that broke, a rate not kept; empty if
     *     nothing did
     */
    record Sample(Map<Row, Double> values, double perSecond, double loadMicros, String fault) {
        boolean isFaulty() {
            return !fault.isEmpty();
        }
    }
}
