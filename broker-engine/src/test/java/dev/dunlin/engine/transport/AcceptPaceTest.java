package dev.dunlin.engine.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AcceptPaceTest {
    private static final int CLIENTS = 200;
    private static final int A_TURN = 16;
    /** Netty accepts so many at a time before it looks whether it is to go on. */
    private static final int AT_A_TIME = 16;

    @Test
    void leavesConnectionsInTheBacklogWhileTheirLoopIsBusyAndBeginsAllOfThemAfterwards() throws Exception {
        // given a listener whose only loop is busy
        var kind = EventLoops.best();
        var acceptor = kind.newGroup(1, "accept");
        var workers = kind.newGroup(1, "loop");
        var accepted = new AtomicInteger();
        var busy = new CountDownLatch(1);
        workers.next().execute(() -> awaitEnd(busy));
        var listener = listen(kind, acceptor, workers, accepted);
        var clients = new ArrayList<Socket>();
        try {
            // when many clients connect at once
            int port = ((InetSocketAddress) listener.localAddress()).getPort();
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(new Socket(InetAddress.getLoopbackAddress(), port));
            }

            // then most of them wait
            await().until(() -> !listener.config().isAutoRead());
            assertThat(accepted.get()).isLessThanOrEqualTo(A_TURN + AT_A_TIME);

            // and all are served once the loop has time
            busy.countDown();
            for (var client : clients) {
                client.setSoTimeout(10_000);
                client.getOutputStream().write(7);
                assertThat(client.getInputStream().read()).isEqualTo(7);
            }
            assertThat(accepted).hasValue(CLIENTS);
        } finally {
            busy.countDown();
            for (var client : clients) {
                client.close();
            }
            listener.close().sync();
            acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
            workers.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        }
    }

    private static Channel listen(
            EventLoops kind, EventLoopGroup acceptor, EventLoopGroup workers, AtomicInteger accepted)
            throws InterruptedException {
        var pace = new AcceptPace(1);
        return new ServerBootstrap()
                .group(acceptor, workers)
                .channel(kind.serverChannel())
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new Counting(accepted), pace);
                    }
                })
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        pace.onBegin(channel);
                        channel.pipeline().addLast(new Echo());
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .sync()
                .channel();
    }

    private static void awaitEnd(CountDownLatch busy) {
        try {
            busy.await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
        }
    }

    private static final class Counting extends ChannelInboundHandlerAdapter {
        private final AtomicInteger accepted;

        Counting(AtomicInteger accepted) {
            this.accepted = accepted;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            accepted.incrementAndGet();
            context.fireChannelRead(message);
        }
    }
}
