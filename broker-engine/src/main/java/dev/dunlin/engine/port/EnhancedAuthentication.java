package dev.dunlin.engine.port;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Decides who may connect, in several steps (MQTT 5 §4.12). */
public interface EnhancedAuthentication {
    /** Knows no method: clients get "bad authentication method". */
    EnhancedAuthentication NONE = (method, login) -> null;

    /**
     * Begins an exchange for a CONNECT, or for an AUTH with which a client authenticates anew. A look-up in memory, called
     * on an event loop.
     *
     * @param login as for {@link Authenticator}; its password is not to be looked at
     * @return null if the method is not known
     */
    @Nullable
    Exchange begin(String method, Login login);

    /** One client's exchange. It holds what it needs and no more, since it may never be finished; nobody is told of its end. */
    interface Exchange {
        /**
         * Takes what the client says, and answers. Called on an event loop, so it must return at once; the stage may
         * complete on any thread, and the next call comes after it has. An exceptional completion counts as
         * {@link LoginAnswer.Reason#UNAVAILABLE}.
         *
         * @param data Authentication Data; absent if the client sent none
         */
        CompletionStage<Step> next(byte @Nullable [] data);
    }

    /** What the server says next. */
    sealed interface Step {
        /**
         * The client is to answer.
         *
         * @param data Authentication Data, not to be changed
         */
        record Continue(byte[] data) implements Step {}

        /**
         * The exchange is over.
         *
         * @param data Authentication Data that goes with an admission, not to be changed; absent if there is none
         */
        record Done(LoginAnswer answer, byte @Nullable [] data) implements Step {}
    }
}
