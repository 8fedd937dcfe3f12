/**
 * Connections: one client on one channel, from its first byte to its last. Owns the protocol's states, the log-in, the
 * keep-alive, the bytes that wait to be decoded or written, and the life of sessions from connection to connection. Knows
 * Netty's channels, and nothing of how a channel came to be.
 */
@NullMarked
package dev.dunlin.engine.connection;

import org.jspecify.annotations.NullMarked;
