package dev.dunlin.engine.port;

/** Who is online. For each client one {@code connected}, later one {@code disconnected}; both on its event loop. */
public interface Presence {
    /** Returns at once. */
    void connected(ConnectedClient client);

    /** Returns at once. */
    void disconnected(ConnectedClient client);
}
