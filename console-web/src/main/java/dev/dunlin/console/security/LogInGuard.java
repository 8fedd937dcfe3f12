package dev.dunlin.console.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.Locale;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Slows guessing down: after a few failed log-ins of an address for an e-mail, each further one makes the next wait twice as
 * long. An attempt counts as failed from its start until it has succeeded, so that many at once gain nothing. At most 100,000
 * pairs are remembered, the least used forgotten first, for 15 minutes after the latest attempt. The e-mail need not have an
 * account, so the guard tells nothing of which have.
 */
@Component
class LogInGuard {
    private static final int FREE_ATTEMPTS = 5;
    private static final int FREE_ATTEMPTS_OF_ADDRESS = 50;
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(5);
    private static final int MAX_DOUBLINGS = 9;
    private static final int MAX_REMEMBERED = 100_000;

    private record Attempts(int count, long openAgainNanos) {}

    private final Cache<String, Attempts> attempts;
    private final Ticker clock;

    @Autowired
    LogInGuard() {
        this(Ticker.systemTicker());
    }

    LogInGuard(Ticker clock) {
        this.clock = clock;
        this.attempts = Caffeine.newBuilder()
                .maximumSize(MAX_REMEMBERED)
                .expireAfterWrite(Duration.ofMinutes(15))
                .ticker(clock)
                .build();
    }

    /** Counts an attempt, or says for how many seconds there may be none; 0 if it may go on. */
    long begin(String address, String email) {
        var wait = Math.max(begin(address, FREE_ATTEMPTS_OF_ADDRESS), begin(pair(address, email), FREE_ATTEMPTS));
        return Duration.ofNanos(wait + Duration.ofSeconds(1).toNanos() - 1).toSeconds();
    }

    /** Forgets the attempts of the pair, and of the address as many as that was. */
    void succeeded(String address, String email) {
        attempts.invalidate(pair(address, email));
        attempts.asMap()
                .computeIfPresent(
                        address, (key, found) -> new Attempts(Math.max(0, found.count() - 1), found.openAgainNanos()));
    }

    private long begin(String key, int free) {
        var now = clock.read();
        var waiting = new long[1];
        attempts.asMap().compute(key, (same, found) -> {
            if (found != null && found.count() >= free && found.openAgainNanos() - now > 0) {
                waiting[0] = found.openAgainNanos() - now;
                return found;
            }
            var count = found == null ? 1 : found.count() + 1;
            var doublings = Math.min(MAX_DOUBLINGS, Math.max(0, count - free));
            var wait = Math.min(
                    LONGEST_WAIT.toNanos(), Duration.ofSeconds(1L << doublings).toNanos());
            return new Attempts(count, now + wait);
        });
        return waiting[0];
    }

    private static String pair(String address, String email) {
        return address + ' ' + email.strip().toLowerCase(Locale.ROOT);
    }
}
