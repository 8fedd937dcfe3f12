package dev.dunlin.engine.conformance;

import dev.dunlin.engine.port.QueueLimits;
import dev.dunlin.engine.port.TenantLimits;

/** Limits of a tenant, of which a test names those that it is about. */
record Limits(TenantLimits build) {
    static final Limits NONE = new Limits(TenantLimits.NONE);

    Limits connections(long value) {
        return new Limits(new TenantLimits(
                value,
                build.sessions(),
                build.publishPerSecond(),
                build.packetBytes(),
                build.subscriptionsPerSession(),
                build.queues(),
                build.retainedMessages(),
                build.retainedBytes()));
    }

    Limits sessions(long value) {
        return new Limits(new TenantLimits(
                build.connections(),
                value,
                build.publishPerSecond(),
                build.packetBytes(),
                build.subscriptionsPerSession(),
                build.queues(),
                build.retainedMessages(),
                build.retainedBytes()));
    }

    Limits publishPerSecond(long value) {
        return new Limits(new TenantLimits(
                build.connections(),
                build.sessions(),
                value,
                build.packetBytes(),
                build.subscriptionsPerSession(),
                build.queues(),
                build.retainedMessages(),
                build.retainedBytes()));
    }

    Limits packetBytes(long value) {
        return new Limits(new TenantLimits(
                build.connections(),
                build.sessions(),
                build.publishPerSecond(),
                value,
                build.subscriptionsPerSession(),
                build.queues(),
                build.retainedMessages(),
                build.retainedBytes()));
    }

    Limits subscriptionsPerSession(long value) {
        return new Limits(new TenantLimits(
                build.connections(),
                build.sessions(),
                build.publishPerSecond(),
                build.packetBytes(),
                value,
                build.queues(),
                build.retainedMessages(),
                build.retainedBytes()));
    }

    Limits queue(long messages, long bytes) {
        return queues(new QueueLimits(
                messages, bytes, build.queues().bytes(), build.queues().whenFull()));
    }

    /** @param bytes of all sessions together */
    Limits queuedBytes(long bytes) {
        var queues = build.queues();
        return queues(new QueueLimits(queues.messagesPerSession(), queues.bytesPerSession(), bytes, queues.whenFull()));
    }

    Limits dropOldest() {
        var queues = build.queues();
        return queues(new QueueLimits(
                queues.messagesPerSession(),
                queues.bytesPerSession(),
                queues.bytes(),
                QueueLimits.WhenFull.DROP_OLDEST));
    }

    private Limits queues(QueueLimits queues) {
        return new Limits(new TenantLimits(
                build.connections(),
                build.sessions(),
                build.publishPerSecond(),
                build.packetBytes(),
                build.subscriptionsPerSession(),
                queues,
                build.retainedMessages(),
                build.retainedBytes()));
    }

    Limits retained(long messages, long bytes) {
        return new Limits(new TenantLimits(
                build.connections(),
                build.sessions(),
                build.publishPerSecond(),
                build.packetBytes(),
                build.subscriptionsPerSession(),
                build.queues(),
                messages,
                bytes));
    }
}
