package dev.dunlin.console.problem;

import dev.dunlin.incident.IncidentView;
import dev.dunlin.live.LiveTokens;
import java.util.Locale;
import java.util.Objects;
import org.springframework.context.MessageSource;
import org.springframework.stereotype.Component;

/** Puts an incident into words. */
@Component
public class ProblemWords {
    private final MessageSource texts;

    ProblemWords(MessageSource texts) {
        this.texts = texts;
    }

    /** @param known whether the credential that is named has a page */
    public ProblemView inWords(IncidentView incident, boolean known) {
        var live = incident.credential() != null && incident.credential().startsWith(LiveTokens.MARK);
        var credential = live ? text("problem.live") : incident.credential();
        var device = Objects.requireNonNullElseGet(credential, () -> text("problem.someone"));
        Object[] values = {
            device,
            Objects.requireNonNullElse(incident.topic(), "–"),
            Objects.requireNonNullElse(incident.clientId(), "–"),
            Objects.requireNonNullElse(incident.decidedBy(), "–")
        };
        var reason = incident.reason().name();
        return new ProblemView(
                reason,
                text("problem.kind." + incident.kind(), values),
                text("problem." + reason + ".why", values),
                text("problem." + reason + ".todo", values),
                incident.decidedBy(),
                incident.topic(),
                credential,
                known,
                incident.clientId(),
                incident.remoteAddress(),
                incident.count(),
                incident.firstAt(),
                incident.lastAt());
    }

    private String text(String key, Object... values) {
        return texts.getMessage(key, values, Locale.ENGLISH);
    }
}
