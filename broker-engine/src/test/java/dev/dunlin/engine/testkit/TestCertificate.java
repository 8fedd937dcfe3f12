package dev.dunlin.engine.testkit;

import dev.dunlin.engine.port.ClientCertificate;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.HexFormat;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate of a device, signed by its own key. */
public record TestCertificate(X509Certificate certificate, PrivateKey key) {

    /** Valid since yesterday for a year. */
    public static TestCertificate named(String name) {
        var now = Instant.now();
        return valid(name, now.minus(Duration.ofDays(1)), now.plus(Duration.ofDays(365)));
    }

    public static TestCertificate valid(String name, Instant notBefore, Instant notAfter) {
        return of(name, "EC", 256, notBefore, notAfter);
    }

    public static TestCertificate of(String name, String algorithm, int bits, Instant notBefore, Instant notAfter) {
        try {
            var generator = KeyPairGenerator.getInstance(algorithm);
            generator.initialize(bits);
            KeyPair pair = generator.generateKeyPair();
            var subject = new X500Name("CN=" + name);
            var builder = new JcaX509v3CertificateBuilder(
                    subject,
                    BigInteger.valueOf(System.nanoTime()),
                    Date.from(notBefore),
                    Date.from(notAfter),
                    subject,
                    pair.getPublic());
            var signer = new JcaContentSignerBuilder(algorithm.equals("EC") ? "SHA256withECDSA" : "SHA256withRSA");
            return new TestCertificate(
                    new JcaX509CertificateConverter().getCertificate(builder.build(signer.build(pair.getPrivate()))),
                    pair.getPrivate());
        } catch (GeneralSecurityException | OperatorCreationException failed) {
            throw new IllegalStateException(failed);
        }
    }

    public String fingerprint() {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** As the engine hands it on. */
    public ClientCertificate shown() {
        return new ClientCertificate(
                fingerprint(),
                certificate.getNotBefore().toInstant(),
                certificate.getNotAfter().toInstant());
    }

    public String pem() {
        var text = new StringWriter();
        try (var writer = new JcaPEMWriter(text)) {
            writer.writeObject(certificate);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        return text.toString();
    }

    /** Shows this certificate, and signs with {@code signingKey}. */
    public KeyManager[] keyManagers(PrivateKey signingKey) {
        try {
            var store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            store.setKeyEntry("device", signingKey, new char[0], new X509Certificate[] {certificate});
            var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            factory.init(store, new char[0]);
            return factory.getKeyManagers();
        } catch (IOException | GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
