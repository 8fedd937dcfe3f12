package dev.dunlin.engine.port;

import java.util.concurrent.CompletionStage;

/** Decides who may connect. */
public interface Authenticator {
    /**
     * Called on an event loop, so it must return at once; whatever can wait happens elsewhere, bounded in number. The
     * stage may be complete already and may complete on any thread. An exceptional completion counts as
     * {@link LoginAnswer.Reason#UNAVAILABLE}: nobody gets in because something failed.
     */
    CompletionStage<LoginAnswer> authenticate(Login login);
}
