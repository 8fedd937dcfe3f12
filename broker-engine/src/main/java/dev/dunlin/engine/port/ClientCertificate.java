package dev.dunlin.engine.port;

import java.time.Instant;

/**
 * The certificate that a client has shown in the TLS handshake. The client has proven that it holds the private key, and no
 * more than that: anybody can make a certificate with any name in it, so what it is worth is for the receiver to decide.
 *
 * @param fingerprint SHA-256 of its DER form, in lower-case hexadecimal
 * @param notBefore the first moment of its validity, as it says itself
 * @param notAfter the last one
 */
public record ClientCertificate(String fingerprint, Instant notBefore, Instant notAfter) {}
