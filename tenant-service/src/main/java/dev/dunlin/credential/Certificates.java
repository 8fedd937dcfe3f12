package dev.dunlin.credential;

import dev.dunlin.engine.port.TenantId;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;

/**
 * The certificates with which devices may log in over TLS instead of with a secret.
 *
 * <p>Within a tenant a certificate belongs to one credential. Tenants may have equal ones: a certificate is public, so
 * if the first who enters it had it for himself, anybody could lock others out of theirs.
 */
@Service
public class Certificates {
    /** Of one credential: the one in use, the next, and some of gateways that share it. */
    public static final int MAX_PER_CREDENTIAL = 20;

    private final CertificateRepository certificates;
    private final CredentialRepository credentials;
    private final Clock clock;

    Certificates(CertificateRepository certificates, CredentialRepository credentials, Clock clock) {
        this.certificates = certificates;
        this.credentials = credentials;
        this.clock = clock;
    }

    /**
     * Oldest first.
     *
     * @throws CredentialNotFoundException if the tenant has none of this name
     */
    @Transactional(readOnly = true)
    public List<CertificateView> list(TenantId tenant, String credentialName) {
        var credential = credentials
                .named(tenant.value(), credentialName)
                .orElseThrow(() -> new CredentialNotFoundException(credentialName));
        return certificates.of(tenant.value(), credential.id().value()).stream()
                .map(CertificateEntity::toView)
                .toList();
    }

    /**
     * Lets the credential log in with a certificate, given in PEM form. One that it has already changes nothing.
     *
     * @throws CredentialNotFoundException if the tenant has none of this name
     * @throws InvalidCertificateException if it is none, has expired, is another credential's, or there are too many
     */
    @Transactional
    public CertificateView add(TenantId tenant, String credentialName, String pem) {
        var certificate = DeviceCertificate.read(pem);
        var now = clock.instant().truncatedTo(ChronoUnit.MICROS);
        if (certificate.notAfter().isBefore(now)) {
            throw new InvalidCertificateException("This certificate has expired already.");
        }
        var credential = require(tenant, credentialName);
        var known = certificates.find(tenant.value(), certificate.fingerprint());
        if (known.isPresent()) {
            if (known.get().credentialId().equals(credential.id().value())) {
                return known.get().toView();
            }
            throw ofAnother();
        }
        if (certificates.of(tenant.value(), credential.id().value()).size() >= MAX_PER_CREDENTIAL) {
            throw new InvalidCertificateException("A device has at most " + MAX_PER_CREDENTIAL
                    + " certificates. Remove one that is not used any more.");
        }
        try {
            return certificates
                    .saveAndFlush(new CertificateEntity(credential, certificate, now))
                    .toView();
        } catch (DataIntegrityViolationException enteredMeanwhile) {
            throw ofAnother();
        }
    }

    private static InvalidCertificateException ofAnother() {
        return new InvalidCertificateException("Another device of this workspace has this certificate already.");
    }

    /**
     * Ends a certificate, and the connections of the credential: those that came with another certificate or with a secret
     * may come again.
     *
     * @throws CredentialNotFoundException if the tenant has none of this name
     * @throws CertificateNotFoundException if the credential has none of this fingerprint
     */
    @Transactional
    public void remove(TenantId tenant, String credentialName, String fingerprint) {
        var credential = require(tenant, credentialName);
        certificates.delete(certificates
                .find(tenant.value(), fingerprint)
                .filter(certificate ->
                        certificate.credentialId().equals(credential.id().value()))
                .orElseThrow(CertificateNotFoundException::new));
    }

    private CredentialEntity require(TenantId tenant, String name) {
        return credentials.lockNamed(tenant.value(), name).orElseThrow(() -> new CredentialNotFoundException(name));
    }
}
