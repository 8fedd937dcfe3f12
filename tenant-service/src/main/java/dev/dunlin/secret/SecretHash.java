package dev.dunlin.secret;

/**
 * What is kept of a secret.
 *
 * @param hash hexadecimal for {@link Method#KEYED}, PHC format for {@link Method#ARGON2ID}
 */
public record SecretHash(Method method, String hash) {
    public enum Method {
        /** HMAC-SHA-256, for secrets that nobody can guess. */
        KEYED("hmac-sha256"),
        /** For secrets that a person has chosen. */
        ARGON2ID("argon2id");

        private final String column;

        Method(String column) {
            this.column = column;
        }

        /** As the database has it. */
        public String column() {
            return column;
        }

        public static Method of(String column) {
            return KEYED.column.equals(column) ? KEYED : ARGON2ID;
        }
    }

    /** Says nothing of the hash. */
    @Override
    public String toString() {
        return "SecretHash[" + method + "]";
    }
}
