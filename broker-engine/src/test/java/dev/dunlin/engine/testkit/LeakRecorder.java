package dev.dunlin.engine.testkit;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Keeps the leaks that Netty finds, so that a test can fail on them. Named to Netty by the system property
 * {@code io.netty.customResourceLeakDetector}; without it, nothing is found and nothing fails.
 */
public final class LeakRecorder<T> extends ResourceLeakDetector<T> {
    private static final List<String> leaks = new CopyOnWriteArrayList<>();

    /** Called by Netty. */
    public LeakRecorder(Class<?> resourceType, int samplingInterval) {
        super(resourceType, samplingInterval);
    }

    /** Looked for by Netty, and no longer called. */
    public LeakRecorder(Class<?> resourceType, int samplingInterval, long maxActive) {
        this(resourceType, samplingInterval);
    }

    /** Fails if a buffer was lost since the last call. */
    public static void assertNoLeaks() {
        System.gc();
        // lost buffers are reported when the next ones are made
        for (int i = 0; i < 10; i++) {
            ByteBufAllocator.DEFAULT.directBuffer(1).release();
        }
        if (!leaks.isEmpty()) {
            var found = String.join("\n", leaks);
            leaks.clear();
            throw new AssertionError("Buffers were not released:\n" + found);
        }
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
        leaks.add(resourceType + records);
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
        leaks.add(resourceType);
    }
}
