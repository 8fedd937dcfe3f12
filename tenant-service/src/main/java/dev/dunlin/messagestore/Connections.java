package dev.dunlin.messagestore;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;

/**
 * Opens the store's own connections. They are not the pool's: that waits up to five seconds before it tries anew, and what
 * is held for good would be missing there.
 */
final class Connections {
    private final JdbcConnectionDetails database;

    Connections(JdbcConnectionDetails database) {
        this.database = database;
    }

    /**
     * A connection on which a commit is on disk when it is answered, whatever the server's default.
     *
     * @param name by which an operator finds it in {@code pg_stat_activity}
     * @param connectSeconds to get in
     * @param patience how long the server may leave a statement without an answer
     */
    Connection open(String name, int connectSeconds, Duration patience) throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", database.getUsername());
        properties.setProperty("password", database.getPassword());
        properties.setProperty("connectTimeout", Integer.toString(connectSeconds));
        properties.setProperty("loginTimeout", Integer.toString(connectSeconds));
        properties.setProperty("socketTimeout", Long.toString(patience.toSeconds()));
        properties.setProperty("tcpKeepAlive", "true");
        // Prepared by the server from the first time on: every statement here runs again and again
        properties.setProperty("prepareThreshold", "1");
        var connection = DriverManager.getConnection(database.getJdbcUrl(), properties);
        try (var statement = connection.createStatement()) {
            statement.execute("set application_name = '" + name + "'; set synchronous_commit = on");
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }
}
