package dev.dunlin.console.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;

/** Programs of the system. */
final class Commands {
    private Commands() {}

    /** Fails, with what the program says, unless it succeeds. */
    static void run(List<String> command) {
        try {
            // Into a file: a server that it leaves running would keep a pipe open
            var said = Files.createTempFile("command", ".out");
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            int code = process.waitFor();
            var output = Files.readString(said, StandardCharsets.UTF_8);
            Files.delete(said);
            if (code != 0) {
                throw new AssertionError(command + " ends with " + code + ": " + output);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
