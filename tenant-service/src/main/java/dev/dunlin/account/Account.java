package dev.dunlin.account;

import dev.dunlin.tenant.AccountId;
import java.time.Instant;

/** A person. */
public record Account(AccountId id, String email, Instant createdAt) {}
