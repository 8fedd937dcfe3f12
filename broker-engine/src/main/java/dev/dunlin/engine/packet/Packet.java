package dev.dunlin.engine.packet;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a client sends: a Control Packet, or {@link Malformed} in its place. Form has been checked, meaning has not.
 */
public sealed interface Packet permits Publish, Packet.Control {

    /** All but PUBLISH. */
    sealed interface Control extends Packet {}

    /**
     * CONNECT (MQTT 5 §3.1).
     *
     * @param cleanStart Clean Session before MQTT 5
     * @param keepAliveSeconds 0 for none
     * @param sessionExpirySeconds Session Expiry Interval, unsigned; before MQTT 5 0 with Clean Session 1 and
     *     {@link #NEVER_EXPIRES} with 0
     * @param receiveMaximum of the client; 65,535 if it names none
     * @param maximumPacketSize of the client, in bytes; {@link Long#MAX_VALUE} if it names none
     * @param topicAliasMaximum of the client; 0 if it names none
     * @param requestProblemInformation whether reason strings are welcome on all packets
     * @param authenticationMethod of enhanced authentication
     * @param authenticationData not to be changed; absent if there is none
     * @param will absent if the Will Flag is 0
     * @param password not to be changed; not to be kept
     */
    record Connect(
            ProtocolVersion version,
            boolean cleanStart,
            int keepAliveSeconds,
            String clientId,
            long sessionExpirySeconds,
            int receiveMaximum,
            long maximumPacketSize,
            int topicAliasMaximum,
            boolean requestProblemInformation,
            @Nullable String authenticationMethod,
            byte @Nullable [] authenticationData,
            @Nullable Will will,
            @Nullable String userName,
            byte @Nullable [] password)
            implements Control {

        /** A Session Expiry Interval of 0xFFFFFFFF (MQTT 5 §3.1.2.11.2). */
        public static final long NEVER_EXPIRES = 0xFFFF_FFFFL;

        /** Says nothing of user name, password and will. */
        @Override
        public String toString() {
            return "Connect[" + version + "]";
        }
    }

    /** PUBACK (§3.4). */
    record Puback(int packetId, int reason) implements Control {}

    /** PUBREC (§3.5). */
    record Pubrec(int packetId, int reason) implements Control {}

    /** PUBREL (§3.6). */
    record Pubrel(int packetId) implements Control {}

    /** PUBCOMP (§3.7). */
    record Pubcomp(int packetId) implements Control {}

    /**
     * SUBSCRIBE (§3.8).
     *
     * @param subscriptionId Subscription Identifier, 0 if there is none
     */
    record Subscribe(int packetId, int subscriptionId, List<Request> requests) implements Control {
        /** @param filter as sent; whether it is a Topic Filter has not been checked */
        public record Request(
                String filter, QoS qos, boolean noLocal, boolean retainAsPublished, RetainHandling retainHandling) {}

        public Subscribe {
            requests = List.copyOf(requests);
        }
    }

    /** Which retained messages a subscription brings (§3.8.3.1); in its order. */
    enum RetainHandling {
        SEND,
        SEND_IF_NEW,
        DO_NOT_SEND
    }

    /** UNSUBSCRIBE (§3.10). */
    record Unsubscribe(int packetId, List<String> filters) implements Control {
        public Unsubscribe {
            filters = List.copyOf(filters);
        }
    }

    /** PINGREQ (§3.12). */
    record Pingreq() implements Control {
        public static final Pingreq INSTANCE = new Pingreq();
    }

    /**
     * DISCONNECT (§3.14).
     *
     * @param reason the code, 0 before MQTT 5
     * @param sessionExpirySeconds the new Session Expiry Interval, {@link #UNCHANGED} if there is none
     */
    record Disconnect(int reason, long sessionExpirySeconds) implements Control {
        public static final long UNCHANGED = -1;
        public static final Disconnect NORMAL = new Disconnect(0, UNCHANGED);
    }

    /**
     * AUTH (§3.15).
     *
     * @param data not to be changed; absent if there is none
     */
    record Auth(int reason, @Nullable String method, byte @Nullable [] data) implements Control {
        public static final int CONTINUE = 0x18;
        public static final int RE_AUTHENTICATE = 0x19;

        /** Says nothing of the data. */
        @Override
        public String toString() {
            return "Auth[" + reason + ", " + method + "]";
        }
    }

    /**
     * Bytes that are no packet, or not one that a server may be sent.
     *
     * @param detail for the person who looks for the fault, naming the statement of the specification where one fits
     */
    record Malformed(ReasonCode reason, String detail) implements Control {}
}
