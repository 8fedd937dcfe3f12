package dev.dunlin.engine.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Stands before the acceptor of every listener: what the guard refuses is closed before anything is read or allocated. */
@Sharable
final class AcceptGuard extends ChannelInboundHandlerAdapter {
    private static final Logger log = LoggerFactory.getLogger(AcceptGuard.class);

    private final ConnectGuard guard;

    AcceptGuard(ConnectGuard guard) {
        this.guard = guard;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object accepted) {
        var channel = (Channel) accepted;
        // no remote address: the client is gone again
        if (channel.remoteAddress() instanceof InetSocketAddress remote && guard.mayConnect(remote.getAddress())) {
            context.fireChannelRead(accepted);
            return;
        }
        // closed with a reset: a flood leaves no sockets in TIME_WAIT here
        channel.config().setOption(ChannelOption.SO_LINGER, 0);
        channel.unsafe().closeForcibly();
    }

    /** Usually the process has no file descriptor left: connections wait in the backlog for a second. */
    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        var channel = context.channel();
        if (channel.config().isAutoRead()) {
            log.warn(
                    "Cannot accept connections on {} for a second ({}); if this repeats, raise the limit on open files",
                    channel.localAddress(),
                    cause.getMessage());
            channel.config().setAutoRead(false);
            channel.eventLoop().schedule(() -> channel.config().setAutoRead(true), 1, TimeUnit.SECONDS);
        }
    }
}
