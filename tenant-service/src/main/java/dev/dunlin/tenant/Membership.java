package dev.dunlin.tenant;

/** An account's role in a tenant. */
public record Membership(Tenant tenant, AccountId account, Role role) {}
