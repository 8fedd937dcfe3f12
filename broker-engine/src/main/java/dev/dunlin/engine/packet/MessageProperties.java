package dev.dunlin.engine.packet;

/**
 * The properties of an Application Message that travel with it from publisher to subscribers (MQTT 5 §3.3.2.3).
 *
 * @param forwarded Payload Format Indicator, Content Type, Response Topic, Correlation Data and User Properties, encoded as
 *     they came and in their order, checked for form; not to be changed
 * @param expirySeconds Message Expiry Interval, {@link #NEVER} if there is none
 */
public record MessageProperties(byte[] forwarded, long expirySeconds) {
    public static final long NEVER = -1;
    public static final MessageProperties NONE = new MessageProperties(new byte[0], NEVER);
}
