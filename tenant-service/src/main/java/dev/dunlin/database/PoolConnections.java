package dev.dunlin.database;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import javax.sql.DataSource;
import org.springframework.jdbc.datasource.DelegatingDataSource;

/**
 * Opens connections for the pool, which tries again later and later while it cannot have one: up to five seconds after the
 * database is back. Here it waits for the first sign of life instead.
 */
final class PoolConnections extends DelegatingDataSource {
    private final DatabasePulse database;

    PoolConnections(DataSource target, DatabasePulse database) {
        super(target);
        this.database = database;
    }

    @Override
    public Connection getConnection() throws SQLException {
        await();
        return super.getConnection();
    }

    @Override
    public Connection getConnection(String userName, String password) throws SQLException {
        await();
        return super.getConnection(userName, password);
    }

    private void await() throws SQLException {
        try {
            if (!database.awaitAnswer()) {
                throw new SQLTransientConnectionException("The database does not answer.", "08001");
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new SQLTransientConnectionException("The pool is closed.", "08000", stopping);
        }
    }
}
