package dev.dunlin.credential;

import jakarta.persistence.Embeddable;
import jakarta.persistence.EmbeddedId;
import jakarta.persistence.Entity;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;

@Entity
@Table(name = "credential_certificate")
class CertificateEntity {
    @Embeddable
    record Key(UUID tenantId, String fingerprint) {}

    @EmbeddedId
    private Key key;

    private UUID credentialId;
    private String subject;
    private Instant notBefore;
    private Instant notAfter;
    private Instant createdAt;

    @SuppressWarnings({"NullAway.Init", "UnusedMethod"}) // for JPA
    protected CertificateEntity() {}

    CertificateEntity(CredentialEntity credential, DeviceCertificate certificate, Instant createdAt) {
        this.key = new Key(credential.tenant().value(), certificate.fingerprint());
        this.credentialId = credential.id().value();
        this.subject = certificate.subject();
        this.notBefore = certificate.notBefore();
        this.notAfter = certificate.notAfter();
        this.createdAt = createdAt;
    }

    UUID credentialId() {
        return credentialId;
    }

    CertificateView toView() {
        return new CertificateView(key.fingerprint(), subject, notBefore, notAfter, createdAt);
    }
}
