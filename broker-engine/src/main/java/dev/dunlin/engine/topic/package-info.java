/**
 * Topics: names that are published to, filters that are subscribed to, and the tree that matches one against the other.
 * Immutable values throughout, so that any thread may read them; the lowest room of the engine, which knows no packet, no
 * session and no tenant.
 */
@NullMarked
package dev.dunlin.engine.topic;

import org.jspecify.annotations.NullMarked;
