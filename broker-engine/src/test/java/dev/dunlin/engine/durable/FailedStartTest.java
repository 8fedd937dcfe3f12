package dev.dunlin.engine.durable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.dunlin.engine.BrokerEngine;
import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.settings.EngineStartException;
import dev.dunlin.engine.testkit.LogRecorder;
import dev.dunlin.engine.testkit.MemoryPorts;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An engine that cannot open its listeners leaves what is stored to the next one. */
class FailedStartTest {
    @TempDir
    Path directory;

    @Test
    void looksForNoWills() {
        // given a store that is away, of which whoever asks it complains
        var ports = new MemoryPorts();
        ports.store().setAway(true);
        var settings = new EngineSettings("192.0.2.1", 0, -1, -1, -1, null, null, directory, "", 0, 0, 1);
        try (var log = new LogRecorder()) {
            // when
            assertThatThrownBy(() -> BrokerEngine.start(settings, ports.asEnginePorts()))
                    .isInstanceOf(EngineStartException.class);
            // then
            assertThat(log.lines()).isEmpty();
        }
    }
}
