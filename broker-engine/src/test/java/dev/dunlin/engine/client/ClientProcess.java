package dev.dunlin.engine.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A client that is a program of its own; killed with its test if it does not end by itself. */
final class ClientProcess implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 20;

    private final Process process;
    private final BufferedReader output;
    private final Path errors;

    ClientProcess(List<String> command) throws IOException {
        errors = Files.createTempFile("dunlin-client-", ".log");
        process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
        output = process.inputReader();
    }

    /** Waits for the end, and fails unless the program succeeded. Gives the lines that were not read before. */
    List<String> finish() throws IOException, InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("The client did not end: " + said());
        }
        if (process.exitValue() != 0) {
            throw new AssertionError("The client ended with " + process.exitValue() + ": " + said());
        }
        return output.lines().toList();
    }

    String readLine() throws IOException {
        var line = output.readLine();
        if (line == null) {
            throw new AssertionError("The client ended: " + said());
        }
        return line;
    }

    /** What the program has written to its error output, for the message of a failure. */
    String said() {
        try {
            return String.join("\n", Files.readAllLines(errors));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    Writer input() {
        return process.outputWriter();
    }

    void kill() {
        process.destroyForcibly();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        Files.deleteIfExists(errors);
    }
}
