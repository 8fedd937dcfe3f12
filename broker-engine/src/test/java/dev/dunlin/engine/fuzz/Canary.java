package dev.dunlin.engine.fuzz;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.WireClient;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A pair of well-behaved clients of another tenant, which exchange numbered messages of QoS 1 all the time. */
final class Canary implements AutoCloseable {
    private static final Duration PERIOD = Duration.ofMillis(5);
    private static final String TOPIC = "canary/number";

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor();
    private final WireClient publisher;
    private final WireClient subscriber;
    private volatile long exchanged;
    private volatile long slowestNanos;
    private volatile @Nullable Throwable fault;

    Canary(TestBroker broker) {
        var account = broker.tenant("globex").credential("boiler-7");
        publisher = broker.connect(MqttVersion.V5, "canary-publisher", account);
        subscriber = broker.connect(MqttVersion.V3_1_1, "canary-subscriber", account);
        subscriber.subscribe(1, TOPIC);
        thread.scheduleAtFixedRate(this::exchange, 0, PERIOD.toNanos(), TimeUnit.NANOSECONDS);
    }

    private void exchange() {
        try {
            var number = Long.toString(exchanged);
            long start = System.nanoTime();
            publisher.publish(TOPIC, number, 1, false);
            var received = subscriber.receiveMessage().payload();
            if (!received.equals(number)) {
                throw new AssertionError("Received " + received + " instead of " + number);
            }
            slowestNanos = Math.max(slowestNanos, System.nanoTime() - start);
            exchanged++;
        } catch (RuntimeException | AssertionError failed) {
            fault = failed;
            throw failed; // ends the exchange
        }
    }

    long exchanged() {
        return exchanged;
    }

    Duration slowest() {
        return Duration.ofNanos(slowestNanos);
    }

    /** Stops the exchange; fails if a message was lost or a connection ended. */
    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(20, TimeUnit.SECONDS)) {
                throw new AssertionError("The canary's last message does not arrive");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        publisher.close();
        subscriber.close();
        var failed = fault;
        if (failed != null) {
            throw new AssertionError("The canary stopped after " + exchanged + " messages", failed);
        }
    }
}
