package dev.dunlin.console;

import dev.dunlin.engine.testkit.TestTools;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** Runs what the console prints, as a person would: verbatim, in a shell. */
record Shell(int exitCode, String output) {
    static Shell run(String command) {
        try {
            var builder = new ProcessBuilder("sh", "-c", command).redirectErrorStream(true);
            builder.environment()
                    .merge(
                            "PATH",
                            String.valueOf(TestTools.mosquittoPub().getParent()),
                            (path, ours) -> ours + ":" + path);
            var process = builder.start();
            process.getOutputStream().close();
            var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new AssertionError("still running: " + command);
            }
            return new Shell(process.exitValue(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
