package dev.dunlin.console.security;

import dev.dunlin.account.Account;
import dev.dunlin.account.Accounts;
import dev.dunlin.account.PasswordOfAccount;
import dev.dunlin.tenant.AccountId;
import dev.dunlin.tenant.Membership;
import dev.dunlin.tenant.Role;
import dev.dunlin.tenant.Tenant;
import dev.dunlin.tenant.Tenants;
import java.util.Comparator;
import java.util.Optional;
import org.springframework.security.core.userdetails.UserDetailsService;
import org.springframework.security.core.userdetails.UsernameNotFoundException;
import org.springframework.stereotype.Component;

/** Finds the person behind an e-mail address, and the workspace to work in: the one where the person may do most. */
@Component
class People implements UserDetailsService {
    private final Accounts accounts;
    private final Tenants tenants;

    People(Accounts accounts, Tenants tenants) {
        this.accounts = accounts;
        this.tenants = tenants;
    }

    @Override
    public TenantUser loadUserByUsername(String email) {
        var found = accounts.passwordOf(email).orElseThrow(People::unknown);
        return user(found);
    }

    TenantUser justSignedUp(Account account, Tenant tenant) {
        return new TenantUser(account.email(), new Membership(tenant, account.id(), Role.OWNER), null);
    }

    private TenantUser user(PasswordOfAccount found) {
        var membership = workspaceOf(found.id()).orElseThrow(People::unknown);
        return new TenantUser(found.email(), membership, found.encodedPassword());
    }

    private Optional<Membership> workspaceOf(AccountId account) {
        return tenants.membershipsOf(account).stream().max(Comparator.comparing(Membership::role));
    }

    private static UsernameNotFoundException unknown() {
        return new UsernameNotFoundException("no such account");
    }
}
