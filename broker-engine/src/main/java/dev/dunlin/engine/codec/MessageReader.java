package dev.dunlin.engine.codec;

import static dev.dunlin.engine.codec.Fields.SCRATCH;
import static dev.dunlin.engine.codec.Fields.binary;
import static dev.dunlin.engine.codec.Fields.bool;
import static dev.dunlin.engine.codec.Fields.notAllowed;
import static dev.dunlin.engine.codec.Fields.once;
import static dev.dunlin.engine.codec.Fields.packetId;
import static dev.dunlin.engine.codec.Fields.propertiesEnd;
import static dev.dunlin.engine.codec.Fields.propertyId;
import static dev.dunlin.engine.codec.Fields.reject;
import static dev.dunlin.engine.codec.Fields.require;
import static dev.dunlin.engine.codec.Fields.skipBinary;
import static dev.dunlin.engine.codec.Fields.skipString;
import static dev.dunlin.engine.codec.Fields.skipStringPair;
import static dev.dunlin.engine.codec.Fields.unsignedInt;
import static dev.dunlin.engine.codec.Fields.unsignedShort;

import dev.dunlin.engine.codec.Fields.Rejected;
import dev.dunlin.engine.packet.MessageProperties;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.packet.ReasonCode;
import dev.dunlin.engine.packet.Will;
import dev.dunlin.engine.topic.TopicFilter;
import dev.dunlin.engine.topic.TopicName;
import io.netty.buffer.ByteBuf;
import io.netty.handler.codec.mqtt.MqttProperties;
import java.util.Arrays;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads the Application Messages of one connection: PUBLISH (MQTT 5 §3.3) and the Will of CONNECT (§3.1.3). Topic names seen
 * lately and Topic Aliases are remembered, so that a device which publishes to a few topics costs no string at all.
 */
final class MessageReader {
    private static final int RECENT_TOPICS = 8;

    private final LongSupplier nanoClock;
    private boolean isMqtt5;
    private TopicName @Nullable [] recent;
    private @Nullable TopicName @Nullable [] aliases;

