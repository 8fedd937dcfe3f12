package dev.dunlin.credential;

import java.util.List;
import java.util.UUID;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

interface SecretRepository extends Repository<SecretEntity, SecretEntity.Key> {
    SecretEntity save(SecretEntity secret);

    void delete(SecretEntity secret);

    /** Newest first. */
    @Query("from SecretEntity s where s.key.tenantId = :tenant and s.key.credentialId = :credential"
            + " order by s.createdAt desc, s.key.id")
    List<SecretEntity> of(UUID tenant, UUID credential);
}
