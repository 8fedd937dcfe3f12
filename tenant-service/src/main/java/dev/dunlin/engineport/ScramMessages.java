package dev.dunlin.engineport;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a client says in SCRAM (RFC 5802 §7), taken apart; null stands for what is not of that form. */
final class ScramMessages {
    private static final int MAX_BYTES = 1_024;
    private static final int PROOF_BYTES = 32;
    private static final String EXTENSIONS = "(?:,[A-Za-z]=[^,]+)*";
    /** Without channel binding, and without an identity to act for; a mandatory extension would stand before the name. */
    private static final Pattern FIRST =
            Pattern.compile("([ny],,)(n=([^,]+),r=([\\x21-\\x2B\\x2D-\\x7E]{1,256})" + EXTENSIONS + ")");

    private static final Pattern LAST = Pattern.compile(
            "(c=([A-Za-z0-9+/=]+),r=([\\x21-\\x2B\\x2D-\\x7E]+)" + EXTENSIONS + "),p=([A-Za-z0-9+/=]+)");
    private static final Pattern ESCAPES = Pattern.compile("(?:[^=]|=2C|=3D)+");

    private ScramMessages() {}

    /**
     * client-first-message.
     *
     * @param header the part about channel binding, repeated in {@link Last}
     * @param bare the rest, on which the proof is made
     */
    record First(String header, String bare, String userName, String nonce) {
        static @Nullable First parse(byte @Nullable [] data) {
            var text = text(data);
            var match = FIRST.matcher(text == null ? "" : text);
            if (!match.matches() || !ESCAPES.matcher(match.group(3)).matches()) {
                return null;
            }
            var userName = match.group(3).replace("=2C", ",").replace("=3D", "=");
            return new First(match.group(1), match.group(2), userName, match.group(4));
        }
    }

    /**
     * client-final-message.
     *
     * @param header as in {@link First}
     * @param withoutProof all but the proof, on which that is made
     */
    record Last(String header, String nonce, String withoutProof, byte[] proof) {
        static @Nullable Last parse(byte @Nullable [] data) {
            var text = text(data);
            var match = LAST.matcher(text == null ? "" : text);
            if (!match.matches()) {
                return null;
            }
            try {
                var header = new String(Base64.getDecoder().decode(match.group(2)), StandardCharsets.UTF_8);
                var proof = Base64.getDecoder().decode(match.group(4));
                return proof.length == PROOF_BYTES ? new Last(header, match.group(3), match.group(1), proof) : null;
            } catch (IllegalArgumentException notBase64) {
                return null;
            }
        }
    }

    private static @Nullable String text(byte @Nullable [] data) {
        if (data == null || data.length > MAX_BYTES) {
            return null;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(data))
                    .toString();
        } catch (CharacterCodingException illFormed) {
            return null;
        }
    }
}
