/**
 * Routing: from a message that was accepted to the sessions that get it. Cannot be asked without a tenant space, and
 * remembers for each topic what the space answered, for as long as the space's subscription tree is the same. Knows no
 * connection and no bytes.
 */
@NullMarked
package dev.dunlin.engine.routing;

import org.jspecify.annotations.NullMarked;
