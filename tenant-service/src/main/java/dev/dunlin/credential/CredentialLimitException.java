package dev.dunlin.credential;

/** The tenant has as many credentials as it may have. */
public class CredentialLimitException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public CredentialLimitException(int limit) {
        super("A workspace has at most " + limit + " devices.");
    }
}
