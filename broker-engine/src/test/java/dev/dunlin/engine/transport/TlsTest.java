package dev.dunlin.engine.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.settings.EngineStartException;
import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.util.io.pem.PemObject;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class TlsTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void makesACertificateThatClientsCanTrust(String protocol) throws Exception {
        try (var echo = new EchoListeners(EchoListeners.settings(directory))) {
            // given a client that trusts the file alone and compares names
            var certificate = read().chain().get(0);
            for (var name : new String[] {"localhost", "127.0.0.1", "mqtt.example.com"}) {
                // when
                try (var socket = connect(echo, certificate, protocol, name)) {
                    // then
                    assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
                }
            }
            assertThat(certificate.getPublicKey().getAlgorithm()).isEqualTo("EC");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(keyFile())))
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void offersNoProtocolBefore12() throws Exception {
        try (var echo = new EchoListeners(EchoListeners.settings(directory))) {
            var certificate = read().chain().get(0);
            assertThatThrownBy(() -> connect(echo, certificate, "TLSv1.1", "localhost"))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void keepsItsCertificateUntilItIsAboutToExpireOrTheHostChanges() throws Exception {
        var now = Instant.parse("2026-03-01T00:00:00Z");
        var first = made("mqtt.example.com", now);
        assertThat(made("mqtt.example.com", now.plus(Duration.ofDays(366)))).isEqualTo(first);
        assertThat(made("mqtt.example.com", now.plus(Duration.ofDays(368)))).isNotEqualTo(first);
        var later = made("mqtt.example.com", now);
        assertThat(made("broker.example.com", now)).isNotEqualTo(later);
    }

    @Test
    void makesAnewWhatIsDamaged() throws Exception {
        var now = Instant.now();
        var first = made("", now);
        Files.writeString(keyFile(), "damaged");
        assertThat(made("", now)).isNotEqualTo(first);
    }

    enum KeyForm {
        PKCS8_EC,
        SEC1_EC_WITH_PARAMETERS,
        PKCS8_RSA,
        PKCS1_RSA,
        PKCS8_ED25519
    }

    @ParameterizedTest
    @EnumSource(KeyForm.class)
    void readsTheUsualFormsOfAKey(KeyForm form) throws Exception {
        // given
        var certificate = write(form, "CN=mine");
        // when
        try (var echo = new EchoListeners(settingsWithFiles());
                var socket = connect(echo, certificate, "TLSv1.3", null)) {
            // then
            assertThat(socket.getSession().getPeerCertificates()).containsExactly(certificate);
        }
    }

    @Test
    void usesANewCertificateForNewConnectionsAndKeepsTheOldOnes() throws Exception {
        // given a connection that was made with the first certificate
        var first = write(KeyForm.PKCS8_EC, "CN=first");
        try (var warnings = new Warnings(Tls.class);
                var echo = new EchoListeners(settingsWithFiles(), Duration.ofMillis(20));
                var before = connect(echo, first, "TLSv1.3", null)) {
            // when files come that cannot be used
            Files.writeString(keyFile(), "-----BEGIN PRIVATE KEY-----\nnonsense\n");
            await().until(() -> !warnings.messages().isEmpty());
            // then nothing changes, and one line says why
            connect(echo, first, "TLSv1.3", null).close();
            // when good ones come
            var second = write(KeyForm.PKCS8_RSA, "CN=second");
            // then new connections use them, and the old one goes on
            await().ignoreExceptions()
                    .untilAsserted(() -> connect(echo, second, "TLSv1.3", null).close());
            before.getOutputStream().write(7);
            assertThat(before.getInputStream().read()).isEqualTo(7);
            assertThat(warnings.messages())
                    .filteredOn(line -> line.contains("not a PEM private key"))
                    .hasSize(1);
        }
    }

    @Test
    void refusesToStartWithFilesThatCannotBeUsed() throws Exception {
        write(KeyForm.PKCS8_EC, "CN=mine");
        var key = Files.readString(keyFile());
        write(KeyForm.PKCS8_EC, "CN=other");
        Files.writeString(keyFile(), key);
        assertRefused("is not that of the certificate in");
        Files.writeString(keyFile(), "no key");
        assertRefused("holds no private key");
        Files.writeString(certificateFile(), "no certificate");
        assertRefused("certificate.pem");
        Files.delete(certificateFile());
        assertRefused("certificate.pem cannot be read");
    }

    @Test
    void needsBothFilesOrNone() throws Exception {
        var settings = EchoListeners.settings(directory, 0, certificateFile(), null, 0);
        assertThatThrownBy(() -> new EchoListeners(settings))
                .isInstanceOf(EngineStartException.class)
                .hasMessageStartingWith("Only one of dunlin.tls.certificate and dunlin.tls.private-key is given");
    }

    @Test
    void saysThatTheDirectoryCannotBeWritten() throws Exception {
        var file = Files.writeString(directory.resolve("file"), "");
        var settings = EchoListeners.settings(file.resolve("below"));
        assertThatThrownBy(() -> new EchoListeners(settings))
                .isInstanceOf(EngineStartException.class)
                .hasMessageStartingWith("A TLS certificate cannot be made in " + file.resolve("below"));
    }

    @Test
    void closesWhatIsNotTls() throws Exception {
        try (var echo = new EchoListeners(EchoListeners.settings(directory));
                var socket = new Socket("127.0.0.1", echo.port(Transport.TLS))) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(new byte[] {0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 0});
            assertThat(socket.getInputStream().readAllBytes().length).isLessThan(32);
        }
    }

    private void assertRefused(String reason) {
        assertThatThrownBy(() -> new EchoListeners(settingsWithFiles()))
                .isInstanceOf(EngineStartException.class)
                .hasMessageStartingWith("TLS cannot be offered: ")
                .hasMessageContaining(reason);
    }

    private EngineSettings settingsWithFiles() {
        return EchoListeners.settings(directory, 0, certificateFile(), keyFile(), 0);
    }

    private Path certificateFile() {
        return directory.resolve("certificate.pem");
    }

    private Path keyFile() {
        return directory.resolve("private-key.pem");
    }

    private KeyPairFiles read() throws KeyPairFiles.UnusableException {
        return KeyPairFiles.read(certificateFile(), keyFile());
    }

    private X509Certificate made(String host, Instant now) throws Exception {
        new OwnCertificate(directory, host, InstantSource.fixed(now)).ensure();
        return read().chain().get(0);
    }

    /** @param name to be verified against the certificate, or null */
    private static SSLSocket connect(
            EchoListeners echo, X509Certificate trusted, String protocol, @Nullable String name) throws Exception {
        var store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        store.setCertificateEntry("trusted", trusted);
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        var context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), new SecureRandom());
        var plain = new Socket("127.0.0.1", echo.port(Transport.TLS));
        plain.setSoTimeout(10_000);
        var socket = (SSLSocket) context.getSocketFactory()
                .createSocket(plain, name == null ? "127.0.0.1" : name, plain.getPort(), true);
        socket.setEnabledProtocols(new String[] {protocol});
        if (name != null) {
            var parameters = new SSLParameters();
            parameters.setProtocols(new String[] {protocol});
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
        }
        socket.startHandshake();
        return socket;
    }

    /** Writes both files. */
    private X509Certificate write(KeyForm form, String name) throws Exception {
        var algorithm = switch (form) {
            case PKCS8_EC, SEC1_EC_WITH_PARAMETERS -> "EC";
            case PKCS8_RSA, PKCS1_RSA -> "RSA";
            case PKCS8_ED25519 -> "Ed25519";
        };
        var signature = switch (algorithm) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> algorithm;
        };
        var generator = KeyPairGenerator.getInstance(algorithm);
        if (!algorithm.equals("Ed25519")) {
            generator.initialize(algorithm.equals("EC") ? 256 : 2048);
        }
        var pair = generator.generateKeyPair();
        var subject = new X500Name(name);
        var certificate = new JcaX509CertificateConverter()
                .getCertificate(new JcaX509v3CertificateBuilder(
                                subject,
                                BigInteger.valueOf(System.nanoTime()),
                                Date.from(Instant.now().minusSeconds(60)),
                                Date.from(Instant.now().plusSeconds(3600)),
                                subject,
                                pair.getPublic())
                        .build(new JcaContentSignerBuilder(signature).build(pair.getPrivate())));
        var key = switch (form) {
            case SEC1_EC_WITH_PARAMETERS -> pem(parameters()) + pem(sec1(pair.getPrivate()));
            case PKCS1_RSA -> pem(pair.getPrivate());
            default -> pem(new JcaPKCS8Generator(pair.getPrivate(), null));
        };
        Files.writeString(keyFile(), key);
        Files.writeString(certificateFile(), pem(certificate));
        return certificate;
    }

    private static PemObject parameters() throws IOException {
        ASN1ObjectIdentifier curve = X9ObjectIdentifiers.prime256v1;
        return new PemObject("EC PARAMETERS", curve.getEncoded());
    }

    /** As OpenSSL writes it. */
    private static PemObject sec1(PrivateKey key) throws IOException {
        var scalar = ((ECPrivateKey) key).getS();
        var structure = new org.bouncycastle.asn1.sec.ECPrivateKey(256, scalar, X9ObjectIdentifiers.prime256v1);
        return new PemObject("EC PRIVATE KEY", structure.getEncoded());
    }

    private static String pem(Object object) throws IOException {
        var text = new StringWriter();
        try (var writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        }
        return text.toString();
    }
}
