package dev.dunlin.engine.transport;

import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.settings.EngineStartException;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Real listeners whose connections send back what they read, each after moving to another event loop once. */
final class EchoListeners implements AutoCloseable {
    private final EventLoopGroup workers;
    private final Listeners listeners;

    EchoListeners(EngineSettings settings) throws EngineStartException {
        this(settings, new ConnectGuard(settings.connectRate(), settings.failedLogins()));
    }

    EchoListeners(EngineSettings settings, ConnectGuard guard) throws EngineStartException {
        this(settings, guard, Duration.ofSeconds(5));
    }

    EchoListeners(EngineSettings settings, Duration certificateLook) throws EngineStartException {
        this(settings, new ConnectGuard(0, 0), certificateLook);
    }

    private EchoListeners(EngineSettings settings, ConnectGuard guard, Duration certificateLook)
            throws EngineStartException {
        workers = EventLoops.of(settings.io()).newGroup(2, "echo");
        try {
            listeners = Listeners.open(settings, workers, guard, (peer, channel) -> new MovingEcho(), certificateLook);
        } catch (EngineStartException failed) {
            workers.shutdownGracefully(0, 1, TimeUnit.SECONDS);
            throw failed;
        }
    }

    static EngineSettings settings(Path directory) {
        return settings(directory, 0, null, null, 0);
    }

    static EngineSettings settings(
            Path directory, int tcpPort, @Nullable Path certificate, @Nullable Path privateKey, int connectRate) {
        return new EngineSettings(
                "127.0.0.1",
                tcpPort,
                0,
                0,
                0,
                certificate,
                privateKey,
                directory,
                "mqtt.example.com",
                connectRate,
                0,
                2);
    }

    int port(Transport transport) {
        return listeners.ports().getOrDefault(transport, -1);
    }

    Listeners listeners() {
        return listeners;
    }

    @Override
    public void close() {
        listeners.stop();
        workers.shutdownGracefully(50, 1_000, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }

    private final class MovingEcho extends ChannelInboundHandlerAdapter {
        private boolean moved;

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
            if (!moved) {
                moved = true;
                var channel = context.channel();
                channel.deregister().addListener(left -> workers.next().register(channel));
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
