/** Tests of the listeners with plain sockets, Java's TLS and the JDK's WebSocket client. */
@NullMarked
package dev.dunlin.engine.transport;

import org.jspecify.annotations.NullMarked;
