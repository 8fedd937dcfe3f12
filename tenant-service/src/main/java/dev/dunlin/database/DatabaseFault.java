package dev.dunlin.database;

import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.CannotCreateTransactionException;

/** What a failure says of the database itself; by SQLSTATE (PostgreSQL, appendix A). */
public enum DatabaseFault {
    /** It cannot be reached, fell silent, is being stopped, or takes no changes. */
    AWAY,
    /** No room on its disk. */
    FULL,
    /** The failure is another one. */
    NONE;

    private static final int MAX_CAUSES = 20;
    private static final String DISK_FULL = "53100";
    private static final String READ_ONLY = "25006";

    public static DatabaseFault of(Throwable failure) {
        @Nullable Throwable cause = failure;
        for (int i = 0; i < MAX_CAUSES && cause != null; i++) {
            if (cause instanceof SQLException found) {
                var fault = of(found);
                if (fault != NONE) {
                    return fault;
                }
            }
            if (cause instanceof CannotCreateTransactionException) {
                return AWAY;
            }
            cause = cause.getCause();
        }
        return NONE;
    }

    private static DatabaseFault of(SQLException failure) {
        var state = String.valueOf(failure.getSQLState());
        if (state.equals(DISK_FULL)) {
            return FULL;
        }
        // Connection, resources, an operator's doings, the system
        var isAway = state.startsWith("08")
                || state.startsWith("53")
                || state.startsWith("57")
                || state.startsWith("58")
                || state.equals(READ_ONLY)
                || failure instanceof SQLTransientConnectionException;
        return isAway ? AWAY : NONE;
    }
}
