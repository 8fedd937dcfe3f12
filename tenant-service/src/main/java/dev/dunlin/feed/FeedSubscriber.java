package dev.dunlin.feed;

import dev.dunlin.engine.port.TenantId;
import java.util.ArrayDeque;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One subscriber: a queue bounded in events and bytes that drops its oldest, emptied by one thread at a time. */
final class FeedSubscriber implements Subscription {
    private static final Logger log = LoggerFactory.getLogger(FeedSubscriber.class);
    private static final int MAX_EVENTS = 512;
    private static final long MAX_BYTES = 2L << 20;

    private final TenantId tenant;
    private final boolean withMessages;
    private final Consumer<FeedEvent> consumer;
    private final Executor dispatcher;
    private final Consumer<FeedSubscriber> onClose;
    private final ArrayDeque<FeedEvent> queue = new ArrayDeque<>();
    private long bytes;
    private boolean scheduled;
    private volatile boolean closed;

    FeedSubscriber(
            TenantId tenant,
            boolean withMessages,
            Consumer<FeedEvent> consumer,
            Executor dispatcher,
            Consumer<FeedSubscriber> onClose) {
        this.tenant = tenant;
        this.withMessages = withMessages;
        this.consumer = consumer;
        this.dispatcher = dispatcher;
        this.onClose = onClose;
    }

    TenantId tenant() {
        return tenant;
    }

    boolean withMessages() {
        return withMessages;
    }

    /** Returns at once, on any thread. */
    void offer(FeedEvent event) {
        synchronized (queue) {
            if (closed) {
                return;
            }
            queue.add(event);
            bytes += size(event);
            while (queue.size() > MAX_EVENTS || bytes > MAX_BYTES) {
                bytes -= size(queue.remove());
            }
            if (scheduled) {
                return;
            }
            scheduled = true;
        }
        dispatcher.execute(this::drain);
    }

    private static long size(FeedEvent event) {
        return event instanceof FeedEvent.Message message ? message.message().payload().length : 0;
    }

    private void drain() {
        while (true) {
            FeedEvent event;
            synchronized (queue) {
                event = closed ? null : queue.poll();
                if (event == null) {
                    scheduled = false;
                    return;
                }
                bytes -= size(event);
            }
            try {
                consumer.accept(event);
            } catch (RuntimeException e) {
                // A page that went away is the usual cause; its owner closes the subscription
                log.debug("A subscriber of the feed failed", e);
            }
        }
    }

    @Override
    public void close() {
        synchronized (queue) {
            if (closed) {
                return;
            }
            closed = true;
            queue.clear();
        }
        onClose.accept(this);
    }
}
