package dev.dunlin.engine.transport;

import static java.nio.file.attribute.PosixFilePermission.OWNER_READ;
import static java.nio.file.attribute.PosixFilePermission.OWNER_WRITE;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.IPAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate that we make for ourselves when the operator gives none: signed by its own key, kept in two files, and
 * made anew before it expires or when the public host is another one.
 */
final class OwnCertificate {
    private static final Logger log = LoggerFactory.getLogger(OwnCertificate.class);
    private static final Duration VALIDITY = Duration.ofDays(397);
    private static final Duration RENEWED_BEFORE_END = Duration.ofDays(30);

    private final Path directory;
    private final Set<String> names;
    private final InstantSource time;
    private int goodFingerprint;
    private Instant goodUntil = Instant.MIN;

    OwnCertificate(Path directory, String publicHost, InstantSource time) {
        this.directory = directory;
        this.names = new LinkedHashSet<>(List.of("localhost", "127.0.0.1", "0:0:0:0:0:0:0:1"));
        if (!publicHost.isBlank()) {
            names.add(publicHost);
        }
        this.time = time;
    }

    Path certificate() {
        return directory.resolve("certificate.pem");
    }

    Path privateKey() {
        return directory.resolve("private-key.pem");
    }

    /** Makes the two files unless there are good ones. Cheap while these are what they were at the last look. */
    void ensure() throws IOException {
        if (Files.exists(certificate()) && Files.exists(privateKey())) {
            if (time.instant().isBefore(goodUntil)
                    && KeyPairFiles.fingerprintOf(certificate(), privateKey()) == goodFingerprint) {
                return;
            }
            try {
                var found = KeyPairFiles.read(certificate(), privateKey());
                var certificate = found.chain().get(0);
                if (isGood(certificate)) {
                    goodFingerprint = found.fingerprint();
                    goodUntil = renewalOf(certificate);
                    return;
                }
            } catch (KeyPairFiles.UnusableException broken) {
                log.warn("Making a new TLS certificate, since {}", broken.getMessage());
            }
        }
        Files.createDirectories(directory);
        try {
            make();
        } catch (GeneralSecurityException | OperatorCreationException failed) {
            throw new IOException("a key could not be made", failed);
        }
        log.info("Made a TLS certificate for {} in {}", String.join(", ", names), certificate());
    }

    private boolean isGood(X509Certificate certificate) {
        try {
            var alternatives = certificate.getSubjectAlternativeNames();
            return alternatives != null
                    && alternatives.stream().map(name -> name.get(1)).toList().containsAll(names)
                    && time.instant().isBefore(renewalOf(certificate));
        } catch (CertificateParsingException unreadable) {
            return false;
        }
    }

    private static Instant renewalOf(X509Certificate certificate) {
        return certificate.getNotAfter().toInstant().minus(RENEWED_BEFORE_END);
    }

    private void make() throws GeneralSecurityException, OperatorCreationException, IOException {
        var generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        var pair = generator.generateKeyPair();
        var subject = new X500NameBuilder(BCStyle.INSTANCE)
                .addRDN(BCStyle.O, "Dunlin")
                .addRDN(BCStyle.CN, "localhost")
                .build();
        Instant now = time.instant();
        var builder = new JcaX509v3CertificateBuilder(
                        subject,
                        new BigInteger(127, new SecureRandom()).setBit(0),
                        // clocks of devices lag
                        Date.from(now.minus(Duration.ofDays(1))),
                        Date.from(now.plus(VALIDITY)),
                        subject,
                        pair.getPublic())
                .addExtension(Extension.subjectAlternativeName, false, alternativeNames())
                .addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
                .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
                .addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
        var certificate = new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate())));
        // a crash between the two leaves files that do not match, and the next start makes new ones
        write(privateKey(), new JcaPKCS8Generator(pair.getPrivate(), null));
        write(certificate(), certificate);
    }

    private GeneralNames alternativeNames() {
        return new GeneralNames(names.stream()
                .map(name ->
                        new GeneralName(IPAddress.isValid(name) ? GeneralName.iPAddress : GeneralName.dNSName, name))
                .toArray(GeneralName[]::new));
    }

    /** Writes the whole file or nothing, readable by its owner alone from the first byte. */
    private static void write(Path file, Object content) throws IOException {
        var text = new StringWriter();
        try (var pem = new JcaPEMWriter(text)) {
            pem.writeObject(content);
        }
        var ownerOnly = FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(EnumSet.of(OWNER_READ, OWNER_WRITE))}
                : new FileAttribute<?>[0];
        var temporary = Files.createTempFile(file.getParent(), ".new-", ".pem", ownerOnly);
        try {
            Files.writeString(temporary, text.toString());
            Files.move(temporary, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }
}
