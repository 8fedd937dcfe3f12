package dev.dunlin.engine.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A directory that takes seconds to make and none to copy. The first test process of a module that wants it makes it in the
 * build's target folder, while the others wait.
 */
public final class Template {
    /** The lock of a file keeps out other processes, this one other threads. */
    private static final Object MAKING = new Object();

    private final Path directory;

    private Template(Path directory) {
        this.directory = directory;
    }

    /**
     * @param madeOf files and directories: when one of them changes, it is made anew
     * @param make gets a directory that does not exist yet, and leaves nothing running on it
     */
    public static Template of(String name, List<Path> madeOf, Consumer<Path> make) {
        var directory = TestTools.targetFolder().resolve("template-" + name + "-" + versionOf(madeOf));
        synchronized (MAKING) {
            try (var lockFile = FileChannel.open(
                            directory.resolveSibling("template-" + name + ".lock"),
                            StandardOpenOption.CREATE,
                            StandardOpenOption.WRITE);
                    var alone = lockFile.lock()) {
                if (!Files.exists(directory)) {
                    // Whole or not at all: what a test run leaves that was stopped has another name
                    var unfinished = directory.resolveSibling(directory.getFileName() + "-"
                            + ProcessHandle.current().pid());
                    make.accept(unfinished);
                    Files.move(unfinished, directory, StandardCopyOption.ATOMIC_MOVE);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return new Template(directory);
    }

    private static String versionOf(List<Path> madeOf) {
        int version = 0;
        for (var root : madeOf) {
            try (var files = Files.walk(root)) {
                for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
                    version = 31 * version + Objects.hash(file, Files.size(file), Files.getLastModifiedTime(file));
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return Integer.toHexString(version);
    }

    /** Where the class comes from: a jar, or a directory of classes. */
    public static Path originOf(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    /** What was made, not to be written to. */
    public Path directory() {
        return directory;
    }

    /**
     * @param target is made unless it is there
     * @param unchanging beginnings of the names of directories that nobody writes to: they become links
     */
    public void copyTo(Path target, String... unchanging) {
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path from, BasicFileAttributes attributes) throws IOException {
                    var to = target.resolve(directory.relativize(from));
                    if (Stream.of(unchanging).anyMatch(from.getFileName().toString()::startsWith)) {
                        Files.createSymbolicLink(to, from);
                        return FileVisitResult.SKIP_SUBTREE;
                    }
                    if (!Files.isDirectory(to)) {
                        Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path from, BasicFileAttributes attributes) throws IOException {
                    Files.copy(from, target.resolve(directory.relativize(from)), StandardCopyOption.COPY_ATTRIBUTES);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
