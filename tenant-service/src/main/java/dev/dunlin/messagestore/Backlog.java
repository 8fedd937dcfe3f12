package dev.dunlin.messagestore;

import dev.dunlin.engine.port.StoreChange.Queued;
import dev.dunlin.engine.port.StoreChange.RetainedChanged;
import dev.dunlin.engine.port.TenantId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What was handed in and is not written yet, in its order, for one writer. What somebody waits for is due at once; the rest
 * may wait a little, to be folded with what follows. Messages are bounded in number and in bytes: beyond it new ones are
 * refused. All else is taken, since it is small or makes room, and leaves theirs alone: what removes a long queue that was
 * delivered must not keep the next messages out.
 */
final class Backlog {
    private static final int MAX_BATCH_ROWS = 10_000;
    private static final long MAX_BATCH_BYTES = 8L << 20;
    private static final long FOLD_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long FOLD_RETAINED_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int MAX_FOLDING_RETAINED = 20_000;

    private final int maxMessages;
    private final long maxBytes;

    // All below is guarded by this

    private final ArrayDeque<Entry> entries = new ArrayDeque<>();
    /** Retained messages that nobody waits for, by topic: the value counts when it is written, so one is enough. */
    private final Map<TenantId, Map<String, Entry>> foldingRetained = new HashMap<>();

    private int foldingRetainedCount;
    /** In a batch that is being written as well; so the others. */
    private int unwrittenEntries;

    private int unwrittenRows;
    private long unwrittenBytes;
    private int unwrittenMessages;
    private long unwrittenMessageBytes;
    private volatile boolean isHalfFull;
    /** Meaningful while there are entries. */
    private long dueNanos;
    /** Meaningful while there are such retained messages. */
    private long retainedDueNanos;

    private boolean closed;

    Backlog(int maxMessages, long maxBytes) {
        this.maxMessages = maxMessages;
        this.maxBytes = maxBytes;
    }

    /** @return false if it is a message for which there is no room, or if this is closed */
    synchronized boolean offer(Entry entry) {
        if (closed) {
            return false;
        }
        if (isMessage(entry) && (unwrittenMessages >= maxMessages || unwrittenMessageBytes >= maxBytes)) {
            return false;
        }
        if (entry.change() instanceof RetainedChanged retained && entry.listener() == null) {
            fold(entry.tenant(), retained.topic().name(), entry);
            return true;
        }
        if (entry.change() == null) {
            takeFolding(foldingRetained.remove(entry.tenant()));
        }
        append(entry, System.nanoTime() + (entry.listener() == null ? FOLD_NANOS : 0));
        return true;
    }

    private static boolean isMessage(Entry entry) {
        return entry.change() instanceof Queued;
    }

    private void fold(TenantId tenant, String topic, Entry entry) {
        if (foldingRetainedCount == 0) {
            retainedDueNanos = System.nanoTime() + FOLD_RETAINED_NANOS;
            notifyAll();
        }
        var earlier = foldingRetained
                .computeIfAbsent(tenant, first -> new LinkedHashMap<>())
                .put(topic, entry);
        if (earlier == null) {
            foldingRetainedCount++;
        }
        if (foldingRetainedCount >= MAX_FOLDING_RETAINED) {
            takeAllFolding();
        }
    }

    private void takeAllFolding() {
        var all = new ArrayList<>(foldingRetained.values());
        foldingRetained.clear();
        all.forEach(this::takeFolding);
    }

    private void takeFolding(@Nullable Map<String, Entry> topics) {
        if (topics != null) {
            foldingRetainedCount -= topics.size();
            var now = System.nanoTime();
            topics.values().forEach(entry -> append(entry, now));
        }
    }

    private void append(Entry entry, long due) {
        if (entries.isEmpty() || due - dueNanos < 0) {
            dueNanos = due;
            notifyAll();
        }
        entries.add(entry);
        count(entry, 1);
    }

    private void count(Entry entry, int change) {
        unwrittenEntries += change;
        unwrittenRows += change * entry.rows();
        unwrittenBytes += change * entry.bytes();
        if (isMessage(entry)) {
            unwrittenMessages += change;
            unwrittenMessageBytes += change * entry.bytes();
            isHalfFull = unwrittenMessages > maxMessages / 2 || unwrittenMessageBytes > maxBytes / 2;
        }
    }

    /**
     * Waits until something is due and gives it and what else is there, in order and up to the size of a batch. To be told
     * of by {@link #written}.
     *
     * @return empty when this is closed and nothing is left
     */
    synchronized List<Entry> take() throws InterruptedException {
        while (true) {
            long now = System.nanoTime();
            if (foldingRetainedCount > 0 && (closed || retainedDueNanos - now <= 0)) {
                takeAllFolding();
            }
            if (!entries.isEmpty() && (closed || dueNanos - now <= 0 || unwrittenRows > MAX_BATCH_ROWS)) {
                return batch();
            }
            if (closed) {
                return List.of();
            }
            await(now);
        }
    }

    private void await(long now) throws InterruptedException {
        long nanos = Long.MAX_VALUE;
        if (!entries.isEmpty()) {
            nanos = dueNanos - now;
        }
        if (foldingRetainedCount > 0) {
            nanos = Math.min(nanos, retainedDueNanos - now);
        }
        if (nanos == Long.MAX_VALUE) {
            wait();
        } else {
            TimeUnit.NANOSECONDS.timedWait(this, Math.max(nanos, 1));
        }
    }

    /** What is left keeps the time at which the first was due: it has waited longer than it should already. */
    private List<Entry> batch() {
        var batch = new ArrayList<Entry>();
        int rows = 0;
        long bytes = 0;
        while (!entries.isEmpty() && (batch.isEmpty() || rows < MAX_BATCH_ROWS && bytes < MAX_BATCH_BYTES)) {
            var entry = entries.remove();
            rows += entry.rows();
            bytes += entry.bytes();
            batch.add(entry);
        }
        return batch;
    }

    /** Before anyone is told, so that there is room for what comes of it. */
    synchronized void written(List<Entry> written) {
        written.forEach(entry -> count(entry, -1));
    }

    /** Whether messages take more than half of what they may; asked without a lock. */
    boolean isHalfFull() {
        return isHalfFull;
    }

    synchronized int waiting() {
        return unwrittenEntries + foldingRetainedCount;
    }

    synchronized long waitingBytes() {
        return unwrittenBytes;
    }

    /** Takes no more; what is there is given out at once. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }
}
