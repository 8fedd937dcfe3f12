package dev.dunlin.engine.session;

import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.port.Incident;
import org.jspecify.annotations.Nullable;

/** The way from a session to its client while one is connected. Called on the session's event loop only. */
public interface Outbound {
    /** Whether the network takes more; when it does again, {@link Session#onWritable} is called. */
    boolean isWritable();

    /**
     * Sends PUBLISH.
     *
     * @param packetId 0 at QoS 0
     * @return false if the packet is larger than the client accepts, in which case it was not sent (MQTT 5
     *     [MQTT-3.1.2-24])
     */
    boolean publish(
            Publish message, QoS qos, boolean dup, boolean retain, int packetId, int @Nullable [] subscriptionIds);

    /** Sends PUBREL. */
    void pubrel(int packetId);

    /** Ends the connection: MQTT 5 clients are told {@code reason}, the tenant {@code why}. */
    void disconnect(ReasonCode reason, Incident.Reason why);

    /** Something failed while a message was given to the session: the connection is beyond trust and is closed. */
    void fail(RuntimeException cause);
}
