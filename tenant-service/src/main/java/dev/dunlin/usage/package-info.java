/**
 * Usage: what each credential has sent and received per minute. Owns the usage_minute table and the sums in front of
 * it.
 */
@NullMarked
package dev.dunlin.usage;

import org.jspecify.annotations.NullMarked;
