package dev.dunlin.engine.connection;

import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.session.Deposit;
import org.jspecify.annotations.Nullable;

/** What became of a PUBLISH. {@code Serving.answer} alone turns it into bytes. */
sealed interface Outcome {
    Outcome ACCEPTED = new Accepted();

    /** Carried out. */
    record Accepted() implements Outcome {}

    /** Carried out, and to be acknowledged once it is safe; whoever gets it has to settle the deposit once. */
    record Deposited(Deposit deposit) implements Outcome {}

    /**
     * Not carried out, the connection stays. MQTT before 5 has no code for it and acknowledges (MQTT 3.1.1 §3.3.5).
     *
     * @param reasonString for the client's author
     */
    record Refused(ReasonCode reason, @Nullable String reasonString) implements Outcome {}

    /** The client broke the protocol: DISCONNECT with the code, then close. */
    record Violation(ReasonCode reason, String detail) implements Outcome {}
}
