/**
 * Credentials: what devices log in with, and the one or two secrets and the certificates of each. Owns the credential,
 * credential_secret and credential_certificate tables; knows nothing of permissions but that a new credential needs some
 * ({@link dev.dunlin.credential.FirstPermissions}, implemented there).
 */
@NullMarked
package dev.dunlin.credential;

import org.jspecify.annotations.NullMarked;
