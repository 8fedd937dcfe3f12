package dev.dunlin.account;

import dev.dunlin.tenant.AccountId;
import java.util.Optional;
import org.springframework.stereotype.Service;

/** People. An e-mail address is kept trimmed and in lower case, and found whatever its case. */
@Service
public class Accounts {
    /**
     * Makes an account, its workspace and a first credential, all or nothing.
     *
     * @throws EmailTakenException if the address has an account
     */
    public SignedUp signUp(NewAccount newAccount) {
        throw new UnsupportedOperationException();
    }

    public Optional<Account> find(AccountId id) {
        throw new UnsupportedOperationException();
    }

    public Optional<Account> findByEmail(String email) {
        throw new UnsupportedOperationException();
    }

    public Optional<PasswordOfAccount> passwordOf(String email) {
        throw new UnsupportedOperationException();
    }
}
