package dev.dunlin.credential;

/**
 * A credential together with a new secret.
 *
 * @param userName what a device sends in CONNECT: slug, dot, name
 * @param secret exists here and at the device only: Dunlin keeps a hash
 */
public record IssuedCredential(CredentialView credential, String userName, String secret) {
    /** Says nothing of the secret. */
    @Override
    public String toString() {
        return "IssuedCredential[" + userName + "]";
    }
}
