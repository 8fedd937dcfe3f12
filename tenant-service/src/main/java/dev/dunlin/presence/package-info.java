/**
 * Presence: who is online in this process, and when a credential was seen last. Owns the board in memory and the
 * credential_seen table; knows nothing of how clients connect.
 */
@NullMarked
package dev.dunlin.presence;

import org.jspecify.annotations.NullMarked;
