package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.Wire;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a load: MQTT 3.1.1, written and read as bytes to cost little beside a broker. It answers what QoS 1 and
 * 2 ask for, once for all that a read brought. Its event loop alone touches it.
 */
class Client extends ByteToMessageDecoder {
    /** Long enough that no load has to ping. */
    private static final int KEEP_ALIVE_SECONDS = 3_600;

    private static final int FILTERS_OF_PACKET = 50;
    private static final int CLOSE_SECONDS = 5;

    /** One address has some 28,000 ports; connections come from several. */
    private static final int SOURCE_ADDRESSES = 20;

    private static final AtomicInteger opened = new AtomicInteger();

    private final String userName;
    private final String clientId;
    private final List<String> filters;
    private final int qos;
    private final int keepAliveSeconds;
    private final boolean isClean;
    private final CompletableFuture<Client> ready = new CompletableFuture<>();
    private int openSubscribes;
    private boolean isClosing;
    private @Nullable Channel channel;
    /** Answers to what one read brought. */
    private @Nullable ByteBuf answers;

    Client(String userName, String clientId, List<String> filters, int qos) {
        this(userName, clientId, filters, qos, true);
    }

    /** @param isClean whether its session ends with its connection */
    Client(String userName, String clientId, List<String> filters, int qos, boolean isClean) {
        this(userName, clientId, filters, qos, KEEP_ALIVE_SECONDS, isClean);
    }

    Client(String userName, String clientId, List<String> filters, int qos, int keepAliveSeconds) {
        this(userName, clientId, filters, qos, keepAliveSeconds, true);
    }

    private Client(
            String userName, String clientId, List<String> filters, int qos, int keepAliveSeconds, boolean isClean) {
        this.keepAliveSeconds = keepAliveSeconds;
        this.isClean = isClean;
        this.userName = userName;
        this.clientId = clientId;
        this.filters = filters;
        this.qos = qos;
    }

    /** Connects; the answer is there when the last SUBACK is. */
    final CompletableFuture<Client> open(EventLoop loop, int port) {
        boolean isEpoll = Epoll.isAvailable();
        int source = 1 + opened.getAndIncrement() % SOURCE_ADDRESSES;
        var bootstrap = new Bootstrap()
                .group(loop)
                .channel(isEpoll ? EpollSocketChannel.class : NioSocketChannel.class)
                .option(ChannelOption.TCP_NODELAY, true)
                .handler(this);
        if (isEpoll) {
            bootstrap.option(EpollChannelOption.IP_BIND_ADDRESS_NO_PORT, true);
            bootstrap.localAddress(new InetSocketAddress("127.0.0." + source, 0));
        }
        bootstrap
                .connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .addListener((ChannelFuture connected) -> {
                    if (!connected.isSuccess()) {
                        ready.completeExceptionally(connected.cause());
                    }
                });
        return ready;
    }

    /** Says DISCONNECT, and waits for the broker to close. */
    final CompletableFuture<@Nullable Void> close() {
        return end(own -> {
            own.writeAndFlush(Unpooled.wrappedBuffer(Wire.disconnect()));
            own.eventLoop().schedule(() -> own.close(), CLOSE_SECONDS, TimeUnit.SECONDS);
        });
    }

    /** Ends the connection without a word. */
    final CompletableFuture<@Nullable Void> abort() {
        return end(Channel::close);
    }

    /** Whether its session ends with its connection. */
    final boolean isClean() {
        return isClean;
    }

    /** Has the broker forget the session that this client has left. */
    final CompletableFuture<@Nullable Void> endSession(EventLoop loop, int port) {
        return new Client(userName, clientId, List.of(), qos).open(loop, port).thenCompose(Client::close);
    }

    private CompletableFuture<@Nullable Void> end(Consumer<Channel> closing) {
        var closed = new CompletableFuture<@Nullable Void>();
        var own = channel;
        if (own == null) {
            closed.complete(null);
            return closed;
        }
        own.closeFuture().addListener(end -> closed.complete(null));
        own.eventLoop().execute(() -> {
            isClosing = true;
            closing.accept(own);
        });
        return closed;
    }

    /** Whether it leaves to the network what the broker sends. */
    final void setReading(boolean isReading) {
        channel().config().setAutoRead(isReading);
    }

    final Channel channel() {
        var own = channel;
        if (own == null) {
            throw new IllegalStateException(clientId + " is not connected");
        }
        return own;
    }

