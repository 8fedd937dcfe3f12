/**
 * Sessions: what a client leaves behind between connections. A session holds subscriptions, the in-flight window and the
 * queue, and lives on one event loop, its home, for all its life; other loops hand it messages in batches. Knows packets
 * and topics; knows nothing of channels, of the tenant's other state or of the console.
 */
@NullMarked
package dev.dunlin.engine.session;

import org.jspecify.annotations.NullMarked;
