package dev.dunlin.engine.connection;

import dev.dunlin.engine.session.Receipt;
import dev.dunlin.engine.session.SessionLoop;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What one connection owes its client for packets whose effects are not safe yet. Acknowledgements go out in the order of the
 * packets that they answer (MQTT 5 [MQTT-4.6.0-2], [MQTT-4.6.0-3]), each once what it acknowledges is safe.
 *
 * <p>On the connection's loop, but for {@link #onSafe}. Bounded: beyond {@link #MAX_WAITING} the connection is not read.
 */
final class Acknowledgements implements Receipt.Waiter {
    static final int MAX_WAITING = 1_024;

    /** @param receipt null for what only keeps its place in the order */
    private record Waiting(@Nullable Receipt receipt, Runnable due) {
        boolean isSafe() {
            return receipt == null || receipt.isSafe();
        }
    }

    private final SessionLoop loop;
    private final Runnable onFewer;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final AtomicBoolean isTold = new AtomicBoolean();
    private boolean wereMany;

    /** @param onFewer is told when so few wait again that the connection may be read on */
    Acknowledgements(SessionLoop loop, Runnable onFewer) {
        this.loop = loop;
        this.onFewer = onFewer;
    }

    /** All that {@code receipt} is to expect is handed out: {@code due} runs once that and all that came before is safe. */
    void add(Receipt receipt, Runnable due) {
        boolean isSafe = receipt.isSafeAlready(this);
        if (isSafe && waiting.isEmpty()) {
            due.run();
        } else {
            waiting.add(new Waiting(receipt, due));
        }
    }

    /** As {@link #add}, of a packet that came before, perhaps on another connection. */
    void addAgain(Receipt receipt, Runnable due) {
        waiting.add(new Waiting(receipt, due));
        receipt.await(this);
    }

    /** As {@link #add}, of something that need not be made safe. */
    void add(Runnable due) {
        if (waiting.isEmpty()) {
            due.run();
        } else {
            waiting.add(new Waiting(null, due));
        }
    }

    boolean isAnyWaiting() {
        return !waiting.isEmpty();
    }

    /** Whether so many wait that the connection is not to be read; {@code onFewer} is told when it is again. */
    boolean areMany() {
        if (waiting.size() >= MAX_WAITING) {
            wereMany = true;
        }
        return wereMany;
    }

    @Override
    public void onSafe() {
        if (isTold.compareAndSet(false, true)) {
            loop.post(this::advance);
        }
    }

    private void advance() {
        isTold.set(false);
        while (!waiting.isEmpty() && waiting.element().isSafe()) {
            waiting.remove().due.run();
        }
        if (wereMany && waiting.size() <= MAX_WAITING / 2) {
            wereMany = false;
            onFewer.run();
        }
    }

    /** The connection has ended. */
    void clear() {
        waiting.clear();
    }
}
