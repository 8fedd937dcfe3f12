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
    private final Reading reading;
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final AtomicBoolean isTold = new AtomicBoolean();
    private boolean isPaused;

    /** So many may still wait when reading is resumed. */
    private int fewEnough;

    /** @param reading is resumed when few wait again */
    Acknowledgements(SessionLoop loop, Reading reading) {
        this.loop = loop;
        this.reading = reading;
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

    /**
     * Pauses reading if so many wait that nothing more is to be read for now; it is resumed when few do.
     *
     * @param isStoreBehind whether one is too many
     */
    boolean pauseIfMany(boolean isStoreBehind) {
        if (waiting.size() < MAX_WAITING && !(isStoreBehind && isAnyWaiting())) {
            return false;
        }
        isPaused = true;
        fewEnough = isStoreBehind ? 0 : MAX_WAITING / 2;
        reading.pause();
        return true;
    }

    @Override
    public void onSafe() {
        if (!isTold.get() && isTold.compareAndSet(false, true)) {
            loop.post(this::advance);
        }
    }

    private void advance() {
        isTold.set(false);
        while (!waiting.isEmpty() && waiting.element().isSafe()) {
            waiting.remove().due.run();
        }
        if (isPaused && waiting.size() <= fewEnough) {
            isPaused = false;
            reading.resume();
        }
    }

    /** The connection has ended. */
    void clear() {
        waiting.clear();
    }
}
