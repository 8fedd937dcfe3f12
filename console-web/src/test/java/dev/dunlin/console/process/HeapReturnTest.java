package dev.dunlin.console.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

class HeapReturnTest {
    private static final HotSpotDiagnosticMXBean JVM =
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);

    private static int option(String name) {
        return Integer.parseInt(JVM.getVMOption(name).getValue());
    }

    @Test
    void leavesTheJvmLittleSpareHeapWhereTheOperatorHasSaidNothing() {
        // when
        HeapReturn.arrange();
        // then
        assertThat(option("MinHeapFreeRatio")).isEqualTo(10);
        assertThat(option("MaxHeapFreeRatio")).isEqualTo(30);
        assertThat(option("G1PeriodicGCInterval")).isEqualTo(30_000);
        // and what is set already stays
        JVM.setVMOption("MaxHeapFreeRatio", "50");
        HeapReturn.arrange();
        assertThat(option("MaxHeapFreeRatio")).isEqualTo(50);
        JVM.setVMOption("MaxHeapFreeRatio", "30");
    }
}
