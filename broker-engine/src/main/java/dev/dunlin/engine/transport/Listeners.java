package dev.dunlin.engine.transport;

import static java.util.Objects.requireNonNull;

import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.settings.EngineStartException;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultithreadEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The open listeners of an engine. Owns their sockets, the loop that accepts, and connections until their stream of MQTT
 * bytes begins; from then on they belong to whom {@link ConnectionHandlers} makes.
 */
public final class Listeners {
    private static final Duration LOOK_AT_CERTIFICATE = Duration.ofSeconds(5);
    private static final int BACKLOG = 4096;
    /** A subscriber may be this far behind before it counts as slow; much less, and a mere burst would. */
    private static final WriteBufferWaterMark WATER_MARKS = new WriteBufferWaterMark(128 * 1024, 512 * 1024);

    private final EventLoops kind;
    private final EventLoopGroup acceptor;
    /** Connections whose stream has not begun: before the PROXY header, in the TLS handshake or the WebSocket upgrade. */
    private final ChannelGroup beginning = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);

    private final Map<Transport, Channel> open = new EnumMap<>(Transport.class);
    private final EventLoopGroup workers;
    private final ConnectGuard guard;
    private final ConnectionHandlers handlers;
    private @Nullable Tls tls;

    private Listeners(EventLoops kind, EventLoopGroup workers, ConnectGuard guard, ConnectionHandlers handlers) {
        this.kind = kind;
        this.acceptor = kind.newGroup(1, "dunlin-accept");
        this.workers = workers;
        this.guard = guard;
        this.handlers = handlers;
    }

    /**
     * Opens all listeners that {@code settings} ask for, or none.
     *
     * @param workers serve the connections, loops of the kind that {@code settings} ask for; they stay the caller's
     * @throws EngineStartException if a port cannot be opened, or a certificate cannot be read or made
     */
    public static Listeners open(
            EngineSettings settings, EventLoopGroup workers, ConnectGuard guard, ConnectionHandlers handlers)
            throws EngineStartException {
        return open(settings, workers, guard, handlers, LOOK_AT_CERTIFICATE);
    }

    static Listeners open(
            EngineSettings settings,
            EventLoopGroup workers,
            ConnectGuard guard,
            ConnectionHandlers handlers,
            Duration lookAtCertificate)
            throws EngineStartException {
        var listeners = new Listeners(EventLoops.of(settings.io()), workers, guard, handlers);
        try {
            listeners.openAll(settings, lookAtCertificate);
            return listeners;
        } catch (EngineStartException | RuntimeException failed) {
            listeners.stop();
            throw failed;
        }
    }

    private void openAll(EngineSettings settings, Duration lookAtCertificate) throws EngineStartException {
        var host = addressOf(settings.host());
        if (settings.tlsPort() >= 0 || settings.wssPort() >= 0) {
            tls = Tls.start(settings, lookAtCertificate);
        }
        open(Transport.TCP, host, settings.tcpPort(), settings);
        open(Transport.TLS, host, settings.tlsPort(), settings);
        open(Transport.WS, host, settings.wsPort(), settings);
        open(Transport.WSS, host, settings.wssPort(), settings);
    }

    private static InetAddress addressOf(String host) throws EngineStartException {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException unknown) {
            throw new EngineStartException(
                    "The address %s (dunlin.mqtt.host) is not known; give an address of this machine, or 0.0.0.0 for all."
                            .formatted(host),
                    unknown);
        }
    }

    /** The port of each listener that is open. */
    public Map<Transport, Integer> ports() {
        var ports = new EnumMap<Transport, Integer>(Transport.class);
        open.forEach(
                (transport, channel) -> ports.put(transport, ((InetSocketAddress) channel.localAddress()).getPort()));
        return Collections.unmodifiableMap(ports);
    }

    /** Stops accepting, and closes what has not begun to speak MQTT; other connections stay. Waits until it is done. */
    public void stop() {
        open.values().forEach(listener -> listener.close().awaitUninterruptibly());
        beginning.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
        if (tls != null) {
            tls.stop();
        }
        acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private void open(Transport transport, InetAddress host, int port, EngineSettings settings)
            throws EngineStartException {
        if (port < 0) {
            return;
        }
        boolean isProxied = settings.proxyProtocol().contains(transport);
        var pace = new AcceptPace(((MultithreadEventLoopGroup) workers).executorCount());
        var bound = new ServerBootstrap()
                .group(acceptor, workers)
                .channel(kind.serverChannel())
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                // behind a proxy, all connections come from the proxy's own address
                .handler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel listener) {
                        listener.pipeline().addLast(new AcceptGuard(isProxied ? ConnectGuard.OPEN : guard), pace);
                    }
                })
                // and TCP_NODELAY, which Netty sets by itself
                .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARKS)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        pace.onBegin(channel);
                        if (isProxied) {
                            beginning.add(channel);
                            ProxyStart.addTo(channel.pipeline(), guard, proxied -> start(proxied, transport));
                        } else {
                            if (transport == Transport.TCP) {
                                channel.config().setRecvByteBufAllocator(LoopReadBuffer.INSTANCE);
                            }
                            start(channel, transport);
                        }
                    }

                    @Override
                    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
                        StartFault.close(context, cause);
                    }
                })
                .bind(host, port)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new EngineStartException(whyNotBound(transport, host, port, bound.cause()), bound.cause());
        }
        open.put(transport, bound.channel());
    }

    /** The operating system's reason is in the message alone, worded alike for epoll and NIO. */
    private static String whyNotBound(Transport transport, InetAddress host, int port, Throwable cause) {
        var property = "dunlin.mqtt." + transport.name().toLowerCase(Locale.ROOT) + ".port";
        var reason = String.valueOf(cause.getMessage());
        if (reason.contains("in use")) {
            return "Port %d (%s) is in use by another process; stop that process or choose another port."
                    .formatted(port, property);
        }
        if (reason.contains("denied")) {
            return "Port %d (%s) may not be opened by this user; choose a port above 1023.".formatted(port, property);
        }
        if (reason.contains("assign")) {
            return "The address %s (dunlin.mqtt.host) is not one of this machine; give one that is, or 0.0.0.0 for all."
                    .formatted(host.getHostAddress());
        }
        return "Port %d (%s) cannot be opened: %s.".formatted(port, property, reason);
    }

    private void start(Channel channel, Transport transport) {
        switch (transport) {
            case TCP -> begin(channel, Transport.TCP);
            case TLS -> secure(channel, secured -> begin(secured, Transport.TLS));
            case WS -> upgrade(channel, Transport.WS);
            case WSS -> secure(channel, secured -> upgrade(secured, Transport.WSS));
        }
    }

    private void secure(Channel channel, Consumer<Channel> next) {
        beginning.add(channel);
        channel.pipeline().addLast(requireNonNull(tls).newHandler(channel.alloc()), new TlsStart(next));
    }

    private void upgrade(Channel channel, Transport transport) {
        beginning.add(channel);
        WebSocketUpgrade.addTo(channel.pipeline(), upgraded -> begin(upgraded, transport));
    }

    private void begin(Channel channel, Transport transport) {
        beginning.remove(channel);
        channel.pipeline().addLast(handlers.create(Peer.of(channel, transport), channel));
    }
}
