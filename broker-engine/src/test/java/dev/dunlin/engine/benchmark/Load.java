package dev.dunlin.engine.benchmark;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Pairs of a publisher and a subscriber, each pair on one event loop: a publisher has so many messages under way at most,
 * counted until its subscriber has them and the broker has acknowledged them. Messages are numbered, and every one that is
 * missing, doubled or out of order is counted. MQTT 3.1.1, written and read as bytes to cost little beside a broker.
 */
final class Load implements AutoCloseable {
    /**
     * What a run found.
     *
     * @param delivered messages that subscribers received while it was measured
     */
    record Result(long delivered, Duration wall, Duration brokerCpu, Duration loadCpu, long lost, long disordered) {
        double perSecond() {
            return delivered / seconds(wall);
        }

        double brokerMicros() {
            return seconds(brokerCpu) * 1e6 / delivered;
        }

        double loadMicros() {
            return seconds(loadCpu) * 1e6 / delivered;
        }

        private static double seconds(Duration duration) {
            return duration.toNanos() / 1e9;
        }
    }

    private static final Duration RAMP = Duration.ofMillis(500);
    private static final Duration DRAIN = Duration.ofSeconds(15);
    private static final int SEQUENCE_BYTES = 8;

    private final EventLoopGroup loops;
    private final int qos;
    private final int payloadBytes;
    private final int window;
    private final int refill;
    private final int perSecond;
    private final List<Pair> pairs = new ArrayList<>();
    private final List<ScheduledFuture<?>> ticks = new ArrayList<>();
    private volatile boolean running;
    private volatile long startNanos;

    private Load(EventLoopGroup loops, int qos, int payloadBytes, int window, int perSecond) {
        this.loops = loops;
        this.qos = qos;
        this.payloadBytes = payloadBytes;
        this.window = window;
        this.refill = perSecond == 0 ? Math.max(1, window / 10) : 1;
        this.perSecond = perSecond;
    }

    /**
     * Connects and subscribes all pairs.
     *
     * @param perSecond messages that all pairs send together, 0 for as many as the broker takes
     */
    static Load connect(
            EventLoopGroup loops, int port, int pairs, int qos, int payloadBytes, int window, int perSecond) {
        var load = new Load(loops, qos, payloadBytes, window, perSecond);
        for (int i = 0; i < pairs; i++) {
            load.pairs.add(load.new Pair(i, port));
        }
        load.pairs.forEach(pair -> pair.ready.orTimeout(20, TimeUnit.SECONDS).join());
        return load;
    }

    /** Runs for about {@code time}, and ends when all that was sent has arrived, or will not. */
    Result run(Duration time, BrokerProcess broker) throws InterruptedException {
        startNanos = System.nanoTime();
        running = true;
        for (var pair : pairs) {
            if (perSecond == 0) {
                pair.loop.execute(pair::pump);
            } else {
                ticks.add(pair.loop.scheduleAtFixedRate(pair::pump, 0, 1, TimeUnit.MILLISECONDS));
            }
        }
        pause(RAMP);
        long deliveredBefore = delivered();
        var brokerBefore = broker.cpuTime();
        var loadBefore = loadCpu();
        long start = System.nanoTime();
        pause(time);
        long deliveredAfter = delivered();
        var brokerAfter = broker.cpuTime();
        var loadAfter = loadCpu();
        long end = System.nanoTime();
        running = false;
        ticks.forEach(tick -> tick.cancel(false));
        long deadline = System.nanoTime() + DRAIN.toNanos();
        while (pairs.stream().anyMatch(pair -> pair.underWay() > 0) && System.nanoTime() < deadline) {
            pause(Duration.ofMillis(5));
        }
        return new Result(
                deliveredAfter - deliveredBefore,
                Duration.ofNanos(end - start),
                brokerAfter.minus(brokerBefore),
                loadAfter.minus(loadBefore),
                pairs.stream().mapToLong(Pair::underWay).sum(),
                pairs.stream().mapToLong(pair -> pair.disordered).sum());
    }

