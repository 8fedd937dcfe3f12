/**
 * Event streams: what happens in a tenant, on its way to the pages that are open (server-sent events). Owns the open streams,
 * their bounds and their end; knows nothing of what a page makes of an event.
 */
@NullMarked
package dev.dunlin.console.feed;

import org.jspecify.annotations.NullMarked;
