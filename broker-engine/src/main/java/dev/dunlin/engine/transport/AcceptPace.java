package dev.dunlin.engine.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.SingleThreadEventLoop;
import java.util.concurrent.RejectedExecutionException;
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
        context.fireChannelRead(accepted); // which gives it to a loop
        try {
            var loop = (SingleThreadEventLoop) ((Channel) accepted).eventLoop();
            loop.execute(() -> loop.executeAfterEventLoopIteration(() -> onBegun(listener)));
        } catch (IllegalStateException | RejectedExecutionException noLoopTookIt) {
            onBegun(listener);
        }
    }

    private void onBegun(Channel listener) {
        if (beginning.decrementAndGet() <= most / 2 && isPaused) {
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
