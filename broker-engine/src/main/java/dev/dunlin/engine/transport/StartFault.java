package dev.dunlin.engine.transport;

import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.PrematureChannelClosureException;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An exception on a connection whose stream of MQTT bytes has not begun. */
final class StartFault {
    private static final Logger log = LoggerFactory.getLogger(StartFault.class);

    private StartFault() {}

    /** Closes the connection; what its client did is not worth a line above {@code DEBUG}, a fault of ours is. */
    static void close(ChannelHandlerContext context, Throwable cause) {
        var remote = context.channel().remoteAddress();
        if (cause instanceof IOException
                || cause instanceof DecoderException
                || cause instanceof PrematureChannelClosureException) {
            log.debug("Connection from {} closed at its beginning: {}", remote, cause.getMessage());
        } else {
            log.warn("Connection from {} closed: it could not be set up", remote, cause);
        }
        context.close();
    }
}
