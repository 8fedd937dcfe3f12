package dev.dunlin.console.crash;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import java.io.UncheckedIOException;
import java.net.SocketException;

/** A device whose session outlives its connections: each time it is sent to the broker, it goes on where it was. */
abstract class Device {
    static final MqttVersion VERSION = MqttVersion.V5;

    private static final int EXPIRY_SECONDS = 86_400;

    /** Longer than any answer takes, so that one that does not come ends the run. */
    private static final int ANSWER_MILLIS = 60_000;

    private final String clientId;
    private final String userName;
    private final String secret;

    Device(String clientId, String userName, String secret) {
        this.clientId = clientId;
        this.userName = userName;
        this.secret = secret;
    }

    /** Connects, and works until its work is done or the connection breaks. */
    final void visit(int port) {
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
        } catch (SocketException broken) {
            // it was killed: so be it
        }
    }

    abstract void work(WireClient client);

    @Override
    public final String toString() {
        return clientId;
    }
}
