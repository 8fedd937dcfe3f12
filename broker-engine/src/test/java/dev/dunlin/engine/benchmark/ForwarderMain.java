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

    private static final class Forwarder extends ByteToMessageDecoder {
        private final Map<ByteBuf, Channel> subscribers;
        private final Set<Channel> written = new LinkedHashSet<>();

        Forwarder(Map<ByteBuf, Channel> subscribers) {
            this.subscribers = subscribers;
        }

        @Override
        protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
            int start = in.readerIndex();
            int header = Packets.headerBytes(in);
            if (header == 0 || in.readableBytes() < header + Packets.remainingLength(in)) {
                return;
            }
            int first = in.getUnsignedByte(start);
            int end = start + header + Packets.remainingLength(in);
            switch (first >>> 4) {
                case Packets.CONNECT -> answer(context, 0x20, 2, 0, 0);
                case Packets.SUBSCRIBE -> {
                    int body = start + header;
                    int length = in.getUnsignedShort(body + 2);
                    subscribers.put(in.copy(body + 4, length), context.channel());
                    answer(context, 0x90, 3, in.getByte(body), in.getByte(body + 1), 0);
                }
                case Packets.PUBLISH -> {
                    int body = start + header;
                    var to = subscribers.get(in.slice(body + 2, in.getUnsignedShort(body)));
                    if (to != null) {
                        to.write(in.retainedSlice(start, end - start));
                        written.add(to);
                    }
                }
                default -> {}
            }
            in.readerIndex(end);
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
