package dev.dunlin.provisioning;

/** What applying a file has done: how many plans, tenants, owners, tokens, groups, credentials were made, changed, left. */
public record Outcome(int created, int updated, int unchanged) {}
