package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.transport.EventLoops;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The floor under a broker on Netty: accepts everyone, and hands each PUBLISH as it is to the one connection that last
 * subscribed to its topic. No log-in, no permission, no QoS, no wildcard, no bound.
 */
final class ForwarderMain {
    private ForwarderMain() {}

    public static void main(String[] arguments) throws Exception {
        var loops = EventLoops.newGroup(0, "floor");
        Map<ByteBuf, Channel> subscribers = new ConcurrentHashMap<>();
        var listener = new ServerBootstrap()
                .group(loops)
                .channel(Epoll.isAvailable() ? EpollServerSocketChannel.class : NioServerSocketChannel.class)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new Forwarder(subscribers));
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
        System.out.println(((InetSocketAddress) listener.localAddress()).getPort());
        while (System.in.read() >= 0) {
            // whoever started this is still there
        }
    }

    /** Packets that follow each other to the same place are handed on in one piece. */
    private static final class Forwarder extends ByteToMessageDecoder {
        private final Map<ByteBuf, Channel> subscribers;
        private final Set<Channel> written = new LinkedHashSet<>();

        Forwarder(Map<ByteBuf, Channel> subscribers) {
            this.subscribers = subscribers;
        }

        @Override
        protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
            int runStart = in.readerIndex();
            Channel runTo = null;
            while (true) {
                int start = in.readerIndex();
                int header = Packets.headerBytes(in);
                if (header == 0 || in.readableBytes() < header + Packets.remainingLength(in)) {
                    break;
                }
                int body = start + header;
                int end = body + Packets.remainingLength(in);
                int type = in.getUnsignedByte(start) >>> 4;
                var to =
                        type == Packets.PUBLISH ? subscribers.get(in.slice(body + 2, in.getUnsignedShort(body))) : null;
                if (to != runTo) {
                    forward(in, runStart, start, runTo);
                    runStart = start;
                    runTo = to;
                }
                if (type == Packets.CONNECT) {
                    answer(context, 0x20, 2, 0, 0);
                } else if (type == Packets.SUBSCRIBE) {
                    subscribers.put(in.copy(body + 4, in.getUnsignedShort(body + 2)), context.channel());
                    answer(context, 0x90, 3, in.getByte(body), in.getByte(body + 1), 0);
                }
                in.readerIndex(end);
            }
            forward(in, runStart, in.readerIndex(), runTo);
        }

        private void forward(ByteBuf in, int start, int end, @Nullable Channel to) {
            if (to != null && end > start) {
                to.write(in.retainedSlice(start, end - start));
                written.add(to);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext context) throws Exception {
            written.forEach(Channel::flush);
            written.clear();
            super.channelReadComplete(context);
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
