package dev.dunlin.console.device;

import dev.dunlin.credential.IssuedCredential;
import jakarta.servlet.http.HttpSession;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * New secrets on their way to the page that shows them: in the session, never in an address. They are forgotten when the
 * person says to be done, after ten minutes, or at the log-out, whichever is first; until then a page that was reloaded by
 * mistake (phones do it on their own) still has them. At most {@value #MAX_KEPT} are kept, the oldest forgotten first.
 */
public final class FreshSecrets {
    private static final String NAME = FreshSecrets.class.getName();
    private static final Duration KEPT_FOR = Duration.ofMinutes(10);
    private static final int MAX_KEPT = 8;

    private record Kept(IssuedCredential issued, Instant until) {}

    private final Map<String, Kept> byDevice = new LinkedHashMap<>();

    private FreshSecrets() {}

    /** Those of a session. */
    public static FreshSecrets of(HttpSession session) {
        synchronized (session.getId().intern()) {
            if (session.getAttribute(NAME) instanceof FreshSecrets existing) {
                return existing;
            }
            var created = new FreshSecrets();
            session.setAttribute(NAME, created);
            return created;
        }
    }

    public synchronized void put(IssuedCredential issued) {
        byDevice.remove(issued.credential().name());
        byDevice.put(issued.credential().name(), new Kept(issued, Instant.now().plus(KEPT_FOR)));
        var names = byDevice.keySet().iterator();
        while (byDevice.size() > MAX_KEPT) {
            names.next();
            names.remove();
        }
    }

    synchronized Optional<String> secretOf(String device) {
        byDevice.values().removeIf(kept -> kept.until().isBefore(Instant.now()));
        return Optional.ofNullable(byDevice.get(device))
                .map(kept -> kept.issued().secret());
    }

    /** The device whose secret came last. */
    synchronized Optional<String> latest() {
        byDevice.values().removeIf(kept -> kept.until().isBefore(Instant.now()));
        return byDevice.keySet().stream().reduce((earlier, later) -> later);
    }

    synchronized void forget(String device) {
        byDevice.remove(device);
    }
}
