package dev.dunlin.secret;

import dev.dunlin.engine.port.CredentialId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;
import org.springframework.stereotype.Service;

/** Makes, hashes and checks the secrets of devices. */
@Service
public class DeviceSecrets {
    /** A secret of this length or more that comes from outside is taken to be generated, and hashed fast. */
    public static final int GENERATED_LENGTH = 32;

    private static final String KEY = "device-secret";
    private static final String SCRAM_SALT = "scram-salt";
    private static final int SALT_BYTES = 16;
    /** 32 signs, so five bits each; neither l and 1 nor o and 0, and nothing that a URL or a shell would change. */
    private static final String ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

    private final ServerKeys keys;
    private final SecureRandom random = new SecureRandom();
    private final Argon2PasswordEncoder argon2 = new Argon2PasswordEncoder(16, 32, 1, 1 << 14, 2);

    DeviceSecrets(ServerKeys keys) {
        this.keys = keys;
    }

    /** A new secret of 160 bits. */
    public String generate() {
        var secret = new StringBuilder(GENERATED_LENGTH);
        for (int i = 0; i < GENERATED_LENGTH; i++) {
            secret.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        return secret.toString();
    }

    /** The hash to keep; for a short secret this takes some ten milliseconds of a processor. */
    public SecretHash hash(CredentialId credential, String secret) {
        return countsAsGenerated(secret)
                ? new SecretHash(
                        SecretHash.Method.KEYED,
                        HexFormat.of().formatHex(keyed(credential, secret.getBytes(StandardCharsets.UTF_8))))
                : new SecretHash(SecretHash.Method.ARGON2ID, String.valueOf(argon2.encode(secret)));
    }

    private static boolean countsAsGenerated(String secret) {
        return secret.codePointCount(0, secret.length()) >= GENERATED_LENGTH;
    }

    /**
     * What to keep for SCRAM beside the hash; this takes some milliseconds of a processor.
     *
     * @return null for a secret that a person has chosen: what SCRAM keeps is guessed at far faster than Argon2id, and
     *     would undo it
     */
    public @Nullable ScramVerifier scramVerifier(CredentialId credential, String secret) {
        return countsAsGenerated(secret)
                ? ScramVerifier.of(secret, scramSalt(credential), ScramVerifier.ITERATIONS)
                : null;
    }

    /** One for all secrets of a credential, since the salt is chosen before it is known which of them a device has. */
    public byte[] scramSalt(CredentialId credential) {
        return salt(0, bytes(credential));
    }

    /** A salt for a user name that nobody has: always the same, and like that of a credential. */
    public byte[] scramSaltOfNobody(String userName) {
        return salt(1, userName.getBytes(StandardCharsets.UTF_8));
    }

    private byte[] salt(int kind, byte[] of) {
        return Arrays.copyOf(keys.hmac(SCRAM_SALT, new byte[] {(byte) kind}, of), SALT_BYTES);
    }

    private static byte[] bytes(CredentialId credential) {
        return ByteBuffer.allocate(16)
                .putLong(credential.value().getMostSignificantBits())
                .putLong(credential.value().getLeastSignificantBits())
                .array();
    }

    /** HMAC of a presented secret, bound to the credential, so that equal secrets have unequal hashes. Fast. */
    public byte[] keyed(CredentialId credential, byte[] secret) {
        return keys.hmac(KEY, bytes(credential), secret);
    }

    /** Whether {@code keyed}, made by {@link #keyed}, is what {@code stored} was made from. In constant time. */
    public static boolean isKeyed(SecretHash stored, byte[] keyed) {
        return stored.method() == SecretHash.Method.KEYED
                && MessageDigest.isEqual(HexFormat.of().parseHex(stored.hash()), keyed);
    }

    /** Checks against Argon2id: some ten milliseconds of a processor. */
    public boolean isChosen(SecretHash stored, byte[] secret) {
        return stored.method() == SecretHash.Method.ARGON2ID
                && argon2.matches(new String(secret, StandardCharsets.UTF_8), stored.hash());
    }

    /** Checks against either kind of hash. */
    public boolean matches(CredentialId credential, String secret, SecretHash stored) {
        var bytes = secret.getBytes(StandardCharsets.UTF_8);
        return stored.method() == SecretHash.Method.KEYED
                ? isKeyed(stored, keyed(credential, bytes))
                : isChosen(stored, bytes);
    }

    /** Reads the keys now, so that log-ins work later without the database. */
    public void load() {
        keys.load(KEY);
        keys.load(SCRAM_SALT);
    }
}