    /** The broker has let it in. */
    void onConnected(boolean isSessionPresent) {}

    /**
     * A PUBLISH packet.
     *
     * @param first the first byte of its fixed header
     * @param payload where its payload begins, of {@code payloadBytes}
     */
    void onPublish(ByteBuf in, int first, int payload, int payloadBytes) {}

    /** The broker has acknowledged a message for good. */
    void onAcknowledged() {}

    /** All that one read brought has been looked at. */
    void onReadComplete() {}

    /** The connection ended, and we have not asked for it. */
    void onLost() {}

    @Override
    public final void channelActive(ChannelHandlerContext context) {
        channel = context.channel();
        context.writeAndFlush(Unpooled.wrappedBuffer(Accounts.connect(userName, clientId, keepAliveSeconds, isClean)));
    }

    @Override
    protected final void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        while (true) {
            int header = Packets.headerBytes(in);
            if (header == 0) {
                return;
            }
            int length = Packets.remainingLength(in);
            if (in.readableBytes() < header + length) {
                return;
            }
            int start = in.readerIndex();
            handle(context, in, in.getUnsignedByte(start), start + header, length);
            in.readerIndex(start + header + length);
        }
    }

    private void handle(ChannelHandlerContext context, ByteBuf in, int first, int body, int length) {
        switch (first >>> 4) {
            case Packets.PUBLISH -> {
                int packetQos = first >>> 1 & 3;
                int afterTopic = body + 2 + in.getUnsignedShort(body);
                int payload = afterTopic + (packetQos > 0 ? 2 : 0);
                onPublish(in, first, payload, body + length - payload);
                if (packetQos > 0) {
                    answer(context, packetQos == 1 ? 0x40 : 0x50, in.getShort(afterTopic));
                }
            }
            case Packets.PUBACK, Packets.PUBCOMP -> onAcknowledged();
            case Packets.PUBREC -> answer(context, 0x62, in.getShort(body));
            case Packets.PUBREL -> answer(context, 0x70, in.getShort(body));
            case Packets.CONNACK -> onConnack(context, in.getUnsignedByte(body), in.getUnsignedByte(body + 1));
            case Packets.SUBACK -> onSuback(in, body + 2, length - 2);
            default -> {}
        }
    }

    private void onConnack(ChannelHandlerContext context, int flags, int code) {
        if (code != 0) {
            ready.completeExceptionally(new IllegalStateException(clientId + " was refused: " + code));
            return;
        }
        onConnected((flags & 1) == 1);
        for (int from = 0; from < filters.size(); from += FILTERS_OF_PACKET) {
            var some = filters.subList(from, Math.min(filters.size(), from + FILTERS_OF_PACKET));
            openSubscribes++;
            context.write(Unpooled.wrappedBuffer(
                    Wire.subscribe(MqttVersion.V3_1_1, openSubscribes, qos, some.toArray(String[]::new))));
        }
        context.flush();
        if (filters.isEmpty()) {
            ready.complete(this);
        }
    }

    private void onSuback(ByteBuf in, int codes, int count) {
        for (int i = 0; i < count; i++) {
            if (in.getUnsignedByte(codes + i) != qos) {
                ready.completeExceptionally(new IllegalStateException(clientId + " may not subscribe"));
            }
        }
        openSubscribes--;
        if (openSubscribes == 0) {
            ready.complete(this);
        }
    }

    private void answer(ChannelHandlerContext context, int first, short packetId) {
        if (answers == null) {
            answers = context.alloc().directBuffer(1024);
        }
        answers.writeByte(first).writeByte(2).writeShort(packetId);
    }

    @Override
    public final void channelReadComplete(ChannelHandlerContext context) throws Exception {
        if (answers != null) {
            context.writeAndFlush(answers, context.voidPromise());
            answers = null;
        }
        onReadComplete();
        if (context.channel().config().isAutoRead()) {
            super.channelReadComplete(context); // which asks for more where nobody else does
        }
    }

    @Override
    public final void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        ready.completeExceptionally(cause);
        context.close();
    }

    @Override
    public final void channelInactive(ChannelHandlerContext context) throws Exception {
        if (answers != null) {
            answers.release();
            answers = null;
        }
        if (!isClosing) {
            ready.completeExceptionally(new IllegalStateException("The broker closed " + clientId));
            onLost();
        }
        super.channelInactive(context);
    }
}
