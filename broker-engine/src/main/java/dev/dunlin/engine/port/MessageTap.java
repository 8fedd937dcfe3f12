package dev.dunlin.engine.port;

/** A consumer of what one tenant publishes. */
public interface MessageTap {
    int MAX_PAYLOAD_BYTES = 65_536;

    /** Called on the publisher's event loop: returns at once, and drops what it cannot keep up with. */
    void accept(TappedMessage message);
}
