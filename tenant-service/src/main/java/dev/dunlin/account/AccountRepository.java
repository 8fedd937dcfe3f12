package dev.dunlin.account;

import java.util.Optional;
import java.util.UUID;
import org.springframework.data.repository.Repository;

interface AccountRepository extends Repository<AccountEntity, UUID> {
    AccountEntity saveAndFlush(AccountEntity account);

    Optional<AccountEntity> findById(UUID id);

    Optional<AccountEntity> findByEmail(String email);

    boolean existsByEmail(String email);
}
