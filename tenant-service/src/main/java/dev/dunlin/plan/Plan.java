package dev.dunlin.plan;

import dev.dunlin.engine.port.TenantLimits;

/** A set of limits with a name. */
public record Plan(String name, TenantLimits limits) {}