    private static void pause(Duration time) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(time.toNanos());
    }

    private long delivered() {
        return pairs.stream().mapToLong(pair -> pair.received).sum();
    }

    private static Duration loadCpu() {
        return ProcessHandle.current().info().totalCpuDuration().orElseThrow();
    }

    @Override
    public void close() {
        for (var pair : pairs) {
            for (var channel : List.of(pair.publisher, pair.subscriber)) {
                channel.writeAndFlush(Unpooled.wrappedBuffer(Wire.disconnect()));
                channel.close().awaitUninterruptibly();
            }
        }
    }

    private final class Pair {
        private final EventLoop loop = loops.next();
        private final CompletableFuture<Void> ready = new CompletableFuture<>();
        private final byte[] topic;
        private final byte[] packet;
        private final int packetIdAt;
        private final int sequenceAt;
        private final Channel publisher;
        private final Channel subscriber;
        // written by the loop alone
        private volatile long sent;
        private volatile long received;
        private volatile long acknowledged;
        private volatile long disordered;

        Pair(int index, int port) {
            topic = ("bench/" + index + "/data").getBytes(UTF_8);
            packetIdAt = 2 + 2 + topic.length;
            sequenceAt = packetIdAt + (qos > 0 ? 2 : 0);
            packet = Wire.packet(0x30 | qos << 1, Wire.string(topic), new byte[(qos > 0 ? 2 : 0) + payloadBytes]);
            publisher = open(port, new PublisherHandler(), "pub-" + index);
            subscriber = open(port, new SubscriberHandler(), "sub-" + index);
        }

        private Channel open(int port, ByteToMessageDecoder handler, String clientId) {
            var channel = new Bootstrap()
                    .group(loop)
                    .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .handler(handler)
                    .connect(InetAddress.getLoopbackAddress(), port)
                    .syncUninterruptibly()
                    .channel();
            channel.writeAndFlush(Unpooled.wrappedBuffer(WireConnect.of(MqttVersion.V3_1_1, clientId)
                    .as(BrokerProcess.USER_NAME, TestBroker.SECRET)
                    .encode()));
            return channel;
        }

        long underWay() {
            return sent - (qos > 0 ? Math.min(received, acknowledged) : received);
        }

        /** How many messages the rate wants to have been sent by now. */
        private long due() {
            return perSecond == 0
                    ? Long.MAX_VALUE
                    : (System.nanoTime() - startNanos) * perSecond / pairs.size() / 1_000_000_000L;
        }

        /** Fills the window, once there is room for a few: clients that write each message alone would cost the most here. */
        void pump() {
            long count = Math.min(window - underWay(), due() - sent);
            if (!running || count < refill) {
                return;
            }
            long next = sent;
            var batch = publisher.alloc().directBuffer((int) count * packet.length);
            for (int i = 0; i < count; i++, next++) {
                int start = batch.writerIndex();
                batch.writeBytes(packet);
                if (qos > 0) {
                    batch.setShort(start + packetIdAt, (int) (next % 0xFFFF) + 1);
                }
                batch.setLong(start + sequenceAt, next);
            }
            sent = next;
            publisher.writeAndFlush(batch, publisher.voidPromise());
        }

        private abstract class PacketHandler extends ByteToMessageDecoder {
            /** Answers to what one read brought. */
            private @Nullable ByteBuf answers;

            @Override
            protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
                while (true) {
                    int header = Packets.headerBytes(in);
                    if (header == 0) {
                        return;
                    }
                    int length = Packets.remainingLength(in);
                    if (in.readableBytes() < header + length) {
                        return;
                    }
                    int start = in.readerIndex();
                    handle(context, in, in.getUnsignedByte(start) >>> 4, start + header, length);
                    in.readerIndex(start + header + length);
                }
            }

            abstract void handle(ChannelHandlerContext context, ByteBuf in, int type, int body, int length);

            void answer(ChannelHandlerContext context, int first, short packetId) {
                if (answers == null) {
                    answers = context.alloc().directBuffer(1024);
                }
                answers.writeByte(first).writeByte(2).writeShort(packetId);
            }

            @Override
            public void channelReadComplete(ChannelHandlerContext context) throws Exception {
                if (answers != null) {
                    context.writeAndFlush(answers, context.voidPromise());
                    answers = null;
                }
                if (perSecond == 0) {
                    pump();
                }
                super.channelReadComplete(context);
            }

            @Override
            public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                ready.completeExceptionally(cause);
                context.close();
            }

            @Override
            public void channelInactive(ChannelHandlerContext context) throws Exception {
                ready.completeExceptionally(new IllegalStateException("The broker closed a connection"));
                super.channelInactive(context);
            }
        }

        private final class PublisherHandler extends PacketHandler {
            @Override
            void handle(ChannelHandlerContext context, ByteBuf in, int type, int body, int length) {
                switch (type) {
                    case Packets.PUBACK, Packets.PUBCOMP -> acknowledged = acknowledged + 1;
                    case Packets.PUBREC -> answer(context, 0x62, in.getShort(body));
                    default -> {}
                }
            }
        }

        private final class SubscriberHandler extends PacketHandler {
            @Override
            void handle(ChannelHandlerContext context, ByteBuf in, int type, int body, int length) {
                switch (type) {
                    case Packets.CONNACK ->
                        context.writeAndFlush(Unpooled.wrappedBuffer(
                                Wire.subscribe(MqttVersion.V3_1_1, 1, qos, new String(topic, UTF_8))));
                    case Packets.SUBACK -> ready.complete(null);
                    case Packets.PUBLISH -> onPublish(context, in, body, length);
                    case Packets.PUBREL -> answer(context, 0x70, in.getShort(body));
                    default -> {}
                }
            }

            private void onPublish(ChannelHandlerContext context, ByteBuf in, int body, int length) {
                boolean isWhole = length == packet.length - 2 && (in.getByte(in.readerIndex()) >>> 1 & 3) == qos;
                if (!isWhole || in.getLong(body + length - payloadBytes) != received) {
                    disordered = disordered + 1;
                }
                received = received + 1;
                if (qos > 0) {
                    answer(context, qos == 1 ? 0x40 : 0x50, in.getShort(body + 2 + topic.length));
                }
            }
        }
    }
}
