package dev.dunlin.permission;

/** The message says, for people, what is wrong with the filter. */
public class InvalidTopicFilterException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InvalidTopicFilterException(String message) {
        super(message);
    }
}
