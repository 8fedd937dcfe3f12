package dev.dunlin.account;

/** There is an account with this e-mail address already. */
public class EmailTakenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public EmailTakenException() {
        super("There is an account with this e-mail address already.");
    }
}
