package dev.dunlin.account;

import dev.dunlin.tenant.AccountId;

/** What a log-in is checked against. */
public record PasswordOfAccount(AccountId id, String email, String encodedPassword) {
    /** Says nothing of the password. */
    @Override
    public String toString() {
        return "PasswordOfAccount[" + id + "]";
    }
}
