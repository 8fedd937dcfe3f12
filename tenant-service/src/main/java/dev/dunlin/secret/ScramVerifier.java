package dev.dunlin.secret;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.text.Normalizer;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * What is kept of a secret for SCRAM-SHA-256 (RFC 5802 §3, RFC 7677): enough to check a client's proof, and to prove to the
 * client that we know the secret, but not enough to log in. The arrays are not to be changed.
 */
public record ScramVerifier(byte[] salt, int iterations, byte[] storedKey, byte[] serverKey) {
    /** The least that RFC 7677 asks for, as a small device has to do the same work. */
    public static final int ITERATIONS = 4_096;

    private static final String HMAC = "HmacSHA256";
    private static final int KEY_BITS = 256;

    /** Some milliseconds of a processor. */
    public static ScramVerifier of(String secret, byte[] salt, int iterations) {
        try {
            var password = new PBEKeySpec(prepared(secret).toCharArray(), salt, iterations, KEY_BITS);
            var salted = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(password)
                    .getEncoded();
            return new ScramVerifier(salt, iterations, sha256(hmac(salted, "Client Key")), hmac(salted, "Server Key"));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every JDK has PBKDF2", e);
        }
    }

    /**
     * The mappings and the normalization of SASLprep (RFC 4013 §2.1, §2.2), which leave ASCII alone. What it prohibits is
     * let through, as this is a secret that has been accepted already.
     */
    private static String prepared(String secret) {
        var mapped = new StringBuilder();
        secret.codePoints().forEach(c -> {
            if (c > 0x7F && Character.getType(c) == Character.SPACE_SEPARATOR) {
                mapped.append(' ');
            } else if (!isMappedToNothing(c)) {
                mapped.appendCodePoint(c);
            }
        });
        return Normalizer.normalize(mapped, Normalizer.Form.NFKC);
    }

    private static boolean isMappedToNothing(int c) {
        return switch (c) {
            case 0x00AD, 0x034F, 0x1806, 0x180B, 0x180C, 0x180D, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF -> true;
            default -> c >= 0xFE00 && c <= 0xFE0F;
        };
    }

    /** Whether {@code proof} was made by someone who knows the secret. In constant time. */
    public boolean isProvenBy(byte[] proof, String authMessage) {
        var signature = hmac(storedKey, authMessage);
        if (proof.length != signature.length) {
            return false;
        }
        var clientKey = Arrays.copyOf(proof, proof.length);
        for (int i = 0; i < clientKey.length; i++) {
            clientKey[i] ^= signature[i];
        }
        return MessageDigest.isEqual(sha256(clientKey), storedKey);
    }

    /** Proves to the client that we know the secret. */
    public byte[] signatureOf(String authMessage) {
        return hmac(serverKey, authMessage);
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            var mac = Mac.getInstance(HMAC);
            mac.init(new SecretKeySpec(key, HMAC));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every JDK has " + HMAC, e);
        }
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every JDK has SHA-256", e);
        }
    }

    /** Says nothing of the keys. */
    @Override
    public String toString() {
        return "ScramVerifier[" + iterations + "]";
    }
}
