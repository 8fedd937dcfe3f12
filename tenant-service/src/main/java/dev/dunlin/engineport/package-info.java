/**
 * The engine's ports, implemented on PostgreSQL: who may connect, what changes, what was refused, who is online, what
 * was used. Owns the snapshots in memory that answer for the database; knows of the engine its port package only.
 */
@NullMarked
package dev.dunlin.engineport;

import org.jspecify.annotations.NullMarked;
