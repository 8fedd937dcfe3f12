/**
 * Secrets: generating, hashing and verifying what devices and scripts log in with, and the server's own keys. Owns the
 * server_key table; knows nothing of who a secret belongs to.
 */
@NullMarked
package dev.dunlin.secret;

import org.jspecify.annotations.NullMarked;
