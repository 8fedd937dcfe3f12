package dev.dunlin.engine.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.haproxy.HAProxyMessage;
import io.netty.handler.codec.haproxy.HAProxyMessageDecoder;
import io.netty.handler.codec.haproxy.HAProxyProtocolException;
import io.netty.handler.codec.haproxy.HAProxyProxiedProtocol;
import io.netty.util.NetUtil;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the header of the PROXY protocol, version 1 or 2, then makes way. On a listener where it is on, nobody gets
 * further without one: who could choose whether to send it could choose his address.
 */
final class ProxyStart extends SimpleChannelInboundHandler<HAProxyMessage> {
    /** A proxy sends it first of all; this leaves room for a packet that had to be sent again. */
    static final int DEADLINE_SECONDS = 5;

    /** Of the additional fields that version 2 may carry, none of which is used. */
    private static final int MAX_FIELD_BYTES = 4 * 1024;

    private final ConnectGuard guard;
    private final Consumer<Channel> next;
    private @Nullable Future<?> deadline;

    private ProxyStart(ConnectGuard guard, Consumer<Channel> next) {
        this.guard = guard;
        this.next = next;
    }

    /**
     * Adds what the header needs; all of it is gone soon after {@code next} is called.
     *
     * @param guard is asked about the address of the client, once that is known
     */
    static void addTo(ChannelPipeline pipeline, ConnectGuard guard, Consumer<Channel> next) {
        pipeline.addLast(new ProxyPrefix(), new HAProxyMessageDecoder(MAX_FIELD_BYTES), new ProxyStart(guard, next));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        deadline = context.executor()
                .schedule(
                        () -> {
                            context.close();
                        },
                        DEADLINE_SECONDS,
                        TimeUnit.SECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        if (deadline != null) {
            deadline.cancel(false);
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HAProxyMessage header) {
        var channel = context.channel();
        var client = clientOf(header);
        if (client != null) {
            Peer.setAddress(channel, client);
        }
        if (!guard.mayConnect(Peer.addressOf(channel).getAddress())) {
            context.close();
            return;
        }
        next.accept(channel);
        // the decoder removes itself, and gives what it has read beyond the header to those that follow
        channel.pipeline().remove(ProxyPrefix.class);
        channel.pipeline().remove(this);
    }

    /** Absent if the header speaks for the proxy itself (LOCAL) or of no client on the internet (UNKNOWN, a UNIX socket). */
    private static @Nullable InetSocketAddress clientOf(HAProxyMessage header) {
        var protocol = header.proxiedProtocol();
        if (protocol != HAProxyProxiedProtocol.TCP4 && protocol != HAProxyProxiedProtocol.TCP6) {
            return null;
        }
        try {
            var bytes = NetUtil.createByteArrayFromIpAddressString(header.sourceAddress());
            return new InetSocketAddress(InetAddress.getByAddress(bytes), header.sourcePort());
        } catch (UnknownHostException impossible) { // the decoder has looked at the address
            throw new HAProxyProtocolException(impossible);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        StartFault.close(context, cause);
    }
}
