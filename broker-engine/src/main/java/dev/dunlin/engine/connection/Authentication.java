package dev.dunlin.engine.connection;

import dev.dunlin.engine.packet.Packet.Auth;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.port.EnhancedAuthentication.Exchange;
import dev.dunlin.engine.port.EnhancedAuthentication.Step;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Login;
import dev.dunlin.engine.port.LoginAnswer;
import io.netty.util.concurrent.Future;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The enhanced authentication of one connection (MQTT 5 §4.12): at its CONNECT, and each time that the client authenticates
 * anew. One exchange at a time, client and server taking turns. On the connection's loop.
 */
final class Authentication {
    private static final Step UNAVAILABLE =
            new Step.Done(new LoginAnswer.Refused(LoginAnswer.Reason.UNAVAILABLE, null, null), null);

    private final Connection connection;
    private final Broker broker;
    private final String method;
    private final Login login;
    private @Nullable Exchange exchange;
    private @Nullable Consumer<Step.Done> end;
    private boolean isServersTurn;
    private byte @Nullable [] lastData;
    private @Nullable Future<?> deadline;

    Authentication(Connection connection, Broker broker, String method, Login login) {
        this.connection = connection;
        this.broker = broker;
        this.method = method;
        this.login = login;
    }

    /** Of the CONNECT, and so of every AUTH [MQTT-4.12.0-5]. */
    String method() {
        return method;
    }

    /** Whether an exchange has begun and has not ended. */
    private boolean isRunning() {
        return exchange != null;
    }

    private boolean isClientsTurn() {
        return exchange != null && !isServersTurn;
    }

    /** What the server said last, with which it proves itself: for CONNACK. */
    byte @Nullable [] lastData() {
        return lastData;
    }

    /**
     * Begins an exchange.
     *
     * @param end runs when it is over
     * @return false if the method is not known
     */
    boolean begin(byte @Nullable [] data, Consumer<Step.Done> end) {
        var begun = broker.enhancedAuthentication.begin(method, login);
        if (begun == null) {
            return false;
        }
        exchange = begun;
        this.end = end;
        next(data);
        return true;
    }

    /** The client's AUTH: its turn in the exchange, or the first of another (MQTT 5 §4.12, §4.12.1). */
    void onAuth(Auth auth) {
        if (auth.method() == null) {
            violation(ReasonCode.PROTOCOL_ERROR, "AUTH without an Authentication Method [MQTT 5 §3.15.2.2.2]");
        } else if (!auth.method().equals(method)) {
            // DISCONNECT has no code for it
            violation(
                    connection.isConnected() ? ReasonCode.PROTOCOL_ERROR : ReasonCode.BAD_AUTHENTICATION_METHOD,
                    "AUTH with another method than CONNECT [MQTT-4.12.0-5]");
        } else if (auth.reason() == Auth.CONTINUE && isClientsTurn()) {
            connection.judge();
            next(auth.data());
        } else if (auth.reason() == Auth.RE_AUTHENTICATE && connection.isConnected() && !isRunning()) {
            begin(auth.data(), this::onReAuthenticated);
            expectEnd();
        } else {
            violation(ReasonCode.PROTOCOL_ERROR, "AUTH with reason " + auth.reason() + ", out of turn");
        }
    }

    private void violation(ReasonCode reason, String detail) {
        connection.violation(reason, detail);
    }

    /** The exchange of CONNECT has a deadline already; another has this one, unless it is over by now. */
    private void expectEnd() {
        if (exchange != null) {
            deadline = connection
                    .loop()
                    .eventLoop()
                    .schedule(
                            () -> connection.end(
                                    ReasonCode.NOT_AUTHORIZED,
                                    Incident.Reason.KEEP_ALIVE_TIMEOUT,
                                    Connection.UNFINISHED_LOG_IN),
                            Connection.CONNECT_DEADLINE.toMillis(),
                            TimeUnit.MILLISECONDS);
        }
    }

    private void onReAuthenticated(Step.Done done) {
        if (!connection.isConnected()) {
            return;
        }
        if (done.answer() instanceof LoginAnswer.Admitted admitted) {
            if (connection.isOf(admitted.admission())) {
                connection.auth(ReasonCode.SUCCESS, method, done.data());
            } else {
                violation(ReasonCode.NOT_AUTHORIZED, "authenticated anew as somebody else");
            }
        } else if (done.answer() instanceof LoginAnswer.Refused refused) {
            if (refused.reason() == LoginAnswer.Reason.UNAVAILABLE) {
                connection.disconnect(ReasonCode.SERVER_BUSY, refused.reason().incident());
            } else if (broker.failedLogins.mayAnswer(connection.remoteAddress().getAddress(), connection.userName())) {
                connection.disconnect(
                        ReasonCode.NOT_AUTHORIZED, refused.reason().incident());
            } else {
                connection.endSilently(Incident.Reason.TOO_MANY_FAILED_LOGINS);
            }
        }
    }

    private void next(byte @Nullable [] data) {
        var running = Objects.requireNonNull(exchange, "no exchange has begun");
        isServersTurn = true;
        broker.ask(connection, () -> running.next(data), UNAVAILABLE, this::onStep);
    }

    private void onStep(Step step) {
        isServersTurn = false;
        if (exchange == null) {
            return; // the client did not wait
        }
        if (step instanceof Step.Continue more) {
            connection.challenge(method, more.data());
        } else if (step instanceof Step.Done done) {
            var ended = Objects.requireNonNull(end, "no exchange has begun");
            stop();
            lastData = done.data();
            ended.accept(done);
        }
    }

    /** Forgets the exchange. */
    void stop() {
        exchange = null;
        end = null;
        if (deadline != null) {
            deadline.cancel(false);
            deadline = null;
        }
    }
}
