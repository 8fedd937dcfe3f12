package dev.dunlin.feed;

import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.TappedMessage;
import dev.dunlin.incident.IncidentView;

/** Something that happened in a tenant just now. */
public sealed interface FeedEvent {
    record Connected(ConnectedClient client) implements FeedEvent {}

    record Disconnected(ConnectedClient client) implements FeedEvent {}

    /** Something was refused; a repetition carries the id of the first and a higher count. */
    record Problem(IncidentView incident) implements FeedEvent {}

    record Message(TappedMessage message) implements FeedEvent {}

    /** A credential, its secrets or its permissions, or the tenant itself, are other than before. */
    record CredentialsChanged() implements FeedEvent {}
}
