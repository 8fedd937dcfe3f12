package dev.dunlin.console.crash;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short form of {@link CrashRun}. */
class CrashTest {
    @Test
    void losesNothingAcknowledgedThroughFiveCrashes(@TempDir Path directory) throws Exception {
        assertThat(CrashRun.run(5, System.nanoTime(), directory)).isEmpty();
    }
}
