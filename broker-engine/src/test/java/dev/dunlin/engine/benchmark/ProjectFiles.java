package dev.dunlin.engine.benchmark;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the project lies: the benchmark runs in the module's directory, tests in its target folder. */
final class ProjectFiles {
    private ProjectFiles() {}

    static Path root() {
        return module().resolveSibling("").normalize();
    }

    /** The directory of {@code broker-engine}. */
    static Path module() {
        var here = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(here.resolve("src/test/peers"))) {
            var parent = here.getParent();
            if (parent == null) {
                throw new IllegalStateException("The benchmark runs in the directory of broker-engine");
            }
            here = parent;
        }
        return here;
    }
}
