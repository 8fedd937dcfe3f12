package dev.dunlin.console.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LogInGuardTest {
    private final AtomicLong nanos = new AtomicLong();
    private final LogInGuard guard = new LogInGuard(nanos::get);

    private long attempt(String email) {
        return guard.begin("192.0.2.1", email);
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Test
    void letsAFewAttemptsPassAndThenMakesEachWaitTwiceAsLong() {
        for (var i = 0; i < 5; i++) {
            assertThat(attempt("ada@example.com")).isZero();
        }
        assertThat(attempt("Ada@Example.com ")).isEqualTo(1);
        pass(Duration.ofSeconds(1));
        assertThat(attempt("ada@example.com")).isZero();
        assertThat(attempt("ada@example.com")).isEqualTo(2);
        pass(Duration.ofSeconds(2));
        assertThat(attempt("ada@example.com")).isZero();
        assertThat(attempt("ada@example.com")).isEqualTo(4);
        // others are not held up
        assertThat(attempt("bob@example.com")).isZero();
        assertThat(guard.begin("192.0.2.2", "ada@example.com")).isZero();
    }

    @Test
    void forgetsOnceALogInSucceeds() {
        for (var i = 0; i < 5; i++) {
            attempt("ada@example.com");
        }
        guard.succeeded("192.0.2.1", "ada@example.com");
        assertThat(attempt("ada@example.com")).isZero();
    }

    @Test
    void neverMakesAnyoneWaitLongerThanFiveMinutes() {
        for (var i = 0; i < 40; i++) {
            attempt("ada@example.com");
            pass(Duration.ofMinutes(5));
        }
        attempt("ada@example.com");
        assertThat(attempt("ada@example.com")).isBetween(1L, 300L);
    }

    @Test
    void slowsAnAddressDownThatTriesManyNames() {
        var waits = 0;
        for (var i = 0; i < 60; i++) {
            waits += attempt("person-" + i + "@example.com") > 0 ? 1 : 0;
        }
        assertThat(waits).isPositive();
    }
}
