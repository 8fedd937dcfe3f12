package dev.dunlin.engineport;

import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Incidents;
import dev.dunlin.engine.port.Presence;
import dev.dunlin.engine.port.Usage;
import dev.dunlin.engine.port.UsageSample;
import dev.dunlin.feed.FeedEvent;
import dev.dunlin.feed.TenantFeed;
import dev.dunlin.incident.IncidentLog;
import dev.dunlin.live.LiveTokens;
import dev.dunlin.presence.LastSeen;
import dev.dunlin.presence.PresenceBoard;
import dev.dunlin.usage.UsageLog;
import java.time.Clock;
import java.util.List;
import org.springframework.stereotype.Component;

/** What the engine tells: handed on to whoever keeps it and to the tenant's feed. Nothing here waits. */
@Component
class EngineEvents implements Incidents, Presence, Usage {
    private final IncidentLog incidents;
    private final PresenceBoard board;
    private final LastSeen lastSeen;
    private final UsageLog usage;
    private final TenantFeed feed;
    private final Clock clock;

    EngineEvents(
            IncidentLog incidents,
            PresenceBoard board,
            LastSeen lastSeen,
            UsageLog usage,
            TenantFeed feed,
            Clock clock) {
        this.incidents = incidents;
        this.board = board;
        this.lastSeen = lastSeen;
        this.usage = usage;
        this.feed = feed;
        this.clock = clock;
        incidents.listen((tenant, incident) -> feed.publish(tenant, new FeedEvent.Problem(incident)));
    }

    @Override
    public void report(Incident incident) {
        incidents.report(incident);
    }

    @Override
    public void connected(ConnectedClient client) {
        board.add(client);
        seen(client);
        feed.publish(client.tenant(), new FeedEvent.Connected(client));
    }

    @Override
    public void disconnected(ConnectedClient client) {
        board.remove(client);
        seen(client);
        feed.publish(client.tenant(), new FeedEvent.Disconnected(client));
    }

    private void seen(ConnectedClient client) {
        if (!client.credentialName().startsWith(LiveTokens.MARK)) {
            lastSeen.note(client.tenant(), client.credential(), clock.instant());
        }
    }

    @Override
    public void record(List<UsageSample> samples) {
        usage.add(samples);
    }
}
