package dev.dunlin.engine.transport;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;

/**
 * What two PEM files held when they were read: a certificate chain and the private key of its first certificate.
 *
 * @param fingerprint tells this content from another
 */
record KeyPairFiles(List<X509Certificate> chain, PrivateKey key, int fingerprint) {
    KeyPairFiles {
        chain = List.copyOf(chain);
    }

    /** Says nothing of the key. */
    @Override
    public String toString() {
        return "KeyPairFiles[" + chain.get(0).getSubjectX500Principal() + "]";
    }

    /** Tells whether the content of the files has changed, without looking into it. */
    static int fingerprintOf(Path certificate, Path privateKey) throws IOException {
        return 31 * Arrays.hashCode(Files.readAllBytes(certificate)) + Arrays.hashCode(Files.readAllBytes(privateKey));
    }

    /** @throws UnusableException with a clause for the operator: which file, and what is wrong with it */
    static KeyPairFiles read(Path certificate, Path privateKey) throws UnusableException {
        var chainBytes = bytesOf(certificate);
        var keyBytes = bytesOf(privateKey);
        var chain = chainOf(certificate, chainBytes);
        var key = keyOf(privateKey, keyBytes);
        if (!belongTogether(chain.get(0).getPublicKey(), key)) {
            throw new UnusableException(
                    "the private key in " + privateKey + " is not that of the certificate in " + certificate);
        }
        return new KeyPairFiles(chain, key, 31 * Arrays.hashCode(chainBytes) + Arrays.hashCode(keyBytes));
    }

    private static byte[] bytesOf(Path file) throws UnusableException {
        try {
            return Files.readAllBytes(file);
        } catch (IOException unreadable) {
            throw new UnusableException(file + " cannot be read", unreadable);
        }
    }

    private static List<X509Certificate> chainOf(Path file, byte[] pem) throws UnusableException {
        try {
            var chain =
                    CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(pem)).stream()
                            .map(X509Certificate.class::cast)
                            .toList();
            if (chain.isEmpty()) {
                throw new UnusableException(file + " holds no certificate");
            }
            return chain;
        } catch (GeneralSecurityException malformed) {
            throw new UnusableException(file + " is not a PEM certificate", malformed);
        }
    }

    private static PrivateKey keyOf(Path file, byte[] pem) throws UnusableException {
        try (var parser = new PEMParser(new StringReader(new String(pem, StandardCharsets.ISO_8859_1)))) {
            // other objects may stand before the key: the parameters of its curve, its certificate
            for (var object = parser.readObject(); object != null; object = parser.readObject()) {
                if (object instanceof PrivateKeyInfo key) {
                    return new JcaPEMKeyConverter().getPrivateKey(key);
                }
                if (object instanceof PEMKeyPair pair) {
                    return new JcaPEMKeyConverter().getPrivateKey(pair.getPrivateKeyInfo());
                }
                if (object instanceof PEMEncryptedKeyPair || object instanceof PKCS8EncryptedPrivateKeyInfo) {
                    throw new UnusableException(
                            file + " is protected by a passphrase; it has to be stored without one");
                }
            }
        } catch (IOException | RuntimeException malformed) {
            throw new UnusableException(file + " is not a PEM private key", malformed);
        }
        throw new UnusableException(file + " holds no private key");
    }

    private static boolean belongTogether(PublicKey publicKey, PrivateKey privateKey) {
        var algorithm = switch (privateKey.getAlgorithm()) {
            case "RSA" -> "SHA256withRSA";
            case "EC" -> "SHA256withECDSA";
            default -> privateKey.getAlgorithm();
        };
        try {
            var signature = Signature.getInstance(algorithm);
            byte[] message = {1};
            signature.initSign(privateKey);
            signature.update(message);
            var signed = signature.sign();
            signature.initVerify(publicKey);
            signature.update(message);
            return signature.verify(signed);
        } catch (GeneralSecurityException differentKinds) {
            return false;
        }
    }

    /** The files cannot be used; the message is a clause that names the file. */
    static final class UnusableException extends Exception {
        private static final long serialVersionUID = 1L;

        UnusableException(String message) {
            super(message);
        }

        UnusableException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
