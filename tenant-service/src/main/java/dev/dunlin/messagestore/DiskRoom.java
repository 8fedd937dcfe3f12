package dev.dunlin.messagestore;

import java.io.IOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the disk of our own database has room for more. PostgreSQL stops altogether when it cannot write its log, so
 * what takes room is refused before: below 256 MB, or 5 % of a small disk, but never less than 96 MB. That is for its log, of
 * which delivering and removing what is stored makes more, and for what is updated meanwhile.
 */
final class DiskRoom {
    private static final Logger log = LoggerFactory.getLogger(DiskRoom.class);
    private static final long ENOUGH_BYTES = 256L << 20;
    private static final long ENOUGH_ON_A_SMALL_DISK_BYTES = 96L << 20;
    private static final int ENOUGH_PART = 20;

    /** Tells of a disk. */
    interface Probe {
        /** For a database that is not ours: it tells by itself. */
        Probe UNKNOWN = new Probe() {
            @Override
            public long freeBytes() {
                return Long.MAX_VALUE;
            }

            @Override
            public long totalBytes() {
                return Long.MAX_VALUE;
            }
        };

        long freeBytes() throws IOException;

        long totalBytes() throws IOException;

        static Probe of(Path directory) {
            return new Probe() {
                /** Kept, since to find it takes reading all mounts. */
                private @Nullable FileStore store;

                private FileStore store() throws IOException {
                    if (store == null) {
                        store = Files.getFileStore(directory);
                    }
                    return store;
                }

                @Override
                public long freeBytes() throws IOException {
                    return store().getUsableSpace();
                }

                @Override
                public long totalBytes() throws IOException {
                    return store().getTotalSpace();
                }
            };
        }
    }

    private final Probe probe;
    private volatile boolean isShort;

    DiskRoom(Probe probe) {
        this.probe = probe;
        look();
    }

    boolean isShort() {
        return isShort;
    }

    /** To be called every second, by one thread. */
    void look() {
        try {
            long free = probe.freeBytes();
            long enough =
                    Math.max(ENOUGH_ON_A_SMALL_DISK_BYTES, Math.min(ENOUGH_BYTES, probe.totalBytes() / ENOUGH_PART));
            boolean shortNow = free < enough;
            if (shortNow && !isShort) {
                log.error(
                        "Only {} MB are free for the database: nothing more is queued or retained until there is room",
                        free >> 20);
            } else if (!shortNow && isShort) {
                log.info("The database has room again: {} MB", free >> 20);
            }
            isShort = shortNow;
        } catch (IOException e) {
            log.debug("The free room on the disk is unknown", e);
        }
    }
}
