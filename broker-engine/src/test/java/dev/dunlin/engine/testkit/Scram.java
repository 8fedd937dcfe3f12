package dev.dunlin.engine.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/** SCRAM-SHA-256 as a client speaks it (RFC 5802, RFC 7677), with each message open to be spoilt by a test. */
public final class Scram {
    public static final String METHOD = "SCRAM-SHA-256";

    private final String password;
    private final String gs2;
    private final String firstBare;
    private String authMessage = "";
    private byte[] salted = {};

    public Scram(String userName, String password) {
        this(userName, password, "n,,", UUID.randomUUID().toString());
    }

    /** @param gs2 the header that says {@code n,,} or {@code y,,} where all is well */
    public Scram(String userName, String password, String gs2, String nonce) {
        this.password = password;
        this.gs2 = gs2;
        this.firstBare = "n=" + userName.replace("=", "=3D").replace(",", "=2C") + ",r=" + nonce;
    }

    public byte[] first() {
        return (gs2 + firstBare).getBytes(UTF_8);
    }

    /** The answer to what the server said first. */
    public byte[] last(byte[] serverFirst) {
        var server = new String(serverFirst, UTF_8);
        var fields = fields(server);
        salted = salted(password, decode(fields.getOrDefault("s", "")), Integer.parseInt(fields.getOrDefault("i", "")));
        var withoutProof = "c=" + Base64.getEncoder().encodeToString(gs2.getBytes(UTF_8)) + ",r=" + fields.get("r");
        authMessage = firstBare + "," + server + "," + withoutProof;
        var clientKey = hmac(salted, "Client Key");
        var proof = xor(clientKey, hmac(sha256(clientKey), authMessage));
        return (withoutProof + ",p=" + Base64.getEncoder().encodeToString(proof)).getBytes(UTF_8);
    }

    /** Whether the server has proven that it knows the secret as well. */
    public boolean isServerKnown(byte[] serverLast) {
        var signature = hmac(hmac(salted, "Server Key"), authMessage);
        return new String(serverLast, UTF_8).equals("v=" + Base64.getEncoder().encodeToString(signature));
    }

    static Map<String, String> fields(String message) {
        var fields = new HashMap<String, String>();
        for (var field : message.split(",")) {
            if (field.length() > 2) {
                fields.put(field.substring(0, 1), field.substring(2));
            }
        }
        return fields;
    }

    private static byte[] decode(String base64) {
        return Base64.getDecoder().decode(base64);
    }

    static byte[] salted(String password, byte[] salt, int iterations) {
        try {
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(new PBEKeySpec(password.toCharArray(), salt, iterations, 256))
                    .getEncoded();
        } catch (GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    static byte[] hmac(byte[] key, String text) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(UTF_8));
        } catch (GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    static byte[] xor(byte[] a, byte[] b) {
        var result = Arrays.copyOf(a, a.length);
        for (int i = 0; i < result.length; i++) {
            result[i] ^= b[i];
        }
        return result;
    }
}
