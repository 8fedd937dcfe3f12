package dev.dunlin.engine.settings;

/** The engine cannot start; the message is one sentence for the operator: what, why, and what to do. */
public final class EngineStartException extends Exception {
    private static final long serialVersionUID = 1L;

    public EngineStartException(String message, Throwable cause) {
        super(message, cause);
    }
}
