package dev.dunlin.console.feed;

import dev.dunlin.console.security.TenantUser;
import dev.dunlin.database.DatabasePulse;
import dev.dunlin.engine.port.TenantId;
import jakarta.servlet.http.HttpSession;
import java.util.Comparator;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.EventListener;
import org.springframework.security.web.session.HttpSessionDestroyedEvent;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * The streams that are open: at most {@value #MAX_PER_SESSION} of a session and {@value #MAX_PER_TENANT} of a tenant, the
 * oldest making room. Each hears when the database goes away and when it is back. They end with their session, after {@value #MINUTES_OPEN} minutes (the browser opens the next one by
 * itself), and before the web server stops, which would otherwise wait for them.
 */
@Component
public class FeedStreams implements SmartLifecycle {
    private static final int MAX_PER_SESSION = 6;
    private static final int MAX_PER_TENANT = 60;
    private static final int MINUTES_OPEN = 10;
    private static final int HEARTBEAT_SECONDS = 15;
    private static final String DATABASE_AWAY = "database-away";
    private static final String DATABASE_BACK = "database-back";
    private static final int WRITERS = 32;

    /** In the order of their opening. */
    private final Set<FeedStream> open = new ConcurrentSkipListSet<>(Comparator.comparingLong(FeedStream::number));

    private final ScheduledThreadPoolExecutor writers;
    private final AtomicLong opened = new AtomicLong();
    private final DatabasePulse database;
    private volatile boolean running;
    private volatile boolean isToldAway;

    FeedStreams(DatabasePulse database) {
        this.database = database;
        var number = new AtomicInteger();
        writers = new ScheduledThreadPoolExecutor(WRITERS, task -> {
            var thread = new Thread(task, "feed-" + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        writers.setRemoveOnCancelPolicy(true);
        writers.setKeepAliveTime(30, TimeUnit.SECONDS);
        writers.allowCoreThreadTimeOut(true);
    }

    /** A stream for the page, which the caller feeds through the returned handle. */
    FeedStream open(TenantUser user, HttpSession session, SseEmitter emitter) {
        makeRoom(user.tenantId(), session.getId());
        var stream = new FeedStream(opened.incrementAndGet(), emitter, writers, user.tenantId(), session.getId());
        open.add(stream);
        Runnable end = () -> {
            open.remove(stream);
            stream.markClosed();
        };
        emitter.onCompletion(end);
        emitter.onTimeout(stream::close);
        emitter.onError(failure -> end.run());
        if (isToldAway) {
            stream.hint(DATABASE_AWAY);
        }
        if (!running) {
            stream.close();
        }
        return stream;
    }

    static SseEmitter emitter() {
        return new SseEmitter(TimeUnit.MINUTES.toMillis(MINUTES_OPEN));
    }

    private void makeRoom(TenantId tenant, String sessionId) {
        closeOldest(MAX_PER_SESSION, stream -> stream.sessionId().equals(sessionId));
        closeOldest(MAX_PER_TENANT, stream -> stream.tenant().equals(tenant));
    }

    private void closeOldest(int most, Predicate<FeedStream> of) {
        var found = open.stream().filter(of).toList();
        if (found.size() >= most) {
            found.get(0).close();
        }
    }

    @EventListener
    void sessionEnded(HttpSessionDestroyedEvent ended) {
        open.stream().filter(stream -> stream.sessionId().equals(ended.getId())).forEach(FeedStream::close);
    }

    private synchronized void tellOfDatabase() {
        boolean isAway = !database.isAnswering();
        if (isAway != isToldAway) {
            isToldAway = isAway;
            open.forEach(stream -> stream.hint(isAway ? DATABASE_AWAY : DATABASE_BACK));
        }
    }

    private void beat() {
        open.forEach(FeedStream::beat);
    }

    @Override
    public void start() {
        running = true;
        var beating = writers.scheduleAtFixedRate(this::beat, HEARTBEAT_SECONDS, HEARTBEAT_SECONDS, TimeUnit.SECONDS);
        database.whenChanged(this::tellOfDatabase);
        tellOfDatabase();
    }

    @Override
    public void stop() {
        running = false;
        open.forEach(FeedStream::close);
        writers.shutdownNow();
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    /** After the engine, before the web server. */
    @Override
    public int getPhase() {
        return Integer.MAX_VALUE - 256;
    }
}
