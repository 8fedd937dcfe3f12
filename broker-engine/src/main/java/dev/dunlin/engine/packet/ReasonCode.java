package dev.dunlin.engine.packet;

/** The reason codes of MQTT 5 §2.4, in its order; the packets that may carry each stand in its comment. */
public enum ReasonCode {
    /** CONNACK, PUBACK, PUBREC, PUBREL, PUBCOMP, UNSUBACK, AUTH; Normal disconnection; Granted QoS 0. */
    SUCCESS(0x00),
    /** SUBACK. */
    GRANTED_QOS_1(0x01),
    /** SUBACK. */
    GRANTED_QOS_2(0x02),
    /** DISCONNECT of a client. */
    DISCONNECT_WITH_WILL_MESSAGE(0x04),
    /** PUBACK, PUBREC. */
    NO_MATCHING_SUBSCRIBERS(0x10),
    /** UNSUBACK. */
    NO_SUBSCRIPTION_EXISTED(0x11),
    /** AUTH. */
    CONTINUE_AUTHENTICATION(0x18),
    /** AUTH of a client. */
    RE_AUTHENTICATE(0x19),
    /** CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT. */
    UNSPECIFIED_ERROR(0x80),
    /** CONNACK, DISCONNECT. */
    MALFORMED_PACKET(0x81),
    /** CONNACK, DISCONNECT. */
    PROTOCOL_ERROR(0x82),
    /** CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT. */
    IMPLEMENTATION_SPECIFIC_ERROR(0x83),
    /** CONNACK. */
    UNSUPPORTED_PROTOCOL_VERSION(0x84),
    /** CONNACK. */
    CLIENT_IDENTIFIER_NOT_VALID(0x85),
    /** CONNACK. */
    BAD_USER_NAME_OR_PASSWORD(0x86),
    /** CONNACK, PUBACK, PUBREC, SUBACK, UNSUBACK, DISCONNECT. */
    NOT_AUTHORIZED(0x87),
    /** CONNACK. */
    SERVER_UNAVAILABLE(0x88),
    /** CONNACK, DISCONNECT. */
    SERVER_BUSY(0x89),
    /** CONNACK. */
    BANNED(0x8A),
    /** DISCONNECT. */
    SERVER_SHUTTING_DOWN(0x8B),
    /** CONNACK, DISCONNECT. */
    BAD_AUTHENTICATION_METHOD(0x8C),
    /** DISCONNECT. */
    KEEP_ALIVE_TIMEOUT(0x8D),
    /** DISCONNECT. */
    SESSION_TAKEN_OVER(0x8E),
    /** SUBACK, UNSUBACK, DISCONNECT. */
    TOPIC_FILTER_INVALID(0x8F),
    /** CONNACK, PUBACK, PUBREC, DISCONNECT. */
    TOPIC_NAME_INVALID(0x90),
    /** PUBACK, PUBREC, SUBACK, UNSUBACK. */
    PACKET_IDENTIFIER_IN_USE(0x91),
    /** PUBREL, PUBCOMP. */
    PACKET_IDENTIFIER_NOT_FOUND(0x92),
    /** DISCONNECT. */
    RECEIVE_MAXIMUM_EXCEEDED(0x93),
    /** DISCONNECT. */
    TOPIC_ALIAS_INVALID(0x94),
    /** CONNACK, DISCONNECT. */
    PACKET_TOO_LARGE(0x95),
    /** DISCONNECT. */
    MESSAGE_RATE_TOO_HIGH(0x96),
    /** CONNACK, PUBACK, PUBREC, SUBACK, DISCONNECT. */
    QUOTA_EXCEEDED(0x97),
    /** DISCONNECT. */
    ADMINISTRATIVE_ACTION(0x98),
    /** CONNACK, PUBACK, PUBREC, DISCONNECT. */
    PAYLOAD_FORMAT_INVALID(0x99),
    /** CONNACK, DISCONNECT. */
    RETAIN_NOT_SUPPORTED(0x9A),
    /** CONNACK, DISCONNECT. */
    QOS_NOT_SUPPORTED(0x9B),
    /** CONNACK, DISCONNECT. */
    USE_ANOTHER_SERVER(0x9C),
    /** CONNACK, DISCONNECT. */
    SERVER_MOVED(0x9D),
    /** SUBACK, DISCONNECT. */
    SHARED_SUBSCRIPTIONS_NOT_SUPPORTED(0x9E),
    /** CONNACK, DISCONNECT. */
    CONNECTION_RATE_EXCEEDED(0x9F),
    /** DISCONNECT. */
    MAXIMUM_CONNECT_TIME(0xA0),
    /** SUBACK, DISCONNECT. */
    SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED(0xA1),
    /** SUBACK, DISCONNECT. */
    WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED(0xA2);

    private final int value;

    ReasonCode(int value) {
        this.value = value;
    }

    /** As in the packet, unsigned. */
    public int value() {
        return value;
    }

    /** Whether the code says that something failed. */
    public boolean isError() {
        return value >= 0x80;
    }

    public static ReasonCode granted(QoS qos) {
        return switch (qos) {
            case AT_MOST_ONCE -> SUCCESS;
            case AT_LEAST_ONCE -> GRANTED_QOS_1;
            case EXACTLY_ONCE -> GRANTED_QOS_2;
        };
    }
}
