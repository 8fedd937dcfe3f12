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

    static void set(String option, String value) {
        var jvm = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        if (jvm == null) {
            return;
        }
        try {
            if (jvm.getVMOption(option).getOrigin() == Origin.DEFAULT) {
                jvm.setVMOption(option, value);
            }
        } catch (IllegalArgumentException unknown) {
            log.debug("This JVM has no option {}: {}", option, unknown.getMessage());
        }
    }
}
