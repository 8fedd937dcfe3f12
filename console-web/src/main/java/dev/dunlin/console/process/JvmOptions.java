package dev.dunlin.console.process;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.VMOption.Origin;
import java.lang.management.ManagementFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Options of the JVM that can be set while it runs. What the operator has set stays as it is. */
final class JvmOptions {
    private static final Logger log = LoggerFactory.getLogger(JvmOptions.class);

    private JvmOptions() {}

    /** @return whether it is set: nobody else had done so */
    static boolean set(String option, String value) {
        var jvm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        if (jvm == null) {
            return false;
        }
        try {
            boolean isFree = jvm.getVMOption(option).getOrigin() == Origin.DEFAULT;
            if (isFree) {
                jvm.setVMOption(option, value);
            }
            return isFree;
        } catch (IllegalArgumentException unknown) {
            log.debug("This JVM has no option {}: {}", option, unknown.getMessage());
            return false;
        }
    }

    /** Sets again what {@link #set} has set. */
    static void change(String option, String value) {
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).setVMOption(option, value);
    }
}
