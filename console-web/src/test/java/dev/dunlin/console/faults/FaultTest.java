package dev.dunlin.console.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short form of {@link FaultRun}. */
class FaultTest {
    private static final Duration AWAY = Duration.ofSeconds(3);

    @TempDir
    Path directory;

    private final Checks checks = new Checks();

    @Test
    void servesDevicesThroughADatabaseThatIsStoppedPausedAndKilledAndHealsByItself() throws Exception {
        FaultRun.run(AWAY, directory, checks);
        assertThat(checks.failed()).isEmpty();
    }

    @Test
    void losesNothingAcknowledgedOnADiskThatIsFullToTheLastByte() throws Exception {
        assumeTrue(
                SmallDisk.isAllowed(Files.createDirectory(directory.resolve("mount"))),
                "only root can mount a small disk");
        FullDiskRun.run(AWAY, directory, checks);
        assertThat(checks.failed()).isEmpty();
    }
}
