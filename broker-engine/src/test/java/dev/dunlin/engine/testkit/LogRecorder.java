package dev.dunlin.engine.testkit;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** Keeps what anybody logs at {@code WARN} or above while this is open: for tests in which nothing may. */
public final class LogRecorder extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private static final int MOST = 100;

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);

    public LogRecorder() {
        root.addAppender(this);
        start();
    }

    /** The first hundred, each with the exception that came with it. */
    public List<String> lines() {
        return lines;
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (event.getLevel().isGreaterOrEqual(Level.WARN) && lines.size() < MOST) {
            var thrown = event.getThrowableProxy();
            lines.add(event.getLevel() + " " + event.getLoggerName() + ": " + event.getFormattedMessage()
                    + (thrown == null ? "" : "\n" + ThrowableProxyUtil.asString(thrown)));
        }
    }

    @Override
    public void close() {
        root.detachAppender(this);
    }
}
