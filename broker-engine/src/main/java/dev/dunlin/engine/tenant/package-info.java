/**
 * Tenant spaces: everything that the engine holds for one tenant, apart from everything it holds for another. A space owns
 * the subscription tree, the sessions, the retained messages, the limits and the counters of its tenant; whoever wants to
 * route or to look something up must hold a space, and finds nothing else in it. Knows no connection and no other space.
 */
@NullMarked
package dev.dunlin.engine.tenant;

import org.jspecify.annotations.NullMarked;
