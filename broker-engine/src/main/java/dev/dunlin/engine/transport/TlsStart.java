package dev.dunlin.engine.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.util.function.Consumer;

/** Waits for the end of the TLS handshake, then makes way for what speaks over it. */
final class TlsStart extends ChannelInboundHandlerAdapter {
    private final Consumer<Channel> next;

    TlsStart(Consumer<Channel> next) {
        this.next = next;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        // a handshake that fails is closed by the handler that carries it out
        if (event instanceof SslHandshakeCompletionEvent completion && completion.isSuccess()) {
            next.accept(context.channel());
            context.pipeline().remove(this);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        StartFault.close(context, cause);
    }
}
