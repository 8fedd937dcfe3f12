package dev.dunlin.credential;

/** The message says, for people, what a name may look like. */
public class InvalidCredentialNameException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InvalidCredentialNameException(String message) {
        super(message);
    }
}
