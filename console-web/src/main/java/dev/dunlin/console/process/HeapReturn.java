package dev.dunlin.console.process;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.VMOption.Origin;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the JVM give back heap that it does not need, so that connections which are quiet cost little more than what is kept for
 * them. By default G1 keeps more than twice what lives, and never looks while nothing is allocated. What the operator has set
 * stays as it is.
 */
final class HeapReturn {
    private static final Logger log = LoggerFactory.getLogger(HeapReturn.class);

    private static final String LEAST_SPARE_PERCENT = "10";
    private static final String MOST_SPARE_PERCENT = "30";
    private static final String MOST_MILLIS_BETWEEN_COLLECTIONS = "30000";

    private HeapReturn() {}

    static void arrange() {
        var jvm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        if (jvm != null) {
            set(jvm, "MinHeapFreeRatio", LEAST_SPARE_PERCENT); // first: it may not be above the next
            set(jvm, "MaxHeapFreeRatio", MOST_SPARE_PERCENT);
            set(jvm, "G1PeriodicGCInterval", MOST_MILLIS_BETWEEN_COLLECTIONS);
        }
    }

    private static void set(HotSpotDiagnosticMXBean jvm, String option, String value) {
        try {
            if (jvm.getVMOption(option).getOrigin() == Origin.DEFAULT) {
                jvm.setVMOption(option, value);
            }
        } catch (IllegalArgumentException unknown) {
            log.debug("This JVM has no option {}: {}", option, unknown.getMessage());
        }
    }
}
