package dev.dunlin.credential;

/** The credential has no certificate of this fingerprint. */
public class CertificateNotFoundException extends RuntimeException {
    private static final long serialVersionUID = 1L;
}
