/**
 * What MQTT keeps across a crash, in PostgreSQL: implements the engine's {@code MessageStore}. Owns the {@code mqtt_} tables
 * and its connections to them; knows nothing of connections of clients, of permissions or of limits.
 */
@NullMarked
package dev.dunlin.messagestore;

import org.jspecify.annotations.NullMarked;
