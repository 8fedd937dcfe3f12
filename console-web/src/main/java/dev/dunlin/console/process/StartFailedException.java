package dev.dunlin.console.process;

/** The process cannot start; the message is one sentence for the operator. */
class StartFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StartFailedException(String message, Throwable cause) {
        super(message, cause);
    }
}
