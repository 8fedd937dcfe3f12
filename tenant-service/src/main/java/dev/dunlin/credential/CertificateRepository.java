package dev.dunlin.credential;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

interface CertificateRepository extends Repository<CertificateEntity, CertificateEntity.Key> {
    CertificateEntity saveAndFlush(CertificateEntity certificate);

    void delete(CertificateEntity certificate);

    /** Oldest first. */
    @Query("from CertificateEntity c where c.key.tenantId = :tenant and c.credentialId = :credential"
            + " order by c.createdAt, c.key.fingerprint")
    List<CertificateEntity> of(UUID tenant, UUID credential);

    @Query("from CertificateEntity c where c.key.tenantId = :tenant and c.key.fingerprint = :fingerprint")
    Optional<CertificateEntity> find(UUID tenant, String fingerprint);
}
