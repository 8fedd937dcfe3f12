package dev.dunlin.engine.connection;

import dev.dunlin.engine.port.EnhancedAuthentication.Exchange;
import dev.dunlin.engine.port.EnhancedAuthentication.Step;
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
    boolean isRunning() {
        return exchange != null;
    }

    boolean isClientsTurn() {
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

    /** Runs {@code late} unless the exchange is over by then; for that of CONNECT, there is a deadline already. */
    void expectWithin(long millis, Runnable late) {
        if (exchange != null) {
            deadline = connection.loop().eventLoop().schedule(late, millis, TimeUnit.MILLISECONDS);
        }
    }

    /** The client has taken its turn. */
    void next(byte @Nullable [] data) {
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
