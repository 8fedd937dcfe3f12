package dev.dunlin.console.feed;

import dev.dunlin.console.problem.ProblemWords;
import dev.dunlin.console.security.TenantUser;
import dev.dunlin.credential.CredentialNotFoundException;
import dev.dunlin.credential.CredentialView;
import dev.dunlin.credential.Credentials;
import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.TappedMessage;
import dev.dunlin.feed.FeedEvent;
import dev.dunlin.feed.TenantFeed;
import dev.dunlin.incident.IncidentView;
import dev.dunlin.presence.PresenceBoard;
import jakarta.servlet.http.HttpSession;
import java.util.Locale;
import org.springframework.context.MessageSource;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** The streams: hints for lists that are to be read anew, and for one device what happens to it. */
@Controller
class FeedController {
    private static final String DEVICES = "devices";
    private static final String PROBLEMS = "problems";

    private final TenantFeed feed;
    private final FeedStreams streams;
    private final Credentials credentials;
    private final PresenceBoard presence;
    private final ProblemWords words;
    private final MessageSource texts;

    /** A line about the device's connection. */
    record ConnectionNews(String text) {}

    /** What the device has published. */
    record MessageNews(String topic, String payload) {}

    FeedController(
            TenantFeed feed,
            FeedStreams streams,
            Credentials credentials,
            PresenceBoard presence,
            ProblemWords words,
            MessageSource texts) {
        this.feed = feed;
        this.streams = streams;
        this.credentials = credentials;
        this.presence = presence;
        this.words = words;
        this.texts = texts;
    }

    @GetMapping("/feed")
    SseEmitter all(TenantUser user, HttpSession session) {
        var emitter = FeedStreams.emitter();
        var stream = streams.open(user, session, emitter);
        stream.feeds(feed.subscribe(user.tenantId(), event -> hint(stream, event)));
        // What changed between the page and its stream is read now.
        stream.hint(DEVICES);
        stream.hint(PROBLEMS);
        return emitter;
    }

    @GetMapping("/feed/devices/{name}")
    SseEmitter device(TenantUser user, @PathVariable("name") String name, HttpSession session) {
        var device = credentials.find(user.tenantId(), name).orElseThrow(() -> new CredentialNotFoundException(name));
        var emitter = FeedStreams.emitter();
        var stream = streams.open(user, session, emitter);
        stream.feeds(feed.subscribeWithMessages(user.tenantId(), event -> {
            hint(stream, event);
            detail(stream, event, device);
        }));
        presence.online(user.tenantId(), device.id()).stream()
                .findFirst()
                .ifPresent(client -> stream.detail("watch-connected", connected(client)));
        stream.beat(); // the answer's first bytes, so that the browser knows that the stream is open
        return emitter;
    }

    private static void hint(FeedStream stream, FeedEvent event) {
        if (event instanceof FeedEvent.Problem) {
            stream.hint(PROBLEMS);
        } else if (!(event instanceof FeedEvent.Message)) {
            stream.hint(DEVICES);
        }
    }

    private void detail(FeedStream stream, FeedEvent event, CredentialView device) {
        if (event instanceof FeedEvent.Connected connected
                && connected.client().credential().equals(device.id())) {
            stream.detail("watch-connected", connected(connected.client()));
        } else if (event instanceof FeedEvent.Disconnected gone
                && gone.client().credential().equals(device.id())) {
            stream.detail("watch-disconnected", new ConnectionNews(text("watch.disconnected.text")));
        } else if (event instanceof FeedEvent.Message message
                && message.message().credential().equals(device.id())) {
            stream.detail("watch-message", message(message.message()));
        } else if (event instanceof FeedEvent.Problem problem && concerns(problem.incident(), device)) {
            var named = device.name().equals(problem.incident().credential());
            stream.detail("watch-problem", words.inWords(problem.incident(), named));
        }
    }

    /** Also a refused log-in under another name: it may well be this device, with a slip of the pen in its user name. */
    private static boolean concerns(IncidentView incident, CredentialView device) {
        return device.name().equals(incident.credential())
                || (incident.kind() == Incident.Kind.CONNECT
                        && incident.reason() == Incident.Reason.UNKNOWN_CREDENTIAL);
    }

    private ConnectionNews connected(ConnectedClient client) {
        return new ConnectionNews(text(
                "watch.connected.text",
                client.clientId(),
                client.protocol(),
                client.transport(),
                client.remoteAddress()));
    }

    private MessageNews message(TappedMessage message) {
        return new MessageNews(
                message.topic(),
                PayloadText.of(message.payload(), message.payloadBytes(), text("watch.message.empty")));
    }

    private String text(String key, Object... values) {
        return texts.getMessage(key, values, Locale.ENGLISH);
    }
}
