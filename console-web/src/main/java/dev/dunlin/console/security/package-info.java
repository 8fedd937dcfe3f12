/**
 * Who is asking: log-in, the session, and what each role may do. Owns the filter chain, the headers and the back-off on failed
 * log-ins; the tenant of every request is that of {@link dev.dunlin.console.security.TenantUser}, and comes from nowhere else.
 */
@NullMarked
package dev.dunlin.console.security;

import org.jspecify.annotations.NullMarked;
