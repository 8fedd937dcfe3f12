/**
 * The database: PostgreSQL of our own in the data directory, unless another one is given. Owns its binaries, its
 * directory and its process; knows nothing of what is stored.
 */
@NullMarked
package dev.dunlin.database;

import org.jspecify.annotations.NullMarked;
