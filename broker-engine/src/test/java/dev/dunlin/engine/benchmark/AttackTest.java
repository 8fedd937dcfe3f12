package dev.dunlin.engine.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The short form of what takes minutes by its command. Times mean nothing here, and are not looked at. */
class AttackTest {
    @Test
    void servesOthersWithinItsMemoryWhileItIsAttacked() throws Exception {
        // given a tenth of the attackers, each kind for a moment
        var attack = new Attack(0.1, Duration.ofSeconds(2), List.of());
        // when they attack one after the other and together
        var outcome = attack.run(new PrintStream(OutputStream.nullOutputStream()));
        // then others' messages have arrived, and the broker has kept to its bounds and its calm
        assertThat(outcome.found()).hasSize(6).allMatch(Attack.Found::isWithinMemory);
        assertThat(outcome.fault()).isEmpty();
        assertThat(outcome.said()).isEmpty();
    }
}
