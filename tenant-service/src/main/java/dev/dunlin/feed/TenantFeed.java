package dev.dunlin.feed;

import dev.dunlin.engine.port.TenantId;
import java.util.function.Consumer;
import org.springframework.stereotype.Service;

/**
 * What happens in a tenant, as it happens. Each subscriber has a bounded queue that drops the oldest; its consumer is called
 * by one daemon thread at a time, in order, never on an event loop, and may block.
 */
@Service
public class TenantFeed {
    /** Everything but messages. */
    public Subscription subscribe(TenantId tenant, Consumer<FeedEvent> consumer) {
        throw new UnsupportedOperationException();
    }

    /** Everything, and the tenant's messages while somebody is subscribed to them. */
    public Subscription subscribeWithMessages(TenantId tenant, Consumer<FeedEvent> consumer) {
        throw new UnsupportedOperationException();
    }
}
