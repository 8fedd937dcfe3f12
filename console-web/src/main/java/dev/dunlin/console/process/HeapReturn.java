package dev.dunlin.console.process;

import com.sun.management.GarbageCollectionNotificationInfo;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import javax.management.NotificationEmitter;
import javax.management.openmbean.CompositeData;

/**
 * Has the JVM give back heap that it does not need, so that connections which are quiet cost little more than what is kept for
 * them. By default G1 keeps more than twice what lives, and never looks while nothing is allocated. But a heap that is small is
 * collected more often: under load it may be larger, and in a process that has been quiet for a while it is seldom looked at.
 * What the operator has set stays as it is.
 */
final class HeapReturn {
    private static final String MOST_SPARE = "MaxHeapFreeRatio";
    private static final String LOOK_AFTER = "G1PeriodicGCInterval";

    /** What G1 says of a collection that only our interval has led to. */
    private static final String NOTHING_HAPPENS = "G1 Periodic Collection";

    private static final String LEAST_SPARE_PERCENT = "10";
    private static final String MOST_SPARE_PERCENT = "30";
    /** What lives is then less than what G1 starts marking at, by default. */
    private static final String MOST_SPARE_PERCENT_UNDER_LOAD = "60";

    /** So many collections within so long are load. */
    private static final int COLLECTIONS_UNDER_LOAD = 20;

    private static final long LOAD_MILLIS = 20_000;

    private static final Duration INTERVAL = Duration.ofMinutes(1);
    private static final Duration INTERVAL_WHEN_SETTLED = Duration.ofMinutes(5);

    /** It takes several collections until what was garbage in old regions is given back. */
    private static final int COLLECTIONS_TO_SETTLE = 6;

    private final boolean setsSpare;
    private final boolean setsInterval;
    private boolean isUnderLoad;
    private long windowStartMillis;
    private int inWindow;
    private int quiet;

    private HeapReturn() {
        JvmOptions.set("MinHeapFreeRatio", LEAST_SPARE_PERCENT); // first: it may not be above the next
        setsSpare = JvmOptions.set(MOST_SPARE, MOST_SPARE_PERCENT);
        setsInterval = JvmOptions.set(LOOK_AFTER, millis(INTERVAL));
    }

    static HeapReturn arrange() {
        var arranged = new HeapReturn();
        for (var collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            if (collector.getName().equals("G1 Young Generation") && collector instanceof NotificationEmitter emitter) {
                emitter.addNotificationListener(
                        (notification, unused) -> arranged.onCollection(
                                GarbageCollectionNotificationInfo.from((CompositeData) notification.getUserData())),
                        notification -> notification
                                .getType()
                                .equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION),
                        null);
            }
        }
        return arranged;
    }

    private void onCollection(GarbageCollectionNotificationInfo collection) {
        onCollection(
                collection.getGcCause().equals(NOTHING_HAPPENS),
                collection.getGcInfo().getEndTime());
    }

    /**
     * On one thread of the JVM.
     *
     * @param isQuiet whether only the interval has led to it
     * @param millis when it ended, since the JVM's start
     */
    synchronized void onCollection(boolean isQuiet, long millis) {
        if (isQuiet) {
            quiet++;
            inWindow = 0;
            load(false);
            if (quiet == COLLECTIONS_TO_SETTLE) {
                interval(INTERVAL_WHEN_SETTLED);
            }
            return;
        }
        if (quiet >= COLLECTIONS_TO_SETTLE) {
            interval(INTERVAL);
        }
        quiet = 0;
        if (inWindow == 0 || millis - windowStartMillis > LOAD_MILLIS) {
            windowStartMillis = millis;
            inWindow = 0;
        }
        inWindow++;
        if (inWindow >= COLLECTIONS_UNDER_LOAD) {
            load(true);
        }
    }

    private void load(boolean isUnderLoad) {
        if (setsSpare && isUnderLoad != this.isUnderLoad) {
            this.isUnderLoad = isUnderLoad;
            JvmOptions.change(MOST_SPARE, isUnderLoad ? MOST_SPARE_PERCENT_UNDER_LOAD : MOST_SPARE_PERCENT);
        }
    }

    private void interval(Duration interval) {
        if (setsInterval) {
            JvmOptions.change(LOOK_AFTER, millis(interval));
        }
    }

    private static String millis(Duration interval) {
        return Long.toString(interval.toMillis());
    }
}
