package dev.dunlin.console.security;

import dev.dunlin.engine.port.TenantId;
import dev.dunlin.tenant.AccountId;
import dev.dunlin.tenant.Membership;
import dev.dunlin.tenant.Role;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.security.core.CredentialsContainer;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.core.userdetails.UserDetails;

/** The person who is logged in, and the workspace in which. A controller's parameter of this type is filled from the session. */
public final class TenantUser implements UserDetails, CredentialsContainer {
    private static final long serialVersionUID = 1L;

    private final transient AccountId accountId;
    private final transient TenantId tenantId;
    private final String email;
    private final String workspace;
    private final Role role;
    private @Nullable String encodedPassword;

    TenantUser(String email, Membership membership, @Nullable String encodedPassword) {
        this.accountId = membership.account();
        this.tenantId = membership.tenant().id();
        this.email = email;
        this.workspace = membership.tenant().name();
        this.role = membership.role();
        this.encodedPassword = encodedPassword;
    }

    public AccountId accountId() {
        return accountId;
    }

    public TenantId tenantId() {
        return tenantId;
    }

    public String email() {
        return email;
    }

    public String workspace() {
        return workspace;
    }

    public Role role() {
        return role;
    }

    @Override
    public Collection<? extends GrantedAuthority> getAuthorities() {
        return authoritiesOf(role);
    }

    /** A role includes those below it. */
    private static List<SimpleGrantedAuthority> authoritiesOf(Role role) {
        return Stream.of(Role.values())
                .filter(role::atLeast)
                .map(each -> new SimpleGrantedAuthority("ROLE_" + each.name()))
                .toList();
    }

    @Override
    public @Nullable String getPassword() {
        return encodedPassword;
    }

    @Override
    public String getUsername() {
        return email;
    }

    @Override
    public void eraseCredentials() {
        encodedPassword = null;
    }
}
