/**
 * Ports: what the engine asks of the world around it, and the values that cross. The tenant service implements them on
 * PostgreSQL, the engine's tests in memory. Owns no state and starts no thread; knows nothing of Netty, of sockets or of
 * the rest of the engine, so that whoever implements a port sees MQTT's words and no bytes.
 */
@NullMarked
package dev.dunlin.engine.port;

import org.jspecify.annotations.NullMarked;
