package dev.dunlin.account;

import dev.dunlin.credential.Credentials;
import dev.dunlin.credential.NewCredential;
import dev.dunlin.credential.Template;
import dev.dunlin.tenant.AccountId;
import dev.dunlin.tenant.Tenants;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.stereotype.Service;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.support.TransactionTemplate;

/** People. An e-mail address is kept trimmed and in lower case, and found whatever its case. */
@Service
public class Accounts {
    private static final String FIRST_CREDENTIAL = "my-first-device";
    /** Two newcomers may wish for one slug in the same moment; the second then gets another. */
    private static final int ATTEMPTS = 5;

    private final AccountRepository accounts;
    private final Tenants tenants;
    private final Credentials credentials;
    private final PasswordEncoder passwords;
    private final TransactionTemplate transaction;
    private final Clock clock;

    Accounts(
            AccountRepository accounts,
            Tenants tenants,
            Credentials credentials,
            PasswordEncoder passwords,
            TransactionTemplate transaction,
            Clock clock) {
        this.accounts = accounts;
        this.tenants = tenants;
        this.credentials = credentials;
        this.passwords = passwords;
        this.transaction = transaction;
        this.clock = clock;
    }

    /**
     * Makes an account, its workspace and a first credential, all or nothing.
     *
     * @throws EmailTakenException if the address has an account
     */
    public SignedUp signUp(NewAccount newAccount) {
        var email = normal(newAccount.email());
        if (accounts.existsByEmail(email)) {
            throw new EmailTakenException();
        }
        // Slow on purpose, so before a connection to the database is taken
        var hash = Objects.requireNonNull(passwords.encode(newAccount.password()));
        for (int attempt = 1; ; attempt++) {
            try {
                return Objects.requireNonNull(
                        transaction.execute(status -> signUp(email, hash, newAccount.workspace())));
            } catch (DataIntegrityViolationException e) {
                if (accounts.existsByEmail(email)) {
                    throw new EmailTakenException();
                }
                if (attempt == ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    private SignedUp signUp(String email, String passwordHash, String workspace) {
        var account = accounts.saveAndFlush(new AccountEntity(
                        UUID.randomUUID(), email, passwordHash, clock.instant().truncatedTo(ChronoUnit.MICROS)))
                .toAccount();
        var localPart = email.substring(0, Math.max(email.indexOf('@'), 0));
        var name = !workspace.isBlank() ? workspace.strip() : localPart.isEmpty() ? email : localPart;
        var tenant = tenants.create(name, localPart, account.id());
        var credential = credentials.create(
                tenant.id(), new NewCredential(FIRST_CREDENTIAL, Template.EVERYTHING, null, null, null));
        return new SignedUp(account, tenant, credential);
    }

    @Transactional(readOnly = true)
    public Optional<Account> find(AccountId id) {
        return accounts.findById(id.value()).map(AccountEntity::toAccount);
    }

    @Transactional(readOnly = true)
    public Optional<Account> findByEmail(String email) {
        return accounts.findByEmail(normal(email)).map(AccountEntity::toAccount);
    }

    @Transactional(readOnly = true)
    public Optional<PasswordOfAccount> passwordOf(String email) {
        return accounts.findByEmail(normal(email)).map(AccountEntity::toPassword);
    }

    private static String normal(String email) {
        return email.strip().toLowerCase(Locale.ROOT);
    }
}
