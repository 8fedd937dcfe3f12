package dev.dunlin.plan;

import dev.dunlin.engine.port.QueueLimits;
import dev.dunlin.engine.port.QueueLimits.WhenFull;
import dev.dunlin.engine.port.TenantLimits;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

@Entity
@Table(name = "plan")
class PlanEntity {
    @Id
    private String name;

    private @Nullable Long connections;
    private @Nullable Long sessions;
    private @Nullable Long publishPerSecond;
    private @Nullable Long packetBytes;
    private @Nullable Long subscriptionsPerSession;
    private @Nullable Long queuedMessagesPerSession;
    private @Nullable Long queuedBytesPerSession;
    private @Nullable Long queuedBytes;
    private String whenQueueFull;
    private @Nullable Long retainedMessages;
    private @Nullable Long retainedBytes;

    @SuppressWarnings({"NullAway.Init", "UnusedMethod"}) // for JPA
    protected PlanEntity() {}

    Plan toPlan() {
        return new Plan(
                name,
                new TenantLimits(
                        orUnlimited(connections),
                        orUnlimited(sessions),
                        orUnlimited(publishPerSecond),
                        orUnlimited(packetBytes),
                        orUnlimited(subscriptionsPerSession),
                        new QueueLimits(
                                orUnlimited(queuedMessagesPerSession),
                                orUnlimited(queuedBytesPerSession),
                                orUnlimited(queuedBytes),
                                WhenFull.valueOf(whenQueueFull.toUpperCase(Locale.ROOT))),
                        orUnlimited(retainedMessages),
                        orUnlimited(retainedBytes)));
    }

    private static long orUnlimited(@Nullable Long limit) {
        return limit == null ? TenantLimits.UNLIMITED : limit;
    }
}
