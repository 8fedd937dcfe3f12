package dev.dunlin.console.process;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Ends the process when its memory is used up, so that whoever supervises it starts another: after an {@link OutOfMemoryError}
 * nobody knows what is half done, and nothing acknowledged is lost by an end. As with {@code -XX:+ExitOnOutOfMemoryError}, which
 * cannot be set in a running JVM, the exit code is 3; the JVM writes a heap dump before, once: one that is there is kept.
 *
 * <p>An error reaches us as a thread's end, or as what a library that has caught it writes to the log.
 */
final class OutOfMemoryExit {
    static final int EXIT_CODE = 3;
    static final String HEAP_DUMP = "heap-dump.hprof";

    /** Made beforehand: there may be no memory for it then. */
    private static volatile byte[] lastWords = lastWords(null);

    private OutOfMemoryExit() {}

    /** Before anything else is started. */
    static void arrange() {
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {
            exitIfOutOfMemory(failure);
            LoggerFactory.getLogger(OutOfMemoryExit.class).error("The thread {} has ended", thread.getName(), failure);
        });
    }

    /** Once logging is set up: reads what is logged, too. */
    static void watchLog() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            var watcher = new Watcher();
            watcher.setContext(context);
            watcher.start();
            context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(watcher);
        }
    }

    /** @param directory where a heap dump goes */
    static void dumpHeapTo(Path directory) {
        var dump = directory.toAbsolutePath().normalize().resolve(HEAP_DUMP);
        if (!Files.exists(dump)) {
            JvmOptions.set("HeapDumpPath", dump.toString());
            JvmOptions.set("HeapDumpOnOutOfMemoryError", "true");
            lastWords = lastWords(dump);
        }
    }

    private static byte[] lastWords(@Nullable Path dump) {
        var words = "Out of memory: the process ends with exit code " + EXIT_CODE
                + ". Give it more heap (-Xmx), or smaller plans."
                + (dump == null ? "" : " What it held is in " + dump + ".") + System.lineSeparator();
        return words.getBytes(StandardCharsets.UTF_8);
    }

    private static void exitIfOutOfMemory(@Nullable Throwable failure) {
        for (var cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof OutOfMemoryError) {
                exit();
            }
        }
    }

    /** At once: shutdown hooks need memory. */
    private static void exit() {
        try {
            System.err.write(lastWords, 0, lastWords.length);
            System.err.flush();
        } finally {
            Runtime.getRuntime().halt(EXIT_CODE);
        }
    }

    private static final class Watcher extends AppenderBase<ILoggingEvent> {
        @Override
        protected void append(ILoggingEvent event) {
            for (IThrowableProxy cause = event.getThrowableProxy(); cause != null; cause = cause.getCause()) {
                if (OutOfMemoryError.class.getName().equals(cause.getClassName())) {
                    exit();
                }
            }
        }
    }
}
