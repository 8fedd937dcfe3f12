package dev.dunlin.permission;

/** The credential has no such permission of its own. */
public class PermissionNotFoundException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public PermissionNotFoundException() {
        super("There is no such permission.");
    }
}
