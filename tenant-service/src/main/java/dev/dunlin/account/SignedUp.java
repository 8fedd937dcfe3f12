package dev.dunlin.account;

import dev.dunlin.credential.IssuedCredential;
import dev.dunlin.tenant.Tenant;

/** What signing up made: an account, its workspace, and a credential that works at once. */
public record SignedUp(Account account, Tenant tenant, IssuedCredential credential) {}
