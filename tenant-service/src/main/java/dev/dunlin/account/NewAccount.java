package dev.dunlin.account;

/**
 * What a person enters to sign up.
 *
 * @param workspace the display name of the first workspace; blank if the person did not care
 */
public record NewAccount(String email, String password, String workspace) {
    /** Says nothing of the password. */
    @Override
    public String toString() {
        return "NewAccount[" + email + "]";
    }
}
