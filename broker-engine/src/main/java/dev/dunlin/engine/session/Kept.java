package dev.dunlin.engine.session;

import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.MessageStore.Refusal;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * How one session keeps a message safe until its client has it. On the session's loop, but for what the store tells, which may
 * come when the client has the message already.
 */
final class Kept implements MessageStore.Listener {
    private static final AtomicIntegerFieldUpdater<Kept> SETTLED =
            AtomicIntegerFieldUpdater.newUpdater(Kept.class, "settled");

    final Deposit deposit;

    /** The message's place in the store. */
    final long position;

    /** Whether the store has the place, or will have it. */
    boolean isHandedIn;

    /** Whether PUBREL has to wait until the store knows of PUBREC. */
    boolean isPubrelHeldBack;

    /** 1 once this part of the deposit is settled: the client has the message, or the store, whoever is first. */
    private volatile int settled;

    private volatile boolean isRefused;

    Kept(Deposit deposit, long position, boolean isHandedIn) {
        this.deposit = deposit;
        this.position = position;
        this.isHandedIn = isHandedIn;
    }

    /** What the store has; {@code deposit} expects nothing of it. */
    static Kept stored(Deposit deposit, long position) {
        var kept = new Kept(deposit, position, true);
        SETTLED.lazySet(kept, 1); // nobody else knows it yet
        return kept;
    }

    /** Whether the store is not to tell anything more of it. */
    boolean isSettled() {
        return settled == 1;
    }

    /** The message is safe. Any thread. */
    void settle() {
        if (markSettled()) {
            deposit.settle();
        }
    }

    /**
     * As {@link #settle}, but leaves the deposit to the caller.
     *
     * @return whether it was not settled before, and the deposit is to be
     */
    boolean markSettled() {
        if (isSettled()) {
            return false;
        }
        if (isHandedIn) {
            return SETTLED.compareAndSet(this, 0, 1);
        }
        SETTLED.lazySet(this, 1); // the store does not know it
        return true;
    }

    /** Whether the store did not take it before the client had it. */
    boolean isRefused() {
        return isRefused;
    }

    @Override
    public void onStored() {
        settle();
    }

    @Override
    public void onRefused(Refusal why) {
        if (SETTLED.compareAndSet(this, 0, 1)) {
            isRefused = true;
            deposit.onRefused(why);
        }
    }
}
