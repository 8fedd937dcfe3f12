package dev.dunlin.credential;

import java.time.Instant;

/**
 * A certificate that a device may log in with.
 *
 * @param fingerprint SHA-256 of its DER form, in lower-case hexadecimal; what it is found by
 * @param subject as the certificate says, for people to tell one from another
 * @param notAfter when it expires
 */
public record CertificateView(
        String fingerprint, String subject, Instant notBefore, Instant notAfter, Instant createdAt) {}
