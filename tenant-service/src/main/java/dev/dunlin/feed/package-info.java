/**
 * The feed: what happens in a tenant, as it happens, for the pages that show it. Owns a bounded queue per subscriber
 * and the dispatcher that empties them; knows nothing of SSE, and keeps nothing.
 */
@NullMarked
package dev.dunlin.feed;

import org.jspecify.annotations.NullMarked;
