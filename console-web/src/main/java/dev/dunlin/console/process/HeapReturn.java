package dev.dunlin.console.process;

/**
 * Has the JVM give back heap that it does not need, so that connections which are quiet cost little more than what is kept for
 * them. By default G1 keeps more than twice what lives, and never looks while nothing is allocated. What the operator has set
 * stays as it is.
 */
final class HeapReturn {
    private static final String LEAST_SPARE_PERCENT = "10";
    private static final String MOST_SPARE_PERCENT = "30";
    private static final String MOST_MILLIS_BETWEEN_COLLECTIONS = "30000";

    private HeapReturn() {}

    static void arrange() {
        JvmOptions.set("MinHeapFreeRatio", LEAST_SPARE_PERCENT); // first: it may not be above the next
        JvmOptions.set("MaxHeapFreeRatio", MOST_SPARE_PERCENT);
        JvmOptions.set("G1PeriodicGCInterval", MOST_MILLIS_BETWEEN_COLLECTIONS);
    }
}
