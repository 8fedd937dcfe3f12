package dev.dunlin.engine.session;

import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.MessageStore.Refusal;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import org.jspecify.annotations.Nullable;

/**
 * Tells when all that a packet has brought about is safe, so that it may be acknowledged: each part of it is expected before
 * it begins, and settled once. Any thread.
 */
public class Receipt implements MessageStore.Listener {
    /** Told that receipts have become complete, some of which may be its own; returns at once. Any thread. */
    public interface Waiter {
        void onSafe();
    }

    private static final AtomicIntegerFieldUpdater<Receipt> UNSETTLED =
            AtomicIntegerFieldUpdater.newUpdater(Receipt.class, "unsettled");
    private static final AtomicReferenceFieldUpdater<Receipt, Waiter> WAITER =
            AtomicReferenceFieldUpdater.newUpdater(Receipt.class, Waiter.class, "waiter");

    private volatile int unsettled;

    private volatile @Nullable Refusal refusal;
    private volatile @Nullable Waiter waiter;

    /** With one part, which stands for whoever is still handing out others. */
    public Receipt() {
        this(1);
    }

    /** @param unsettled parts; none if all is safe already */
    Receipt(int unsettled) {
        UNSETTLED.lazySet(this, unsettled); // nobody else knows it yet
    }

    /** {@code parts} more have to be settled. */
    public final void expect(int parts) {
        UNSETTLED.addAndGet(this, parts);
    }

    /** One part is safe, or does not need to be. */
    public final void settle() {
        if (UNSETTLED.decrementAndGet(this) == 0) {
            tell();
        }
    }

    /**
     * All parts are handed out.
     *
     * @return whether all of them are safe already; if not, {@code waiter} is told later
     */
    public final boolean isSafeAlready(Waiter waiter) {
        WAITER.lazySet(this, waiter); // read by whoever settles the last part, after this one
        return UNSETTLED.decrementAndGet(this) == 0;
    }

    /** As {@link #isSafeAlready}, for whoever can hand it out again: whether all parts are safe, and this one is settled too. */
    public final boolean settleIfSafe() {
        return UNSETTLED.compareAndSet(this, 1, 0);
    }

    /** Has {@code waiter} told instead of whoever waited before: a client has come back on another connection. */
    public final void await(Waiter waiter) {
        this.waiter = waiter;
        if (isSafe()) {
            waiter.onSafe();
        }
    }

    public final boolean isSafe() {
        return unsettled == 0;
    }

    /** Why some part is not and will not be safe; null if all are. */
    public final @Nullable Refusal refusal() {
        return refusal;
    }

    private void tell() {
        var waiter = this.waiter;
        if (waiter != null) {
            waiter.onSafe();
        }
    }

    @Override
    public void onStored() {
        settle();
    }

    @Override
    public void onRefused(Refusal why) {
        refusal = why;
        settle();
    }
}
