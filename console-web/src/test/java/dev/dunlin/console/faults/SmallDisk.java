package dev.dunlin.console.faults;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;

/** A disk of its own for the data directory, in memory, and a file on it that takes room away. Only root can mount one. */
final class SmallDisk implements AutoCloseable {
    private static final int CHUNK_BYTES = 1 << 20;

    private final Path path;
    private final Path filler;

    private SmallDisk(Path path) {
        this.path = path;
        filler = path.resolve("filler");
    }

    /** @throws AssertionError if that is not allowed here */
    static SmallDisk mount(Path directory, int megabytes) {
        Commands.run(List.of("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m", "tmpfs", directory.toString()));
        return new SmallDisk(directory);
    }

    static boolean isAllowed(Path directory) {
        try {
            mount(directory, 1).close();
            return true;
        } catch (AssertionError notRoot) {
            return false;
        }
    }

    Path path() {
        return path;
    }

    long freeBytes() throws IOException {
        return Files.getFileStore(path).getUsableSpace();
    }

    /** Fills it until one part in {@code parts} is left. */
    void leave(int parts) throws IOException {
        long wanted = Files.getFileStore(path).getTotalSpace() / parts;
        try (var out = Files.newOutputStream(filler)) {
            for (long free = freeBytes(); free > wanted; free = freeBytes()) {
                out.write(new byte[(int) Math.min(CHUNK_BYTES, free - wanted)]);
            }
        }
    }

    /** Fills it to the last byte. */
    void fill() throws IOException {
        try (var out = Files.newOutputStream(filler, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            for (int size = CHUNK_BYTES; size > 0; size /= 16) {
                fill(out, size);
            }
        }
    }

    private static void fill(OutputStream out, int size) {
        try {
            while (true) {
                out.write(new byte[size]);
            }
        } catch (IOException full) {
            // As wanted
        }
    }

    void free() throws IOException {
        Files.deleteIfExists(filler);
    }

    @Override
    public void close() {
        await().atMost(Duration.ofSeconds(20))
                .ignoreExceptionsInstanceOf(AssertionError.class)
                .until(() -> {
                    Commands.run(List.of("umount", path.toString()));
                    return true;
                });
    }
}
