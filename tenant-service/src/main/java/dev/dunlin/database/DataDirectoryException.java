package dev.dunlin.database;

import org.jspecify.annotations.Nullable;

/** The data directory or the database cannot be used. The message is one plain sentence for the operator. */
public class DataDirectoryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public DataDirectoryException(String message) {
        super(message);
    }

    public DataDirectoryException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
