package dev.dunlin.console.feed;

import dev.dunlin.engine.port.TenantId;
import dev.dunlin.feed.Subscription;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * One open stream. Hints ("devices", "problems") are folded until they are written; details wait in a queue of
 * {@value #MAX_DETAILS}, the oldest dropped first. Written by at most one thread at a time, a moment after the first thing is
 * there, so that a storm of events is a few writes.
 */
final class FeedStream {
    private static final int MAX_DETAILS = 64;
    private static final long GATHER_MILLIS = 150;

    private record Detail(String name, Object value) {}

    private final long number;
    private final SseEmitter emitter;
    private final ScheduledExecutorService writers;
    private final TenantId tenant;
    private final String sessionId;
    private final Set<String> hints = new LinkedHashSet<>();
    private final ArrayDeque<Detail> details = new ArrayDeque<>();
    private boolean scheduled;
    private boolean heartbeat;
    private boolean closed;
    private @Nullable Subscription subscription;

    FeedStream(long number, SseEmitter emitter, ScheduledExecutorService writers, TenantId tenant, String sessionId) {
        this.number = number;
        this.emitter = emitter;
        this.writers = writers;
        this.tenant = tenant;
        this.sessionId = sessionId;
    }

    /** Grows with each stream of the process. */
    long number() {
        return number;
    }

    TenantId tenant() {
        return tenant;
    }

    String sessionId() {
        return sessionId;
    }

    /** Takes the subscription, and ends it with the stream. */
    void feeds(Subscription from) {
        synchronized (this) {
            if (!closed) {
                subscription = from;
                return;
            }
        }
        from.close();
    }

    synchronized void hint(String name) {
        hints.add(name);
        schedule(GATHER_MILLIS);
    }

    synchronized void detail(String name, Object value) {
        if (details.size() == MAX_DETAILS) {
            details.removeFirst();
        }
        details.add(new Detail(name, value));
        schedule(GATHER_MILLIS);
    }

    synchronized void beat() {
        heartbeat = true;
        schedule(0);
    }

    /** Ends the stream; the browser may open another one. */
    void close() {
        if (markClosed()) {
            emitter.complete();
        }
    }

    /** What is to be done when the stream has ended, for whatever reason. */
    boolean markClosed() {
        Subscription ending;
        synchronized (this) {
            if (closed) {
                return false;
            }
            closed = true;
            ending = subscription;
            hints.clear();
            details.clear();
        }
        if (ending != null) {
            ending.close();
        }
        return true;
    }

    /** Holds the lock. */
    private void schedule(long delayMillis) {
        if (scheduled || closed) {
            return;
        }
        try {
            var unused = writers.schedule(this::write, delayMillis, TimeUnit.MILLISECONDS);
            scheduled = true;
        } catch (RejectedExecutionException stopping) {
            closed = true;
        }
    }

    private void write() {
        List<String> hinted;
        List<Detail> detailed;
        boolean beating;
        synchronized (this) {
            scheduled = false;
            if (closed) {
                return;
            }
            hinted = new ArrayList<>(hints);
            detailed = new ArrayList<>(details);
            beating = heartbeat;
            hints.clear();
            details.clear();
            heartbeat = false;
            scheduled = true; // nobody else writes meanwhile
        }
        try {
            for (var detail : detailed) {
                emitter.send(SseEmitter.event().name(detail.name()).data(detail.value(), MediaType.APPLICATION_JSON));
            }
            for (var hint : hinted) {
                emitter.send(SseEmitter.event().name(hint).data("1"));
            }
            if (beating && hinted.isEmpty() && detailed.isEmpty()) {
                emitter.send(SseEmitter.event().comment("still here"));
            }
        } catch (IOException | IllegalStateException gone) {
            markClosed();
            return;
        }
        synchronized (this) {
            scheduled = false;
            if (!hints.isEmpty() || !details.isEmpty()) {
                schedule(GATHER_MILLIS);
            }
        }
    }
}
