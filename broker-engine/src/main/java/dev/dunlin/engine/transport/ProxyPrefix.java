package dev.dunlin.engine.transport;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.ReferenceCountUtil;

/**
 * Looks at the first bytes of a connection as they come, and closes it at the first one that no PROXY header has: the
 * decoder behind it would wait for more.
 */
final class ProxyPrefix extends ChannelInboundHandlerAdapter {
    private static final byte[] V1 = "PROXY ".getBytes(US_ASCII);
    private static final byte[] V2 = "\r\n\r\n\0\r\nQUIT\n".getBytes(US_ASCII);

    private byte[] prefix = V2;
    private int seen;
    private boolean isRefused;

    /** Takes {@code message} or gives it on. */
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        var in = (ByteBuf) message;
        if (isRefused || !isPrefix(in)) {
            isRefused = true;
            ReferenceCountUtil.release(in);
            context.close();
            return;
        }
        context.fireChannelRead(in);
    }

    /** Borrows {@code in}. */
    private boolean isPrefix(ByteBuf in) {
        for (int i = in.readerIndex(); i < in.writerIndex(); i++) {
            byte next = in.getByte(i);
            if (seen == 0) {
                prefix = next == V1[0] ? V1 : V2;
            }
            if (seen == prefix.length) {
                return true;
            }
            if (next != prefix[seen++]) {
                return false;
            }
        }
        return true;
    }
}
