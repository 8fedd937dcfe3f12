/**
 * Tenants: workspaces with a slug, a plan and members with roles. Owns the tenant and membership tables; knows an
 * account by its identity alone, and nothing of what a tenant contains.
 */
@NullMarked
package dev.dunlin.tenant;

import org.jspecify.annotations.NullMarked;
