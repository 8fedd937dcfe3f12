package dev.dunlin.database;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * Whether the database answers. Asked twice a second on a connection of its own, so that whoever has to know need neither ask nor
 * wait: within a second and a half after it went silent, whether it refuses connections or leaves them without an answer.
 */
@Component
public class DatabasePulse implements DisposableBean {
    private static final Logger log = LoggerFactory.getLogger(DatabasePulse.class);
    private static final int PAUSE_MILLISECONDS = 500;
    private static final int PATIENCE_SECONDS = 1;

    private final JdbcConnectionDetails database;
    private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
    private final Thread thread;
    private volatile boolean isAnswering = true;
    private volatile boolean stopped;
    /** Guarded by this. */
    private boolean hasAnswered;
    /** Guarded by this. */
    private boolean closing;

    DatabasePulse(JdbcConnectionDetails database) {
        this.database = database;
        thread = new Thread(this::run, "database-pulse");
        thread.setDaemon(true);
        thread.start();
    }

    public boolean isAnswering() {
        return isAnswering;
    }

    /** @param listener is called whenever the answer has become another one; everybody waits until it returns */
    public void whenChanged(Runnable listener) {
        listeners.add(listener);
    }

    /**
     * Returns at once if it answers, and as soon as it does otherwise.
     *
     * @return false if it does not answer, and the application stops
     */
    synchronized boolean awaitAnswer() throws InterruptedException {
        while (!isAnswering && !closing) {
            wait();
        }
        return isAnswering;
    }

    /** The pool would wait five seconds for a connection that it is just having made. */
    @EventListener(ContextClosedEvent.class)
    synchronized void letNobodyWait() {
        closing = true;
        notifyAll();
    }

    private void run() {
        try {
            while (!stopped) {
                try (var connection = open();
                        var question = connection.prepareStatement("")) {
                    while (!stopped) {
                        question.execute();
                        note(true);
                        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLISECONDS);
                    }
                } catch (SQLException e) {
                    log.debug("The database does not answer", e);
                }
                note(false);
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLISECONDS);
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private Connection open() throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", database.getUsername());
        properties.setProperty("password", database.getPassword());
        var patience = Integer.toString(PATIENCE_SECONDS);
        properties.setProperty("connectTimeout", patience);
        properties.setProperty("socketTimeout", patience);
        properties.setProperty("ApplicationName", "dunlin pulse");
        return DriverManager.getConnection(database.getJdbcUrl(), properties);
    }

    private void note(boolean answers) {
        if (isNews(answers)) {
            if (answers) {
                log.info("The database answers again");
            } else {
                log.warn(
                        "The database does not answer: devices that are connected or known are served, the rest waits for it");
            }
            listeners.forEach(Runnable::run);
        }
    }

    private synchronized boolean isNews(boolean answers) {
        if (!hasAnswered && !answers) {
            return false; // a start that fails says by itself why, and must not wait
        }
        hasAnswered = true;
        if (answers == isAnswering || stopped) {
            return false;
        }
        isAnswering = answers;
        notifyAll();
        return true;
    }

    @Override
    public void destroy() {
        stopped = true;
        thread.interrupt();
    }
}
