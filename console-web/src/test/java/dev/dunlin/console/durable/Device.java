package dev.dunlin.console.durable;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.util.concurrent.CompletableFuture;

/** A device whose session outlives its connections: each time it is sent to the broker, it goes on where it was. */
public abstract class Device {
    protected static final MqttVersion VERSION = MqttVersion.V5;

    private static final int EXPIRY_SECONDS = 86_400;

    /** Longer than any answer takes, so that one that does not come ends the run. */
    private static final int ANSWER_MILLIS = 120_000;

    private final String clientId;
    private final String userName;
    private final String secret;
    private volatile boolean isCutOff;

    protected Device(String clientId, String userName, String secret) {
        this.clientId = clientId;
        this.userName = userName;
        this.secret = secret;
    }

    /** Connects, and works until its work is done or the connection breaks. */
    public final void visit(int port) {
        try (var client = WireClient.open(port)) {
            client.socket().setSoTimeout(ANSWER_MILLIS);
            client.connect(WireConnect.of(VERSION, clientId)
                    .as(userName, secret)
                    .resuming()
                    .keepAlive(0)
                    .sessionExpiry(EXPIRY_SECONDS));
            work(client);
        } catch (UncheckedIOException broken) {
            if (broken.getCause() instanceof java.net.SocketTimeoutException) {
                throw new AssertionError(clientId + " waits for an answer that does not come", broken);
            }
            isCutOff = true;
        } catch (SocketException broken) {
            isCutOff = true;
        }
    }

    /** As {@link #visit}, on a thread of its own; completes when it is over. */
    public final CompletableFuture<Void> startVisit(int port) {
        var visited = new CompletableFuture<Void>();
        var thread = new Thread(
                () -> {
                    try {
                        visit(port);
                        visited.complete(null);
                    } catch (Throwable fault) {
                        visited.completeExceptionally(fault);
                    }
                },
                clientId);
        thread.setDaemon(true);
        thread.start();
        return visited;
    }

    /** Whether a connection broke before its work was done. */
    public final boolean isCutOff() {
        return isCutOff;
    }

    protected abstract void work(WireClient client);

    @Override
    public final String toString() {
        return clientId;
    }
}
