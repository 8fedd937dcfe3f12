package dev.dunlin.console.feed;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** A payload for people: as text where it is UTF-8, else in hex; never more than a screenful. */
final class PayloadText {
    private static final int MAX_CHARS = 2000;
    private static final int MAX_HEX_BYTES = 128;

    private PayloadText() {}

    /**
     * @param payload the payload or its beginning
     * @param payloadBytes the length of the whole
     */
    static String of(byte[] payload, int payloadBytes, String whenEmpty) {
        if (payloadBytes == 0) {
            return whenEmpty;
        }
        try {
            var text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(payload))
                    .toString();
            return text.length() <= MAX_CHARS ? text : text.substring(0, MAX_CHARS) + " …";
        } catch (CharacterCodingException binary) {
            var shown = Math.min(payload.length, MAX_HEX_BYTES);
            var hex = HexFormat.ofDelimiter(" ").formatHex(payload, 0, shown);
            return shown < payloadBytes ? hex + " … (" + payloadBytes + " bytes)" : hex;
        }
    }
}
