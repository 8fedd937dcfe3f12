/**
 * Credentials: what devices log in with, and the one or two secrets of each. Owns the credential and
 * credential_secret tables; knows nothing of permissions but that a new credential needs some
 * ({@link dev.dunlin.credential.FirstPermissions}, implemented there).
 */
@NullMarked
package dev.dunlin.credential;

import org.jspecify.annotations.NullMarked;
