package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.testkit.Wire;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A publisher of the attacker's account that sends what {@link Attackers#silentSubscriber} is subscribed to. */
final class Noise implements AutoCloseable {
    private static final int PERIOD_MILLIS = 20;
    private static final int TIMEOUT_SECONDS = 20;

    private final Client publisher = new Client(Accounts.ATTACKER, "noise", List.of(), 1);
    private final ScheduledFuture<?> ticks;

    /**
     * @param perSecond messages, at least 50
     * @param payloadBytes of each
     */
    Noise(EventLoopGroup loops, int port, int perSecond, int payloadBytes) {
        var loop = loops.next();
        var packet = Wire.packet(0x32, Wire.string(Accounts.NOISE), new byte[2 + payloadBytes]);
        packet[packet.length - payloadBytes - 1] = 1;
        var batch = new byte[perSecond * PERIOD_MILLIS / 1_000][];
        Arrays.fill(batch, packet);
        publisher.open(loop, port).orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join();
        ticks = loop.scheduleAtFixedRate(
                () -> {
                    // one that the broker slows down does not pile up what it has yet to send
                    if (publisher.channel().isWritable()) {
                        publisher.channel().writeAndFlush(Unpooled.wrappedBuffer(batch));
                    }
                },
                0,
                PERIOD_MILLIS,
                TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        ticks.cancel(false);
        publisher.abort().join();
    }
}
