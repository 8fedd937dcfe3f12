/**
 * What MQTT keeps across a crash, in PostgreSQL: implements the engine's {@code MessageStore}. Owns the {@code mqtt_} tables
 * and its connections to them; knows nothing of connections of clients, of permissions or of limits.
 *
 * <p>Sessions, subscriptions and retained messages are rows that change. Queues are a journal: what a tenant's changes of one
 * commit come to is a row, which {@code SegmentBytes} encodes; {@code Journal} knows what of it counts, {@code JournalBatch}
 * what a commit adds and removes, and {@code JournalReplay} makes the queues of it when the tenant is read.
 */
@NullMarked
package dev.dunlin.messagestore;

import org.jspecify.annotations.NullMarked;
