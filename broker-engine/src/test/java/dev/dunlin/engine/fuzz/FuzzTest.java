package dev.dunlin.engine.fuzz;

import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/** The short form of what takes minutes by its command: a seed of its own each time, which a failure tells. */
class FuzzTest {
    private final Fuzz fuzz = new Fuzz(ThreadLocalRandom.current().nextLong(), 500_000, 3_000);

    @Test
    void decodesWhatIsMutatedAlikeInOnePieceAndInSeveral() {
        fuzz.decode(System.out);
    }

    @Test
    void answersOrClosesWhateverAConnectionSends() throws Exception {
        fuzz.connect(System.out);
    }
}
