package dev.dunlin.credential;

/** The tenant has a credential of this name already. */
public class CredentialNameTakenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public CredentialNameTakenException(String name) {
        super("There is a device named \"" + name + "\" already.");
    }
}
