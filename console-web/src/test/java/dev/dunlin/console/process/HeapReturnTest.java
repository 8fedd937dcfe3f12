package dev.dunlin.console.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** In JVMs of their own, since options that are set stay so. */
class HeapReturnTest {

    @Test
    void leavesTheJvmLittleSpareHeapAndLooksSeldomOnceAllIsGivenBack() throws Exception {
        assertThat(run(Settling.class))
                .containsExactly(
                        "MinHeapFreeRatio 10, MaxHeapFreeRatio 30, G1PeriodicGCInterval 60000",
                        "settled: G1PeriodicGCInterval 300000",
                        "used again: G1PeriodicGCInterval 60000");
    }

    static final class Settling {
        private Settling() {}

        public static void main(String[] arguments) {
            var heap = HeapReturn.arrange();
            System.out.printf(
                    "MinHeapFreeRatio %s, MaxHeapFreeRatio %s, G1PeriodicGCInterval %s%n",
                    option("MinHeapFreeRatio"), option("MaxHeapFreeRatio"), option("G1PeriodicGCInterval"));
            for (int i = 1; i <= 6; i++) {
                heap.onCollection(true, 60_000 * i);
            }
            System.out.println("settled: G1PeriodicGCInterval " + option("G1PeriodicGCInterval"));
            heap.onCollection(false, 400_000);
            System.out.println("used again: G1PeriodicGCInterval " + option("G1PeriodicGCInterval"));
        }
    }

    @Test
    void leavesMoreWhileItIsCollectedAgainAndAgain() throws Exception {
        assertThat(run(Loaded.class, "-Xmx64m", "-XX:G1PeriodicGCInterval=200"))
                .containsExactly("under load: MaxHeapFreeRatio 60", "quiet: MaxHeapFreeRatio 30");
    }

    static final class Loaded {
        private static volatile byte[] garbage = {};

        private Loaded() {}

        public static void main(String[] arguments) {
            HeapReturn.arrange();
            while (!option("MaxHeapFreeRatio").equals("60")) {
                garbage = new byte[100_000];
            }
            System.out.println("under load: MaxHeapFreeRatio 60");
            while (!option("MaxHeapFreeRatio").equals("30")) {
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
            System.out.println("quiet: MaxHeapFreeRatio 30");
        }
    }

    @Test
    void leavesWhatTheOperatorHasSet() throws Exception {
        assertThat(run(Settling.class, "-XX:MaxHeapFreeRatio=50", "-XX:G1PeriodicGCInterval=0"))
                .containsExactly(
                        "MinHeapFreeRatio 10, MaxHeapFreeRatio 50, G1PeriodicGCInterval 0",
                        "settled: G1PeriodicGCInterval 0",
                        "used again: G1PeriodicGCInterval 0");
    }

    private static String option(String name) {
        return ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                .getVMOption(name)
                .getValue();
    }

    /** What {@code main} prints. */
    private static List<String> run(Class<?> main, String... options) throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:+UseG1GC");
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }
}
