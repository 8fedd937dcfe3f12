/**
 * Control Packets as values, in the words of the specification: what a decoder gives and an encoder takes. Immutable, free
 * of buffers to be released, and unaware of connections, sessions and tenants.
 */
@NullMarked
package dev.dunlin.engine.packet;

import org.jspecify.annotations.NullMarked;
