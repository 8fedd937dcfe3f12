package dev.dunlin.engine.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.SingleThreadEventLoop;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Accepts no faster than the event loops get round to it: of connections that come by the thousand a loop begins some, and serves
 * those that it has, before it begins more. The others wait in the listener's backlog. One for each listener.
 */
final class AcceptPace extends ChannelInboundHandlerAdapter {
    private static final int BEGUN_IN_A_TURN = 16;

    private final int most;

    /** Accepted, and the turn has not ended in which their loop has begun them. */
    private final AtomicInteger beginning = new AtomicInteger();

    private volatile boolean isPaused;

    AcceptPace(int eventLoops) {
        most = eventLoops * BEGUN_IN_A_TURN;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object accepted) {
        var listener = context.channel();
        if (beginning.incrementAndGet() >= most && listener.config().isAutoRead()) {
            isPaused = true;
            listener.config().setAutoRead(false);
        }
        context.fireChannelRead(accepted);
    }

    /** A connection that was accepted is begun. On its loop. */
    void onBegin(Channel accepted) {
        var loop = (SingleThreadEventLoop) accepted.eventLoop();
        loop.executeAfterEventLoopIteration(() -> onTurnEnd(accepted.parent()));
    }

    private void onTurnEnd(Channel listener) {
        if (beginning.decrementAndGet() <= most / 2 && isPaused && listener.isOpen()) {
            listener.eventLoop().execute(() -> resume(listener));
        }
    }

    private void resume(Channel listener) {
        if (isPaused) {
            isPaused = false;
            listener.config().setAutoRead(true);
        }
    }
}
