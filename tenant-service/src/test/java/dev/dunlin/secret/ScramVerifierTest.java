package dev.dunlin.secret;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.testkit.Scram;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class ScramVerifierTest {
    /** RFC 7677 §3. */
    private static final String FIRST = "n=user,r=rOprNGfwEbeRWgbNEkqO";

    private static final String SERVER_FIRST =
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    private static final String WITHOUT_PROOF = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    private static final String PROOF = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    private static final String SIGNATURE = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    private static final byte[] SALT = Base64.getDecoder().decode("W22ZaJ0SNY7soEsUEjb6gQ==");

    @Test
    void computesWhatTheRfcComputes() {
        var verifier = ScramVerifier.of("pencil", SALT, 4_096);
        var authMessage = FIRST + "," + SERVER_FIRST + "," + WITHOUT_PROOF;
        var proof = Base64.getDecoder().decode(PROOF);
        assertThat(verifier.isProvenBy(proof, authMessage)).isTrue();
        assertThat(Base64.getEncoder().encodeToString(verifier.signatureOf(authMessage)))
                .isEqualTo(SIGNATURE);
        assertThat(verifier.isProvenBy(proof, authMessage + "x")).isFalse();
        assertThat(verifier.isProvenBy(new byte[32], authMessage)).isFalse();
        assertThat(verifier.isProvenBy(new byte[0], authMessage)).isFalse();
        assertThat(ScramVerifier.of("pencils", SALT, 4_096).isProvenBy(proof, authMessage))
                .isFalse();
    }

    @Test
    void isTestedByAClientThatComputesTheSame() {
        var client = new Scram("user", "pencil", "n,,", "rOprNGfwEbeRWgbNEkqO");
        assertThat(new String(client.first(), UTF_8)).isEqualTo("n,," + FIRST);
        assertThat(new String(client.last(SERVER_FIRST.getBytes(UTF_8)), UTF_8))
                .isEqualTo(WITHOUT_PROOF + ",p=" + PROOF);
        assertThat(client.isServerKnown(("v=" + SIGNATURE).getBytes(UTF_8))).isTrue();
    }

    @Test
    void takesDifferentWaysToTypeASecretForOne() {
        // RFC 4013 §3, and a space as some keyboards make it
        var plain = ScramVerifier.of("IX a b", SALT, 1);
        for (var typed : new String[] {"I\u00ADX a b", "\u2168 a b", "IX\u00A0a\u3000b", "\uFEFFIX a b"}) {
            assertThat(ScramVerifier.of(typed, SALT, 1).storedKey()).isEqualTo(plain.storedKey());
        }
        assertThat(ScramVerifier.of("ix a b", SALT, 1).storedKey()).isNotEqualTo(plain.storedKey());
        assertThat(plain.toString()).doesNotContain("IX");
    }
}
