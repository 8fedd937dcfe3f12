package dev.dunlin.permission;

/** The credential has as many permissions as it may have. */
public class PermissionLimitException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public PermissionLimitException(int limit) {
        super("A device has at most " + limit + " permissions of its own.");
    }
}
