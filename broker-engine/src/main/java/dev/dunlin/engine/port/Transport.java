package dev.dunlin.engine.port;

/** How the bytes of a connection reach the engine. */
public enum Transport {
    TCP("mqtt"),
    TLS("mqtts"),
    WS("ws"),
    WSS("wss");

    private final String scheme;

    Transport(String scheme) {
        this.scheme = scheme;
    }

    /** The URL scheme that clients use for it. */
    public String scheme() {
        return scheme;
    }
}
