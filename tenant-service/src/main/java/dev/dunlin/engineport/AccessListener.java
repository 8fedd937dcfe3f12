package dev.dunlin.engineport;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.stereotype.Component;

/**
 * Holds a connection of its own on which PostgreSQL tells what has changed, and makes a new one when it breaks. What changed
 * while there was none is found by reading everything anew.
 */
@Component
class AccessListener implements DisposableBean {
    private static final Logger log = LoggerFactory.getLogger(AccessListener.class);
    private static final int CHECK_EVERY_MILLISECONDS = 5_000;
    private static final int CHECK_SECONDS = 3;
    private static final int MAX_PAUSE_MILLISECONDS = 1_000;

    private final JdbcConnectionDetails database;
    private final TenantAccess access;
    private final CertificateOwners owners;
    private final Thread thread;
    private volatile @Nullable Connection connection;
    private volatile boolean stopped;

    AccessListener(JdbcConnectionDetails database, TenantAccess access, CertificateOwners owners) {
        this.database = database;
        this.access = access;
        this.owners = owners;
        thread = new Thread(this::run, "access-listener");
        thread.setDaemon(true);
        thread.start();
    }

    private void run() {
        var away = false;
        long pause = 50;
        while (!stopped) {
            try (var fresh = open()) {
                connection = fresh;
                try (var statement = fresh.createStatement()) {
                    statement.execute("set application_name = 'dunlin access listener'");
                    statement.execute("listen dunlin_access");
                }
                owners.forget();
                access.rereadEverything();
                if (away) {
                    away = false;
                    log.info("Changes to access are heard again");
                }
                pause = 50;
                listen(fresh);
            } catch (SQLException e) {
                if (!stopped && !away) {
                    away = true;
                    log.warn("Changes to access are not heard for now: {}", e.getMessage());
                }
            }
            try {
                TimeUnit.MILLISECONDS.sleep(pause);
            } catch (InterruptedException stopping) {
                return;
            }
            pause = Math.min(2 * pause, MAX_PAUSE_MILLISECONDS);
        }
    }

    private Connection open() throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", database.getUsername());
        properties.setProperty("password", database.getPassword());
        properties.setProperty("loginTimeout", "5");
        properties.setProperty("tcpKeepAlive", "true");
        return DriverManager.getConnection(database.getJdbcUrl(), properties);
    }

    private void listen(Connection fresh) throws SQLException {
        var postgres = fresh.unwrap(PGConnection.class);
        long checked = System.nanoTime();
        while (!stopped) {
            for (var notification : postgres.getNotifications(CHECK_EVERY_MILLISECONDS)) {
                owners.forget();
                access.notified(notification.getParameter());
            }
            // A server that vanished without a word is noticed only by asking it something
            if (System.nanoTime() - checked >= TimeUnit.MILLISECONDS.toNanos(CHECK_EVERY_MILLISECONDS)) {
                checked = System.nanoTime();
                if (!fresh.isValid(CHECK_SECONDS)) {
                    throw new SQLException("the connection is dead");
                }
            }
        }
    }

    @Override
    public void destroy() throws InterruptedException, SQLException {
        stopped = true;
        thread.interrupt();
        var open = connection;
        if (open != null) {
            open.abort(Runnable::run); // it waits for the server to speak, and no interrupt ends that
        }
        thread.join(1_000);
    }
}