    MessageReader(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /** Says which version the client speaks, before anything is read. */
    void isMqtt5(boolean isMqtt5) {
        this.isMqtt5 = isMqtt5;
    }

    Publish publish(int flags, ByteBuf in, int end) throws Rejected {
        int qos = flags >> 1 & 3;
        boolean dup = (flags & 8) != 0;
        if (qos == 3) {
            throw reject(ReasonCode.MALFORMED_PACKET, "QoS 3 [MQTT-3.3.1-4]");
        }
        if (qos == 0 && dup) {
            throw reject(ReasonCode.MALFORMED_PACKET, "DUP at QoS 0 [MQTT-3.3.1-2]");
        }
        var topic = topicName(in, end);
        int packetId = qos == 0 ? 0 : packetId(in, end);
        var properties = MessageProperties.NONE;
        if (isMqtt5) {
            if (in.readerIndex() < end && in.getByte(in.readerIndex()) == 0) {
                in.skipBytes(1);
            } else {
                var reader = new MessagePropertiesReader(false);
                properties = reader.read(in, end);
                topic = aliased(topic, reader.topicAlias);
            }
        }
        if (topic == null) {
            throw isMqtt5
                    ? reject(
                            ReasonCode.PROTOCOL_ERROR,
                            "neither a Topic Name nor a Topic Alias that stands for one [MQTT 5 §3.3.2.1]")
                    : reject(ReasonCode.MALFORMED_PACKET, "an empty Topic Name [MQTT-4.7.3-1]");
        }
        var payload = new byte[end - in.readerIndex()];
        in.readBytes(payload);
        long expiresAt = properties.expirySeconds() == MessageProperties.NEVER
                ? Publish.NEVER
                : nanoClock.getAsLong() + properties.expirySeconds() * 1_000_000_000L;
        return new Publish(topic, payload, QoS.of(qos), (flags & 1) != 0, dup, packetId, properties, expiresAt);
    }

    /** @return null if the Topic Name has no bytes, which is for the caller to judge */
    private @Nullable TopicName topicName(ByteBuf in, int end) throws Rejected {
        int length = unsignedShort(in, end);
        require(in, end, length);
        if (length == 0) {
            return null;
        }
        var scratch = SCRATCH.get();
        in.readBytes(scratch, 0, length);
        var recent = this.recent;
        if (recent == null) {
            recent = new TopicName[RECENT_TOPICS];
            this.recent = recent;
        }
        int slot = slotOf(scratch, length);
        @Nullable TopicName known = recent[slot];
        if (known != null
                && known.utf8().length == length
                && Arrays.equals(known.utf8(), 0, length, scratch, 0, length)) {
            return known;
        }
        if (!Utf8.isWellFormed(scratch, length)) {
            throw reject(ReasonCode.MALFORMED_PACKET, "a Topic Name that is not well-formed UTF-8 [MQTT-1.5.4-1]");
        }
        if (Utf8.hasWildcard(scratch, length)) {
            throw reject(ReasonCode.TOPIC_NAME_INVALID, "wildcards in a Topic Name [MQTT-3.3.2-2]");
        }
        var topic = TopicName.ofUtf8(Arrays.copyOf(scratch, length));
        if (topic.levelCount() > TopicFilter.MAX_LEVELS) {
            throw reject(ReasonCode.TOPIC_NAME_INVALID, "a Topic Name of more than 128 levels");
        }
        recent[slot] = topic;
        return topic;
    }

    /** Topics of one device differ in their last bytes or their length; a collision costs a new object, no more. */
    private static int slotOf(byte[] bytes, int length) {
        int h = length;
        for (int i = Math.max(0, length - 6); i < length; i++) {
            h = 31 * h + bytes[i];
        }
        return (h ^ h >>> 7) & RECENT_TOPICS - 1;
    }

    private @Nullable TopicName aliased(@Nullable TopicName topic, int alias) throws Rejected {
        if (alias == MessagePropertiesReader.NO_ALIAS) {
            return topic;
        }
        if (alias == 0 || alias > MqttDecoder.TOPIC_ALIAS_MAXIMUM) {
            throw reject(ReasonCode.TOPIC_ALIAS_INVALID, "Topic Alias " + alias + " [MQTT-3.3.2-8, MQTT-3.3.2-9]");
        }
        var aliases = this.aliases;
        if (aliases == null) {
            aliases = new TopicName[MqttDecoder.TOPIC_ALIAS_MAXIMUM + 1];
            this.aliases = aliases;
        }
        if (topic == null) {
            return aliases[alias];
        }
        aliases[alias] = topic;
        return topic;
    }

    /** Reads the properties of an Application Message, those that travel as one piece of bytes. */
    private final class MessagePropertiesReader {
        static final int NO_ALIAS = -1;

        private final boolean ofWill;
        private int topicAlias = NO_ALIAS;
        private long willDelay;

        MessagePropertiesReader(boolean ofWill) {
            this.ofWill = ofWill;
        }

        MessageProperties read(ByteBuf in, int end) throws Rejected {
            int until = propertiesEnd(in, end);
            if (in.readerIndex() == until) {
                return MessageProperties.NONE;
            }
            var forwarded = new byte[until - in.readerIndex()];
            int forwardedLength = 0;
            long expiry = MessageProperties.NEVER;
            long seen = 0;
            while (in.readerIndex() < until) {
                int from = in.readerIndex();
                int id = propertyId(in, until);
                seen = once(seen, id);
                boolean travels = true;
                switch (id) {
                    case MqttProperties.PAYLOAD_FORMAT_INDICATOR -> bool(in, until, id);
                    case MqttProperties.CONTENT_TYPE -> skipString(in, until);
                    case MqttProperties.RESPONSE_TOPIC -> {
                        if (topicName(in, until) == null) {
                            throw reject(ReasonCode.PROTOCOL_ERROR, "an empty Response Topic");
                        }
                    }
                    case MqttProperties.CORRELATION_DATA -> skipBinary(in, until);
                    case MqttProperties.USER_PROPERTY -> skipStringPair(in, until);
                    case MqttProperties.PUBLICATION_EXPIRY_INTERVAL -> {
                        expiry = unsignedInt(in, until);
                        travels = false;
                    }
                    case MqttProperties.TOPIC_ALIAS -> {
                        if (ofWill) {
                            throw notAllowed(id);
                        }
                        topicAlias = unsignedShort(in, until);
                        travels = false;
                    }
                    case MqttProperties.WILL_DELAY_INTERVAL -> {
                        if (!ofWill) {
                            throw notAllowed(id);
                        }
                        willDelay = unsignedInt(in, until);
                        travels = false;
                    }
                    case MqttProperties.SUBSCRIPTION_IDENTIFIER ->
                        throw reject(
                                ReasonCode.PROTOCOL_ERROR, "a Subscription Identifier from a client [MQTT-3.3.4-6]");
                    default -> throw notAllowed(id);
                }
                if (travels) {
                    int length = in.readerIndex() - from;
                    in.getBytes(from, forwarded, forwardedLength, length);
                    forwardedLength += length;
                }
            }
            return new MessageProperties(
                    forwardedLength == forwarded.length ? forwarded : Arrays.copyOf(forwarded, forwardedLength),
                    expiry);
        }
    }

    Will will(ByteBuf in, int end, QoS qos, boolean retain) throws Rejected {
        long delay = 0;
        var properties = MessageProperties.NONE;
        if (isMqtt5) {
            var reader = new MessagePropertiesReader(true);
            properties = reader.read(in, end);
            delay = reader.willDelay;
        }
        var topic = topicName(in, end);
        if (topic == null) {
            throw reject(ReasonCode.TOPIC_NAME_INVALID, "a Will without a topic");
        }
        return new Will(topic, binary(in, end), qos, retain, properties, delay);
    }
}
