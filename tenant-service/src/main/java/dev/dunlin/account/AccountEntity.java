package dev.dunlin.account;

import dev.dunlin.tenant.AccountId;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;

@Entity
@Table(name = "account")
class AccountEntity {
    @Id
    private UUID id;

    private String email;
    private String passwordHash;
    private Instant createdAt;

    @SuppressWarnings({"NullAway.Init", "UnusedMethod"}) // for JPA
    protected AccountEntity() {}

    AccountEntity(UUID id, String email, String passwordHash, Instant createdAt) {
        this.id = id;
        this.email = email;
        this.passwordHash = passwordHash;
        this.createdAt = createdAt;
    }

    Account toAccount() {
        return new Account(new AccountId(id), email, createdAt);
    }

    PasswordOfAccount toPassword() {
        return new PasswordOfAccount(new AccountId(id), email, passwordHash);
    }
}
