package dev.dunlin.engine.port;

/** @param clientId who published it, which No Local keeps it from */
public record StoredRetained(StoredMessage message, String clientId) {}
