package dev.dunlin.messagestore;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** What to do when PostgreSQL does not do as it was told; by the class of its SQLSTATE (PostgreSQL, appendix A). */
enum StoreFault {
    /** It cannot be reached, or not be written: wait, connect anew, do it again. */
    AWAY,
    /** It got in the way of somebody else's work: do it again. */
    AGAIN,
    /** No room on its disk. */
    FULL,
    /** It will not take these rows. */
    DATA;

    static StoreFault of(SQLException fault) {
        @Nullable String state = fault.getSQLState();
        if (state == null || state.length() < 5) {
            return AWAY;
        }
        return switch (state) {
            case "53100" -> FULL;
            case "40001", "40P01", "55P03", "57014" -> AGAIN;
            // Read-only: a stand-by server, which takes over soon or was left behind
            case "25006" -> AWAY;
            default ->
                switch (state.substring(0, 2)) {
                    // Connection, log-in, resources, an operator's doings, the system; a missing table is no row's
                    // fault
                    case "08", "28", "3D", "42", "53", "57", "58" -> AWAY;
                    default -> DATA;
                };
        };
    }
}
