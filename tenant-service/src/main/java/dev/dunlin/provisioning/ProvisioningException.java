package dev.dunlin.provisioning;

/** The message is one plain sentence: the file, the line or path in it, and what is wrong. */
public class ProvisioningException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public ProvisioningException(String message) {
        super(message);
    }
}
