package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.transport.EventLoops;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * The floor under a broker on Netty: accepts everyone, and hands each PUBLISH as it is to the connections that subscribed to
 * its topic, with one write for each connection and loop turn. No log-in, no permission, no QoS, no wildcard, no bound.
 */
final class ForwarderMain {
    private static final Channel[] NOBODY = {};

    private ForwarderMain() {}

    public static void main(String[] arguments) throws Exception {
        var loops = EventLoops.best().newGroup(0, "floor");
        var outboxes = new HashMap<EventLoop, Outbox>();
        loops.forEach(loop -> outboxes.put((EventLoop) loop, new Outbox((EventLoop) loop)));
        Map<ByteBuf, Channel[]> subscribers = new ConcurrentHashMap<>();
        new ServerBootstrap()
                .group(loops)
                .channel(Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, 1_000)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        var outbox = outboxes.get(channel.eventLoop());
                        if (outbox == null) {
                            throw new IllegalStateException("a loop of another group");
                        }
                        channel.pipeline().addLast(new Forwarder(subscribers, outbox));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]))
                .sync();
        while (System.in.read() >= 0) {
            // whoever started this is still there
        }
    }

    /** What one loop has to hand on at the end of its turn: to its own connections, and to those of other loops. */
    private static final class Outbox {
        private record Piece(Channel to, ByteBuf packets) {}

        private final EventLoop loop;
        private final Set<Channel> written = new LinkedHashSet<>();
        private final Map<EventLoop, List<Piece>> elsewhere = new HashMap<>();
        private boolean isScheduled;

        Outbox(EventLoop loop) {
            this.loop = loop;
        }

        /** Takes {@code packets}. */
        void add(Channel to, ByteBuf packets) {
            if (to.eventLoop() == loop) {
                to.write(packets, to.voidPromise());
                written.add(to);
            } else {
                elsewhere
                        .computeIfAbsent(to.eventLoop(), key -> new ArrayList<>())
                        .add(new Piece(to, packets));
            }
            if (!isScheduled) {
                isScheduled = true;
                loop.execute(this::handOn);
            }
        }

        private void handOn() {
            isScheduled = false;
            written.forEach(Channel::flush);
            written.clear();
            elsewhere.forEach((other, pieces) -> other.execute(() -> writeAll(pieces)));
            elsewhere.clear();
        }

        private static void writeAll(List<Piece> pieces) {
            var channels = new LinkedHashSet<Channel>();
            for (var piece : pieces) {
                piece.to().write(piece.packets(), piece.to().voidPromise());
                channels.add(piece.to());
            }
            channels.forEach(Channel::flush);
        }
    }

    /** Packets that follow each other to the same place are handed on in one piece. */
    private static final class Forwarder extends ByteToMessageDecoder {
        private final Map<ByteBuf, Channel[]> subscribers;
        private final Outbox outbox;

        Forwarder(Map<ByteBuf, Channel[]> subscribers, Outbox outbox) {
            this.subscribers = subscribers;
            this.outbox = outbox;
        }

        @Override
        protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
            int runStart = in.readerIndex();
            var runTo = NOBODY;
            while (true) {
                int start = in.readerIndex();
                int header = Packets.headerBytes(in);
                if (header == 0 || in.readableBytes() < header + Packets.remainingLength(in)) {
                    break;
                }
                int body = start + header;
                int end = body + Packets.remainingLength(in);
                int type = in.getUnsignedByte(start) >>> 4;
                var to = type == Packets.PUBLISH
                        ? subscribers.getOrDefault(in.slice(body + 2, in.getUnsignedShort(body)), NOBODY)
                        : NOBODY;
                if (to != runTo) {
                    forward(in, runStart, start, runTo);
                    runStart = start;
                    runTo = to;
                }
                switch (type) {
                    case Packets.CONNECT -> answer(context, 0x20, 2, 0, 0);
                    case Packets.SUBSCRIBE -> {
                        var topic = in.copy(body + 4, in.getUnsignedShort(body + 2));
                        subscribers.merge(topic, new Channel[] {context.channel()}, Forwarder::both);
                        answer(context, 0x90, 3, in.getByte(body), in.getByte(body + 1), 0);
                    }
                    case Packets.DISCONNECT -> context.close();
                    default -> {}
                }
                in.readerIndex(end);
            }
            forward(in, runStart, in.readerIndex(), runTo);
        }

        private static Channel[] both(Channel[] some, Channel[] more) {
            return Stream.of(some, more).flatMap(Stream::of).toArray(Channel[]::new);
        }

        private void forward(ByteBuf in, int start, int end, Channel[] to) {
            for (var channel : to) {
                outbox.add(channel, in.retainedSlice(start, end - start));
            }
        }

        @Override
        protected void handlerRemoved0(ChannelHandlerContext context) {
            subscribers.replaceAll((topic, channels) -> Stream.of(channels)
                    .filter(channel -> channel != context.channel())
                    .toArray(Channel[]::new));
        }

        private static void answer(ChannelHandlerContext context, int... bytes) {
            var buffer = context.alloc().buffer(bytes.length);
            for (int value : bytes) {
                buffer.writeByte(value);
            }
            context.writeAndFlush(buffer);
        }
    }
}
