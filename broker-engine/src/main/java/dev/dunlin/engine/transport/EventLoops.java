package dev.dunlin.engine.transport;

import dev.dunlin.engine.settings.EngineStartException;
import dev.dunlin.engine.settings.NetworkIo;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import org.jspecify.annotations.Nullable;

/** The kind of event loop that is run, and the channels that go with it. */
public enum EventLoops {
    EPOLL(EpollServerSocketChannel.class, EpollSocketChannel.class) {
        @Override
        IoHandlerFactory handlers() {
            return EpollIoHandler.newFactory();
        }

        @Override
        @Nullable
        Throwable whyNot() {
            return Epoll.unavailabilityCause();
        }
    },
    IO_URING(IoUringServerSocketChannel.class, IoUringSocketChannel.class) {
        @Override
        IoHandlerFactory handlers() {
            return IoUringIoHandler.newFactory();
        }

        @Override
        @Nullable
        Throwable whyNot() {
            return IoUring.unavailabilityCause();
        }
    },
    NIO(NioServerSocketChannel.class, NioSocketChannel.class) {
        @Override
        IoHandlerFactory handlers() {
            return NioIoHandler.newFactory();
        }

        @Override
        @Nullable
        Throwable whyNot() {
            return null;
        }
    };

    private final Class<? extends ServerChannel> serverChannel;
    private final Class<? extends Channel> clientChannel;

    EventLoops(Class<? extends ServerChannel> serverChannel, Class<? extends Channel> clientChannel) {
        this.serverChannel = serverChannel;
        this.clientChannel = clientChannel;
    }

    abstract IoHandlerFactory handlers();

    /** Why this machine cannot run such loops; null if it can. */
    abstract @Nullable Throwable whyNot();

    /** Epoll on Linux, else NIO. */
    public static EventLoops best() {
        return EPOLL.whyNot() == null ? EPOLL : NIO;
    }

    /** @throws EngineStartException if this machine cannot do what was asked for */
    public static EventLoops of(NetworkIo io) throws EngineStartException {
        var kind = switch (io) {
            case AUTO -> best();
            case EPOLL -> EPOLL;
            case IO_URING -> IO_URING;
            case NIO -> NIO;
        };
        var whyNot = kind.whyNot();
        if (whyNot != null) {
            throw new EngineStartException(
                    "This machine cannot do %s (dunlin.mqtt.io): %s; leave the property out, or set it to auto."
                            .formatted(kind, whyNot.getMessage()),
                    whyNot);
        }
        return kind;
    }

    /** A group of {@code threads} loops, 0 for one a core, whose threads are called {@code <name>-<n>}. */
    public EventLoopGroup newGroup(int threads, String name) {
        int count = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        return new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory(name, true), handlers());
    }

    Class<? extends ServerChannel> serverChannel() {
        return serverChannel;
    }

    public Class<? extends Channel> clientChannel() {
        return clientChannel;
    }
}
