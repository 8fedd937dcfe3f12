/**
 * Plans: the limits a tenant has by name. Owns the plan table; knows nothing of who is on which plan.
 */
@NullMarked
package dev.dunlin.plan;

import org.jspecify.annotations.NullMarked;
