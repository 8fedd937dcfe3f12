package dev.dunlin.feed;

import dev.dunlin.engine.port.MessageTap;
import dev.dunlin.engine.port.MessageTaps;
import dev.dunlin.engine.port.TenantId;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Service;

/**
 * What happens in a tenant, as it happens. Each subscriber has a bounded queue that drops the oldest; its consumer is called
 * by one daemon thread at a time, in order, never on an event loop, and may block. The engine hands over a tenant's messages
 * while at least one subscriber wants them.
 */
@Service
public class TenantFeed implements MessageTaps, DisposableBean {
    private static final int DISPATCHERS = 8;

    /** The list is replaced, never changed, so that publishing takes no lock. */
    private final Map<TenantId, List<FeedSubscriber>> subscribers = new ConcurrentHashMap<>();

    private final Map<TenantId, MessageTap> taps = new ConcurrentHashMap<>();
    private volatile @Nullable Listener engine;
    private final ThreadPoolExecutor dispatchers;

    TenantFeed() {
        var number = new AtomicInteger();
        // As long as there are subscribers: each waits at most once
        dispatchers = new ThreadPoolExecutor(
                DISPATCHERS, DISPATCHERS, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
                    var thread = new Thread(work, "feed-" + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        dispatchers.allowCoreThreadTimeOut(true);
    }

    /** Everything but messages. */
    public Subscription subscribe(TenantId tenant, Consumer<FeedEvent> consumer) {
        return add(tenant, false, consumer);
    }

    /** Everything, and the tenant's messages while somebody is subscribed to them. */
    public Subscription subscribeWithMessages(TenantId tenant, Consumer<FeedEvent> consumer) {
        return add(tenant, true, consumer);
    }

    /** Gives an event that is not a message to all subscribers of the tenant. Returns at once, on any thread. */
    public void publish(TenantId tenant, FeedEvent event) {
        for (var subscriber : subscribers.getOrDefault(tenant, List.of())) {
            subscriber.offer(event);
        }
    }

    private Subscription add(TenantId tenant, boolean withMessages, Consumer<FeedEvent> consumer) {
        var added = new FeedSubscriber(tenant, withMessages, consumer, this::dispatch, this::remove);
        subscribers.compute(tenant, (id, present) -> {
            var all = present == null
                    ? List.of(added)
                    : Stream.concat(present.stream(), Stream.of(added)).toList();
            turnTap(tenant, all);
            return all;
        });
        return added;
    }

    private void remove(FeedSubscriber subscriber) {
        subscribers.computeIfPresent(subscriber.tenant(), (tenant, present) -> {
            var left = present.stream().filter(other -> other != subscriber).toList();
            turnTap(tenant, left);
            return left.isEmpty() ? null : left;
        });
    }

    /** Called under the tenant's entry in {@code subscribers}, so that on and off reach the engine in their order. */
    private void turnTap(TenantId tenant, List<FeedSubscriber> all) {
        var wanted = all.stream().anyMatch(FeedSubscriber::withMessages);
        if (wanted == taps.containsKey(tenant)) {
            return;
        }
        @Nullable MessageTap tap = null;
        if (wanted) {
            tap = message -> {
                for (var subscriber : subscribers.getOrDefault(tenant, List.of())) {
                    if (subscriber.withMessages()) {
                        subscriber.offer(new FeedEvent.Message(message));
                    }
                }
            };
            taps.put(tenant, tap);
        } else {
            taps.remove(tenant);
        }
        var listener = engine;
        if (listener != null) {
            listener.tapChanged(tenant, tap);
        }
    }

    @Override
    public @Nullable MessageTap tapOf(TenantId tenant) {
        return taps.get(tenant);
    }

    @Override
    public void listen(Listener listener) {
        engine = listener;
    }

    private void dispatch(Runnable drain) {
        try {
            dispatchers.execute(drain);
        } catch (RejectedExecutionException shuttingDown) {
            // The pages go down with us
        }
    }

    @Override
    public void destroy() {
        dispatchers.shutdownNow();
    }
}
