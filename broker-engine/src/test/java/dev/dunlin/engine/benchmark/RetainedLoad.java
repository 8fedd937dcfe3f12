package dev.dunlin.engine.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoopGroup;
import java.time.Duration;
import java.util.BitSet;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Retained messages, once set, to one new subscriber of {@code #} after the other: broker CPU for each delivered message. */
record RetainedLoad(String name, Row row, Set<BrokerKind> brokers) implements Load {
    static final int MESSAGES = 50_000;

    private static final int WINDOW = 500;
    private static final int TIMEOUT_SECONDS = 60;

    RetainedLoad {
        brokers = EnumSet.copyOf(brokers);
    }

    @Override
    public List<Row> rows() {
        return List.of(row);
    }

    @Override
    public boolean wantsNewBroker() {
        return true;
    }

    @Override
    public Sample run(EventLoopGroup loops, Broker broker, Duration time) throws InterruptedException {
        var setter = new Setter();
        setter.open(loops.next(), broker.port()).join();
        setter.fillWindow();
        setter.done.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join();
        setter.close().join();
        // lets the compilers do their work
        receive(loops, broker, time.dividedBy(2));
        var brokerBefore = broker.cpu();
        var loadBefore = Broker.ownCpu();
        long start = System.nanoTime();
        var counted = receive(loops, broker, time);
        double count = counted.delivered();
        return new Sample(
                Map.of(row, broker.cpu().minus(brokerBefore).toNanos() / 1e3 / count),
                count * 1e9 / (System.nanoTime() - start),
                Broker.ownCpu().minus(loadBefore).toNanos() / 1e3 / count,
                counted.fault());
    }

    private Group.Count receive(EventLoopGroup loops, Broker broker, Duration time) {
        var total = Group.Count.NONE;
        long start = System.nanoTime();
        for (int i = 0; System.nanoTime() - start < time.toNanos(); i++) {
            var receiver = new Receiver("receiver-" + i);
            receiver.open(loops.next(), broker.port()).join();
            receiver.done
                    .completeOnTimeout(null, TIMEOUT_SECONDS, TimeUnit.SECONDS)
                    .join();
            receiver.close().join();
            total = total.plus(receiver.count());
        }
        return total;
    }

    private static final class Setter extends Client {
        private final CompletableFuture<Boolean> done = new CompletableFuture<>();
        private int sent;
        private int acknowledged;

        Setter() {
            super(Accounts.MAIN, "setter", List.of(), 1);
        }

        void fillWindow() {
            channel().eventLoop().execute(this::publish);
        }

        private void publish() {
            for (; sent < MESSAGES && sent - acknowledged < WINDOW; sent++) {
                int area = sent / 1000;
                var topic = "plant/%d/line/%d/machine/%d".formatted(area, sent / 100 % 10, sent % 100);
                var template = Packets.Template.of(topic, 1, true);
                var packet = channel().alloc().directBuffer().writeBytes(template.bytes());
                packet.setShort(template.packetIdAt(), sent % 0xFFFF + 1);
                packet.setInt(template.payloadAt(), sent);
                channel().write(packet);
            }
            channel().flush();
        }

        @Override
        void onAcknowledged() {
            acknowledged++;
        }

        @Override
        void onReadComplete() {
            if (sent > 0) {
                publish();
            }
            if (acknowledged == MESSAGES) {
                done.complete(true);
            }
        }

        @Override
        void onLost() {
            done.completeExceptionally(new IllegalStateException("The broker closed who sets retained messages"));
        }
    }

    private static final class Receiver extends Client {
        private final CompletableFuture<Boolean> done = new CompletableFuture<>();
        private final BitSet received = new BitSet(MESSAGES);
        private int delivered;
        private int wrong;

        Receiver(String clientId) {
            super(Accounts.MAIN, clientId, List.of("#"), 0);
        }

        @Override
        void onPublish(ByteBuf in, int first, int payload, int payloadBytes) {
            int number = payloadBytes == Packets.PAYLOAD_BYTES ? in.getInt(payload) : -1;
            if (number < 0 || number >= MESSAGES || received.get(number)) {
                wrong++;
                return;
            }
            received.set(number);
            delivered++;
            if (delivered == MESSAGES) {
                done.complete(true);
            }
        }

        @Override
        void onLost() {
            wrong++;
            done.complete(false);
        }

        /** Once the connection is closed. */
        Group.Count count() {
            return new Group.Count(delivered, MESSAGES - delivered, wrong);
        }
    }
}
