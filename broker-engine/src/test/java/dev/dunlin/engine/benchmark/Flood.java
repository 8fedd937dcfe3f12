package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.transport.EventLoops;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * One publisher of QoS 1 that sends as fast as the broker takes, and two subscribers of its topic, of QoS 1 and of QoS 0. They
 * belong to the bounded account, and have an event loop to themselves. To be cheap beside the broker the publisher sends the
 * same few large batches again and again.
 */
final class Flood implements AutoCloseable {
    private static final String TOPIC = "flood/data";
    private static final int TIMEOUT_SECONDS = 20;

    private final EventLoopGroup loop = EventLoops.best().newGroup(1, "flood");
    private final List<Subscriber> subscribers = List.of(new Subscriber(1), new Subscriber(0));
    private final Source source = new Source();

    private Flood() {}

    static Flood connect(Broker broker) throws InterruptedException {
        var flood = new Flood();
        Connections.each(flood.clients(), client -> client.open(flood.loop.next(), broker.port()));
        return flood;
    }

    private List<Client> clients() {
        return List.of(subscribers.get(0), subscribers.get(1), source);
    }

    void start() {
        loop.execute(source::start);
    }

    void setReading(boolean isReading) {
        subscribers.forEach(subscriber -> subscriber.setReading(isReading));
    }

    /** Waits until the broker has acknowledged all that was sent; gives how much that was. */
    long finish() {
        loop.execute(source::stop);
        return source.stopped.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join();
    }

    /** Messages that both subscribers have read. */
    long received() throws InterruptedException {
        return loop.submit(() -> subscribers.stream()
                        .mapToLong(subscriber -> subscriber.received)
                        .sum())
                .sync()
                .getNow();
    }

    @Override
    public void close() throws InterruptedException {
        Connections.each(clients(), Client::abort);
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private static final class Subscriber extends Client {
        private long received;

        Subscriber(int qos) {
            super(Accounts.BOUNDED, "flood-qos" + qos, List.of(TOPIC), qos);
        }

        @Override
        void onPublish(ByteBuf in, int first, int payload, int payloadBytes) {
            received++;
        }
    }

    private static final class Source extends Client {
        private static final int BATCH = 500;
        private static final int BATCHES = 2;

        private final byte[][] batches = new byte[BATCHES][];
        private final CompletableFuture<Long> stopped = new CompletableFuture<>();
        private boolean isRunning;
        private long sent;
        private long acknowledged;

        Source() {
            super(Accounts.BOUNDED, "flood-source", List.of(), 1);
            var template = Packets.Template.of(TOPIC, 1, false);
            for (int i = 0; i < BATCHES; i++) {
                var batch = Unpooled.buffer(BATCH * template.bytes().length);
                for (int j = 0; j < BATCH; j++) {
                    int start = batch.writerIndex();
                    batch.writeBytes(template.bytes());
                    batch.setShort(start + template.packetIdAt(), 1 + i * BATCH + j);
                }
                batches[i] = batch.array();
            }
        }

        void start() {
            isRunning = true;
            for (int i = 0; i < BATCHES; i++) {
                sendBatch();
            }
        }

        void stop() {
            isRunning = false;
            tellIfStopped();
        }

        private void sendBatch() {
            var batch = batches[(int) (sent / BATCH % BATCHES)];
            channel().writeAndFlush(Unpooled.wrappedBuffer(batch), channel().voidPromise());
            sent += BATCH;
        }

        @Override
        void onAcknowledged() {
            acknowledged++;
            if (acknowledged % BATCH == 0 && isRunning) {
                sendBatch();
            }
            tellIfStopped();
        }

        private void tellIfStopped() {
            if (!isRunning && acknowledged == sent) {
                stopped.complete(sent);
            }
        }

        @Override
        void onLost() {
            stopped.completeExceptionally(new IllegalStateException("The broker closed the publisher at full rate"));
        }
    }
}
