package dev.dunlin.credential;

import jakarta.persistence.LockModeType;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.data.jpa.repository.Lock;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

interface CredentialRepository extends Repository<CredentialEntity, CredentialEntity.Key> {
    CredentialEntity saveAndFlush(CredentialEntity credential);

    void delete(CredentialEntity credential);

    @Query("from CredentialEntity c where c.key.tenantId = :tenant order by c.name")
    List<CredentialEntity> ofTenant(UUID tenant);

    @Query("from CredentialEntity c where c.key.tenantId = :tenant and c.name = :name")
    Optional<CredentialEntity> named(UUID tenant, String name);

    /** Keeps others from changing the credential or its secrets until the transaction ends. */
    @Lock(LockModeType.PESSIMISTIC_WRITE)
    @Query("from CredentialEntity c where c.key.tenantId = :tenant and c.name = :name")
    Optional<CredentialEntity> lockNamed(UUID tenant, String name);

    @Query("select count(c) from CredentialEntity c where c.key.tenantId = :tenant")
    long countOf(UUID tenant);
}
