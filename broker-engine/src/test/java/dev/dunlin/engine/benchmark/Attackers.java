package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.transport.EventLoops;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * So many hostile connections of one kind, from many addresses of the loopback. One that ends is opened again, so that there
 * are always as many. They read and forget what the broker says.
 */
final class Attackers implements AutoCloseable {
    /** What an attacker does with a connection. Its event loop alone calls it. */
    interface Kind {
        /** The connection is open. */
        void begin(Channel channel);

        /** Another second has passed. */
        default void goOn(Channel channel) {}

        /** The broker has sent something, for the first time if {@code isFirst}. */
        default void onAnswer(Channel channel, boolean isFirst) {}
    }

    private static final int ADDRESSES = 200;
    private static final int OPENED_PER_MILLI = 2;
    private static final int PARTS_OF_SECOND = 20;

    private final EventLoopGroup loops;
    private final Kind kind;
    private final int port;
    private final Duration reopen;
    private final AtomicInteger addresses = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicLong opened = new AtomicLong();
    private final Map<EventLoop, Own> own = new HashMap<>();
    private volatile boolean isClosing;

    /** The connections of one loop, in as many parts as a second has, so that each goes on once in one. */
    private static final class Own {
        private final Set<Channel> channels = new HashSet<>();
        private int part;
    }

    /** @param reopen how long one that was closed waits until it comes again */
    Attackers(int port, int count, Duration reopen, Kind kind) {
        this.kind = kind;
        this.port = port;
        this.reopen = reopen;
        loops = EventLoops.best().newGroup(1, "attack");
        loops.forEach(executor -> {
            var loop = (EventLoop) executor;
            own.put(loop, new Own());
            loop.scheduleAtFixedRate(() -> goOn(loop), 0, 1_000 / PARTS_OF_SECOND, TimeUnit.MILLISECONDS);
        });
        for (int i = 0; i < count; i++) {
            // not all at once: the broker's backlog of connections is for others too
            var loop = loops.next();
            loop.schedule(() -> connect(loop), i / OPENED_PER_MILLI, TimeUnit.MILLISECONDS);
        }
    }

    /** Connections there are now. */
    int open() {
        return open.get();
    }

    /** Connections there were in all. */
    long opened() {
        return opened.get();
    }

    private Own own(EventLoop loop) {
        var known = own.get(loop);
        if (known == null) {
            throw new IllegalStateException("not a loop of these");
        }
        return known;
    }

    private void goOn(EventLoop loop) {
        var mine = own(loop);
        mine.part = (mine.part + 1) % PARTS_OF_SECOND;
        for (var channel : mine.channels) {
            if (Math.floorMod(channel.id().hashCode(), PARTS_OF_SECOND) == mine.part && channel.isActive()) {
                kind.goOn(channel);
            }
        }
    }

    private void connect(EventLoop loop) {
        if (isClosing) {
            return;
        }
        int address = addresses.getAndIncrement() % ADDRESSES;
        new Bootstrap()
                .group(loop)
                .channel(EventLoops.best().clientChannel())
                .option(ChannelOption.TCP_NODELAY, true)
                // an end leaves no port behind
                .option(ChannelOption.SO_LINGER, 0)
                .option(ChannelOption.SO_RCVBUF, 4 * 1024)
                .localAddress(new InetSocketAddress("127.0.%d.%d".formatted(1 + address / 100, 1 + address % 100), 0))
                .handler(new Attacker())
                .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .addListener((ChannelFuture connected) -> {
                    if (!connected.isSuccess()) {
                        reopen(loop);
                    }
                });
    }

    private void reopen(EventLoop loop) {
        if (!isClosing) {
            loop.schedule(() -> connect(loop), reopen.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    @Override
    public void close() throws InterruptedException {
        isClosing = true;
        for (var loop : own.keySet()) {
            loop.submit(() -> Set.copyOf(own(loop).channels).forEach(Channel::close))
                    .sync();
        }
        loops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private final class Attacker extends ChannelInboundHandlerAdapter {
        private boolean isAnswered;

        @Override
        public void channelActive(ChannelHandlerContext context) {
            open.incrementAndGet();
            opened.incrementAndGet();
            own(context.channel().eventLoop()).channels.add(context.channel());
            kind.begin(context.channel());
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ReferenceCountUtil.release(message);
            kind.onAnswer(context.channel(), !isAnswered);
            isAnswered = true;
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            open.decrementAndGet();
            own(context.channel().eventLoop()).channels.remove(context.channel());
            reopen(context.channel().eventLoop());
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    // The kinds

    private static void send(Channel channel, byte[]... parts) {
        channel.writeAndFlush(Unpooled.wrappedBuffer(parts), channel.voidPromise());
    }

    private static byte[] connect(String clientId) {
        return WireConnect.of(MqttVersion.V3_1_1, clientId)
                .as(Accounts.ATTACKER, Accounts.SECRET)
                .keepAlive(0)
                .encode();
    }

    /** Subscribes to the topic of {@link Noise}, and never reads again. */
    static Kind silentSubscriber() {
        var ids = new AtomicLong();
        return new Kind() {
            @Override
            public void begin(Channel channel) {
                long id = ids.incrementAndGet();
                send(channel, connect("silent-" + id));
                send(channel, Wire.subscribe(MqttVersion.V3_1_1, 1, (int) (id % 2), Accounts.NOISE));
            }

            @Override
            public void onAnswer(Channel channel, boolean isFirst) {
                channel.config().setAutoRead(false);
            }
        };
    }

    /** Begins a CONNECT of 100,000 bytes, and sends a few of them each second. */
    static Kind halfOpen() {
        return new Kind() {
            @Override
            public void begin(Channel channel) {
                send(
                        channel,
                        Wire.concat(Wire.bytes(0x10), Wire.varint(100_000), Wire.string("MQTT"), Wire.bytes(4, 2)));
            }

            @Override
            public void goOn(Channel channel) {
                send(channel, new byte[8]);
            }
        };
    }

    /** The same with half of the packet at once. */
    static Kind halfSent() {
        var half = Wire.concat(Wire.bytes(0x10), Wire.varint(100_000), Wire.string("MQTT"), new byte[50_000]);
        return channel -> send(channel, half);
    }

    /** Announces a packet of 256 MB before it has logged in. */
    static Kind announcer() {
        return channel -> send(channel, Wire.hex("10 ff ff ff 7f 00 04"));
    }

    /** Logs in, announces a PUBLISH of 256 MB, sends a part of it, and then a little each second. */
    static Kind announcingClient() {
        var part = Wire.concat(Wire.hex("30 ff ff ff 7f"), Wire.string("a"), new byte[200_000]);
        var ids = new AtomicLong();
        return new Kind() {
            @Override
            public void begin(Channel channel) {
                send(channel, connect("announcing-" + ids.incrementAndGet()));
            }

            @Override
            public void onAnswer(Channel channel, boolean isFirst) {
                if (isFirst) {
                    send(channel, part);
                }
            }

            @Override
            public void goOn(Channel channel) {
                send(channel, new byte[100]);
            }
        };
    }

    /** Guesses the secret of the account that others use. */
    static Kind guesser() {
        var guesses = new AtomicLong();
        return channel -> send(
                channel,
                WireConnect.of(MqttVersion.V3_1_1, "guesser")
                        .as(Accounts.MAIN, "guess " + guesses.incrementAndGet())
                        .encode());
    }
}
