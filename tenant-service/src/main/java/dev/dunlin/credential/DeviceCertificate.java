package dev.dunlin.credential;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.HexFormat;

/**
 * What is kept of a certificate: enough to know it again. Who has signed it does not matter, as nobody is asked but its
 * owner; that its key is strong enough does, since whoever finds the key logs in.
 *
 * @param fingerprint SHA-256 of its DER form, in lower-case hexadecimal
 */
public record DeviceCertificate(String fingerprint, String subject, Instant notBefore, Instant notAfter) {
    private static final int MAX_PEM_CHARACTERS = 32_768;
    private static final int MAX_SUBJECT_CHARACTERS = 200;
    private static final int LEAST_RSA_BITS = 2_048;
    private static final int LEAST_EC_BITS = 224;

    /**
     * Reads one certificate in PEM form.
     *
     * @throws InvalidCertificateException with a sentence for the person who gave it
     */
    public static DeviceCertificate read(String pem) {
        if (pem.contains("PRIVATE KEY")) {
            throw new InvalidCertificateException("There is a private key in it. That stays on the device, and nobody"
                    + " else should ever have it: give the certificate alone.");
        }
        if (pem.length() > MAX_PEM_CHARACTERS) {
            throw new InvalidCertificateException("This is too long for one certificate.");
        }
        if (!pem.contains("-----BEGIN CERTIFICATE-----")) {
            throw new InvalidCertificateException(
                    "This is not a certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----.");
        }
        var certificates = parse(pem);
        if (certificates.size() != 1 || !(certificates.iterator().next() instanceof X509Certificate certificate)) {
            throw new InvalidCertificateException("Give one certificate at a time, without those of its issuers.");
        }
        requireStrong(certificate.getPublicKey());
        return of(certificate);
    }

    private static Collection<? extends java.security.cert.Certificate> parse(String pem) {
        try {
            return CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem.strip().getBytes(StandardCharsets.UTF_8)));
        } catch (CertificateException malformed) {
            throw new InvalidCertificateException(
                    "This certificate is damaged. Copy all of it, with both lines of dashes.");
        }
    }

    private static void requireStrong(PublicKey key) {
        boolean isStrong = key instanceof RSAPublicKey rsa && rsa.getModulus().bitLength() >= LEAST_RSA_BITS
                || key instanceof ECPublicKey ec && ec.getParams().getOrder().bitLength() >= LEAST_EC_BITS
                || key instanceof EdECPublicKey;
        if (!isStrong) {
            throw new InvalidCertificateException(
                    "The key of this certificate is too weak or of a kind that is not used"
                            + " here. Make one with an elliptic curve (P-256, Ed25519) or with RSA of 2,048 bits or more.");
        }
    }

    private static DeviceCertificate of(X509Certificate certificate) {
        try {
            var subject = certificate.getSubjectX500Principal().getName().replace('\0', ' ');
            return new DeviceCertificate(
                    HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded())),
                    subject.length() <= MAX_SUBJECT_CHARACTERS
                            ? subject
                            : subject.substring(0, MAX_SUBJECT_CHARACTERS) + "…",
                    certificate.getNotBefore().toInstant().truncatedTo(ChronoUnit.SECONDS),
                    certificate.getNotAfter().toInstant().truncatedTo(ChronoUnit.SECONDS));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("Every JDK has SHA-256", impossible);
        } catch (GeneralSecurityException malformed) {
            throw new InvalidCertificateException("This certificate is damaged.");
        }
    }
}
