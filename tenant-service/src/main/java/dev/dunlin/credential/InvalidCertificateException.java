package dev.dunlin.credential;

/** The message says, for people, what is wrong with the certificate, or why the credential cannot have it. */
public class InvalidCertificateException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public InvalidCertificateException(String message) {
        super(message);
    }
}
