package dev.dunlin.engine.conformance;

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
                build.queuedMessagesPerSession(),
                build.queuedBytesPerSession(),
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
                build.queuedMessagesPerSession(),
                build.queuedBytesPerSession(),
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
                build.queuedMessagesPerSession(),
                build.queuedBytesPerSession(),
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
                build.queuedMessagesPerSession(),
                build.queuedBytesPerSession(),
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
                build.queuedMessagesPerSession(),
                build.queuedBytesPerSession(),
                build.retainedMessages(),
                build.retainedBytes()));
    }

    Limits queue(long messages, long bytes) {
        return new Limits(new TenantLimits(
                build.connections(),
                build.sessions(),
                build.publishPerSecond(),
                build.packetBytes(),
                build.subscriptionsPerSession(),
                messages,
                bytes,
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
                build.queuedMessagesPerSession(),
                build.queuedBytesPerSession(),
                messages,
                bytes));
    }
}
