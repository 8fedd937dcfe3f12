package dev.dunlin.engine.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.session.SessionLoop;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundBuffer;
import io.netty.channel.DefaultEventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OutputTest {
    private static final int BUDGET = 100_000;

    /** A connection whose peer does not read until it is asked to. */
    private static final class Stalled extends EmbeddedChannel {
        private boolean isReading;

        Stalled() {
            config().setOption(ChannelOption.WRITE_BUFFER_WATER_MARK, new WriteBufferWaterMark(500_000, 1_000_000));
            pipeline().addLast("last", new ChannelInboundHandlerAdapter());
        }

        ChannelHandlerContext context() {
            return pipeline().context("last");
        }

        @Override
        protected void doWrite(ChannelOutboundBuffer in) throws Exception {
            if (isReading) {
                super.doWrite(in);
            }
        }

        void takeAll() {
            isReading = true;
            flush();
            releaseOutbound();
        }
    }

    /** A turn ends nowhere here: what is sent is flushed at once. */
    private static final SessionLoop UNUSED =
            SessionLoop.of(List.of(new DefaultEventLoop())).get(0);

    private final HeldBytes unsent = new HeldBytes(BUDGET);
    private final List<String> told = new ArrayList<>();
    private final List<Stalled> peers = List.of(new Stalled(), new Stalled(), new Stalled());
    private final List<Output> outputs = List.of(output(0), output(1), output(2));

    private Output output(int peer) {
        return new Output(peers.get(peer).context(), UNUSED, unsent, () -> told.add("peer " + peer));
    }

    private void send(int peer, int bytes) {
        outputs.get(peer).append(Unpooled.buffer(bytes).writeZero(bytes));
        outputs.get(peer).flush();
    }

    @AfterEach
    void close() {
        peers.forEach(peer -> {
            peer.close();
            peer.releaseOutbound();
        });
        assertThat(unsent.bytes()).isZero();
    }

    @Test
    void isWritableUpToWhatAllMayHoldTogetherAndWhenTheNetworkHasTakenIt() {
        // given a peer that does not read, within what all may hold
        send(0, 90_000);
        assertThat(outputs.get(0).isWritable()).isTrue();
        // when another makes it too much
        send(1, 20_000);
        // then it gets no more, though its channel would take it
        assertThat(outputs.get(1).isWritable()).isFalse();
        assertThat(peers.get(1).isWritable()).isTrue();
        // until it has read
        peers.get(1).takeAll();
        assertThat(outputs.get(1).isWritable()).isTrue();
        assertThat(told).containsExactly("peer 1");
    }

    @Test
    void letsEachPeerHaveALittleWhateverOthersHold() {
        send(0, 3 * BUDGET);
        send(1, 10_000);
        assertThat(outputs.get(0).isWritable()).isFalse();
        assertThat(outputs.get(1).isWritable()).isTrue();
        // and one that keeps up is not concerned
        peers.get(2).takeAll();
        send(2, 60_000);
        assertThat(outputs.get(2).isWritable()).isTrue();
        assertThat(told).isEmpty();
    }
}
