package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.Publish;
import io.netty.channel.EventLoop;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.util.internal.PlatformDependent;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One event loop and what the engine keeps for it. What happens in a turn of the loop is gathered and done once, when the
 * turn ends: connections flush what they have to write, and messages for sessions of other loops are handed over, one task
 * for each of those loops.
 *
 * <p>A loop that is behind holds back those that feed it: once {@link #MAX_HANDED_OVER} messages of one loop wait at
 * another, {@link #isCongested} is true until half of them are done, and connections stop reading meanwhile.
 */
public final class SessionLoop {
    private static final Logger log = LoggerFactory.getLogger(SessionLoop.class);

    /**
     * How many deliveries of one loop may wait at another, of small messages; large ones count as several. All that wait are done
     * before the other loop reads again: with many more, one publisher at full rate would hold up everybody there for as long as
     * they take.
     */
    static final int MAX_HANDED_OVER = 2_048;

    /** How long something that is due waits for the end of the turn. */
    private static final long LONG_TURN_NANOS = 30_000;

    /** Something to do once at the end of a turn. */
    public interface TurnEnd {
        void onTurnEnd();
    }

    private final int index;
    private final SingleThreadEventLoop eventLoop;
    private final HandOver[] handOvers;
    private final LoopCounters counters = new LoopCounters();
    private final Runnable endTurn = this::endTurn;
    private final Runnable runPosted = this::runPosted;
    private final SafeWait safeWait = new SafeWait(this);

    /** From any thread; bounded by what those threads do for packets of clients, each of which may have so many unanswered. */
    private final Queue<Runnable> posted = PlatformDependent.newMpscQueue();

    private final AtomicBoolean isPostDue = new AtomicBoolean();
    private final List<Receipt> settled = new ArrayList<>();
    private List<TurnEnd> turnEnds = new ArrayList<>();
    private List<TurnEnd> spareTurnEnds = new ArrayList<>();
    private List<Runnable> whenUncongested = new ArrayList<>();
    private boolean endOfTurnComes;
    private boolean isAnythingDue;
    private long dueSinceNanos;

    private SessionLoop(int index, SingleThreadEventLoop eventLoop, int loops) {
        this.index = index;
        this.eventLoop = eventLoop;
        this.handOvers = new HandOver[loops];
    }

    /** Makes one for each event loop. */
    public static List<SessionLoop> of(List<? extends EventLoop> eventLoops) {
        var loops = new ArrayList<SessionLoop>();
        for (var eventLoop : eventLoops) {
            loops.add(new SessionLoop(loops.size(), (SingleThreadEventLoop) eventLoop, eventLoops.size()));
        }
        for (var from : loops) {
            for (var to : loops) {
                from.handOvers[to.index] = new HandOver(from, to);
            }
        }
        return List.copyOf(loops);
    }

    public int index() {
        return index;
    }

    public EventLoop eventLoop() {
        return eventLoop;
    }

    public LoopCounters counters() {
        return counters;
    }

    /** Has {@code turnEnd} called when this turn ends. On this loop only, at most once a turn for each. */
    public void atTurnEnd(TurnEnd turnEnd) {
        turnEnds.add(turnEnd);
        expectEndOfTurn();
    }

    /**
     * Gives {@code message} to sessions of another loop when this turn ends. On this loop only.
     *
     * @param deliveries to sessions that live on {@code to}; not changed afterwards
     * @param publisher the session that published, if a session did
     * @param deposit expects each of the deliveries, if it expects any
     */
    public void handOver(
            SessionLoop to,
            Publish message,
            Delivery[] deliveries,
            @Nullable Session publisher,
            @Nullable Deposit deposit) {
        handOvers[to.index].add(message, deliveries, publisher, deposit);
        expectEndOfTurn();
    }

    /** Whether some loop is so far behind with messages of this one that no more should be read. On this loop only. */
    public boolean isCongested() {
        for (var handOver : handOvers) {
            if (handOver.isCongested()) {
                return true;
            }
        }
        return false;
    }

    /** Has {@code action} run on this loop once it is congested no more. On this loop only. */
    public void whenUncongested(Runnable action) {
        whenUncongested.add(action);
    }

    /**
     * Settles one part of {@code receipt} when this turn ends: of many that a client has brought about at once, their publisher is
     * told once. On this loop only.
     */
    void settleAtTurnEnd(Receipt receipt) {
        settled.add(receipt);
        expectEndOfTurn();
    }

    private void expectEndOfTurn() {
        if (!isAnythingDue) {
            isAnythingDue = true;
            dueSinceNanos = System.nanoTime();
        }
        if (!endOfTurnComes) {
            endOfTurnComes = true;
            eventLoop.executeAfterEventLoopIteration(endTurn);
        }
    }

    /** To be called between two connections of a turn: if it takes long, what is done so far shall not wait for the rest. */
    public void mayEndTurn() {
        if (isAnythingDue && System.nanoTime() - dueSinceNanos >= LONG_TURN_NANOS) {
            doWhatIsDue();
        }
    }

    private void endTurn() {
        endOfTurnComes = false;
        doWhatIsDue();
    }

    private void doWhatIsDue() {
        isAnythingDue = false;
        for (var handOver : handOvers) {
            handOver.send();
        }
        settled.forEach(Receipt::settle);
        settled.clear();
        var due = turnEnds;
        turnEnds = spareTurnEnds;
        for (int i = 0; i < due.size(); i++) {
            try {
                due.get(i).onTurnEnd();
            } catch (RuntimeException fault) {
                log.error("The end of a turn failed for one connection; the others go on", fault);
            }
        }
        due.clear();
        spareTurnEnds = due;
    }

    private void onUncongested() {
        if (isCongested()) {
            return;
        }
        var waiting = whenUncongested;
        whenUncongested = new ArrayList<>();
        waiting.forEach(Runnable::run);
    }

    /** Offers {@code message} to each session but, where No Local says so, to its publisher. */
    static void offer(Publish message, Delivery[] deliveries, @Nullable Session publisher, @Nullable Deposit deposit) {
        var positions = deposit == null ? null : deposit.positionsOf(deliveries);
        for (int i = 0; i < deliveries.length; i++) {
            var delivery = deliveries[i].of(publisher);
            if (delivery != null) {
                delivery.session()
                        .offer(message, delivery, deposit, positions == null ? Session.NO_POSITION : positions[i]);
            } else if (deposit != null) {
                deposit.passOver();
            }
        }
    }

    /** As {@link #handOver}, to sessions of this loop, at once. */
    public void deliver(
            Publish message, Delivery[] deliveries, @Nullable Session publisher, @Nullable Deposit deposit) {
        offer(message, deliveries, publisher, deposit);
    }

    SafeWait safeWait() {
        return safeWait;
    }

    /** Has {@code action} run on this loop soon, after whatever was posted before. Any thread; one wake-up for many. */
    public void post(Runnable action) {
        posted.add(action);
        if (isPostDue.compareAndSet(false, true)) {
            try {
                eventLoop.execute(runPosted);
            } catch (RejectedExecutionException shuttingDown) {
                log.debug("A loop that has ended is told of something");
            }
        }
    }

    private void runPosted() {
        isPostDue.set(false);
        var action = posted.poll();
        while (action != null) {
            try {
                action.run();
            } catch (RuntimeException fault) {
                log.error("Something that another thread has told a loop of failed; the rest goes on", fault);
            }
            action = posted.poll();
        }
    }

    /** From one loop to another: fields belong to {@code from}, but for the count of what waits. */
    private static final class HandOver {
        private final SessionLoop from;
        private final SessionLoop to;
        private final AtomicLong waiting = new AtomicLong();
        private @Nullable Batch batch;

        HandOver(SessionLoop from, SessionLoop to) {
            this.from = from;
            this.to = to;
        }

        void add(Publish message, Delivery[] deliveries, @Nullable Session publisher, @Nullable Deposit deposit) {
            var batch = this.batch;
            if (batch == null) {
                batch = new Batch(this);
                this.batch = batch;
            }
            batch.add(message, deliveries, publisher, deposit);
        }

        void send() {
            var batch = this.batch;
            if (batch == null) {
                return;
            }
            this.batch = null;
            waiting.addAndGet(batch.cost);
            try {
                to.eventLoop.execute(batch);
            } catch (RejectedExecutionException shuttingDown) {
                waiting.addAndGet(-batch.cost);
            }
        }

        boolean isCongested() {
            return waiting.get() > MAX_HANDED_OVER;
        }

        void done(int cost) {
            long now = waiting.addAndGet(-cost);
            boolean crossedHalf = now <= MAX_HANDED_OVER / 2 && now + cost > MAX_HANDED_OVER / 2;
            if (crossedHalf && !from.eventLoop.isShuttingDown()) {
                from.eventLoop.execute(from::onUncongested);
            }
        }
    }

    /** What one turn has for another loop; filled on the one, run on the other. */
    private static final class Batch implements Runnable {
        private final HandOver handOver;
        private final List<Publish> messages = new ArrayList<>();
        private final List<Delivery[]> deliveries = new ArrayList<>();
        private final List<@Nullable Session> publishers = new ArrayList<>();
        private final List<@Nullable Deposit> deposits = new ArrayList<>();
        private int cost;

        Batch(HandOver handOver) {
            this.handOver = handOver;
        }

        void add(Publish message, Delivery[] deliveries, @Nullable Session publisher, @Nullable Deposit deposit) {
            messages.add(message);
            this.deliveries.add(deliveries);
            publishers.add(publisher);
            deposits.add(deposit);
            cost += deliveries.length * LoopCounters.costOf(message.payload().length);
        }

        @Override
        public void run() {
            try {
                for (int i = 0; i < messages.size(); i++) {
                    offer(messages.get(i), deliveries.get(i), publishers.get(i), deposits.get(i));
                }
            } finally {
                handOver.done(cost);
            }
        }
    }
}
