package dev.dunlin.credential;

/** The tenant has no credential of this name. */
public class CredentialNotFoundException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public CredentialNotFoundException(String name) {
        super("There is no device named \"" + name + "\".");
    }
}
