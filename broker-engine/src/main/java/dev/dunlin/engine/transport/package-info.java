/**
 * Transport: how bytes reach the engine. Opens the listeners (TCP, TLS, WebSocket, WebSocket over TLS; each behind a proxy
 * where that is said), owns the certificate and the guard against floods before log-in, and hands every connection on as
 * one stream of MQTT bytes in both directions. Knows nothing of MQTT packets, tenants or sessions, and keeps no reference
 * to an event loop, since a connection may later move to another one.
 */
@NullMarked
package dev.dunlin.engine.transport;

import org.jspecify.annotations.NullMarked;
