package dev.dunlin.messagestore;

import java.util.concurrent.atomic.LongAdder;

/** What the writers have done since the start. */
final class StoreCounters {
    private final LongAdder commits = new LongAdder();
    private final LongAdder changes = new LongAdder();
    private final LongAdder messages = new LongAdder();
    private final LongAdder refused = new LongAdder();

    void committed(int messageCount) {
        commits.increment();
        messages.add(messageCount);
    }

    void made(int changeCount) {
        changes.add(changeCount);
    }

    void refused() {
        refused.increment();
    }

    long commits() {
        return commits.sum();
    }

    long changes() {
        return changes.sum();
    }

    long messages() {
        return messages.sum();
    }

    long refusals() {
        return refused.sum();
    }
}
