package dev.dunlin.engine.connection;

import dev.dunlin.engine.packet.Packet.Connect;
import dev.dunlin.engine.packet.ProtocolVersion;
import dev.dunlin.engine.session.SessionLoop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * What one connection has to write, and what its client takes. Packets are put one behind the other and go to the network
 * together when the turn of the event loop ends, or earlier once {@link #MAX_UNFLUSHED} bytes have come together. An idle
 * connection holds no buffer.
 *
 * <p>A peer that does not read makes it pile up here up to the channel's high water mark; and where all such peers together
 * hold more than they may, up to {@link #LEAST_UNSENT}.
 */
final class Output implements SessionLoop.TurnEnd {
    static final int MAX_UNFLUSHED = 64 * 1024;

    /** Bytes that the network may leave unsent on any connection, whatever others leave. */
    static final int LEAST_UNSENT = 16 * 1024;

    private static final Duration CLOSE_DEADLINE = Duration.ofSeconds(2);
    private static final int SMALLEST_BUFFER = 128;

    /** Fixed header, identifier, code and lengths. */
    private static final int MOST_BYTES_AROUND_TEXT = 16;

    private final ChannelHandlerContext context;
    private final HeldBytes unsentOfAll;
    private final Runnable onWritable;
    private SessionLoop loop;

    // As the client has said in CONNECT
    private ProtocolVersion version = ProtocolVersion.MQTT_3_1_1;
    private long maxPacketBytes = Long.MAX_VALUE;
    private boolean wantsReasonStrings;

    private @Nullable ByteBuf unflushed;

    /** Bytes that Netty has and that are not flushed. */
    private int written;

    private int sizeHint = SMALLEST_BUFFER;
    private boolean turnEndComes;

    /** Bytes that the network has left, as they are counted in those of all. */
    private int unsent;

    /** Absent until a client is accepted. */
    private @Nullable AtomicLong unsentOfTenant;

    /** We will be told when the network has taken what it has left now. */
    private boolean isAwaited;

    private boolean isCurtailed;

    /**
     * @param loop the connection's own
     * @param unsentOfAll what all connections together hold for networks that do not take it
     * @param onWritable runs when it is writable again and the channel, which was so all the time, does not say so
     */
    Output(ChannelHandlerContext context, SessionLoop loop, HeldBytes unsentOfAll, Runnable onWritable) {
        this.context = context;
        this.loop = loop;
        this.unsentOfAll = unsentOfAll;
        this.onWritable = onWritable;
    }

    /** From here on, what the network leaves is counted in {@code bytes} of the tenant too; so far it has left nothing. */
    void countIn(AtomicLong bytes) {
        unsentOfTenant = bytes;
    }

    /** Moves to another event loop; nothing is written in between. */
    void moveTo(SessionLoop loop) {
        this.loop = loop;
    }

    /** From here on the client's version is known, and what it takes. */
    void onConnect(Connect connect) {
        version = connect.version();
        maxPacketBytes = connect.maximumPacketSize();
        wantsReasonStrings = version.isMqtt5() && connect.requestProblemInformation();
    }

    ProtocolVersion version() {
        return version;
    }

    /** The client's Maximum Packet Size (MQTT 5 §3.1.2.11.4); {@link Long#MAX_VALUE} if it has set none. */
    long maxPacketBytes() {
        return maxPacketBytes;
    }

    /** Whether the client takes a packet of {@code packetBytes} (MQTT 5 [MQTT-3.1.2-24]). */
    boolean takes(long packetBytes) {
        return packetBytes <= maxPacketBytes;
    }

    /** Whether the client wants to read {@code text}, and takes a packet of so much, one reason code and {@code moreBytes}. */
    boolean takesReasonString(String text, int moreBytes) {
        return wantsReasonStrings && takes(text.length() * 3L + MOST_BYTES_AROUND_TEXT + moreBytes);
    }

    ByteBufAllocator alloc() {
        return context.alloc();
    }

    /** Lends the buffer that the next packet is written to. */
    ByteBuf next() {
        var buffer = unflushed;
        if (buffer != null && buffer.readableBytes() >= MAX_UNFLUSHED) {
            flush();
            buffer = null;
        }
        if (buffer == null) {
            buffer = context.alloc().ioBuffer(sizeHint);
            unflushed = buffer;
            if (!turnEndComes) {
                turnEndComes = true;
                loop.atTurnEnd(this);
            }
        }
        return buffer;
    }

    /** Takes {@code bytes} and sends them, as they are, behind what was put into the buffer so far. */
    void append(ByteBuf bytes) {
        var buffer = unflushed;
        if (buffer != null) {
            unflushed = null;
            written += buffer.readableBytes();
            context.write(buffer, context.voidPromise());
        }
        written += bytes.readableBytes();
        context.write(bytes, context.voidPromise());
        if (written >= MAX_UNFLUSHED) {
            flush();
        }
    }

    boolean isWritable() {
        return !isCurtailed && context.channel().isWritable();
    }

    @Override
    public void onTurnEnd() {
        turnEndComes = false;
        flush();
    }

    /** Gives the network what there is. */
    void flush() {
        var buffer = unflushed;
        if (buffer != null) {
            unflushed = null;
            int size = buffer.readableBytes();
            sizeHint = Math.max(SMALLEST_BUFFER, Math.min(size + (size >> 2), MAX_UNFLUSHED + MAX_UNFLUSHED / 4));
            context.writeAndFlush(buffer, context.voidPromise());
        } else if (written > 0) {
            context.flush();
        }
        written = 0;
        countUnsent();
    }

    /** Looks at what the network has left of it. */
    private void countUnsent() {
        var buffer = context.channel().unsafe().outboundBuffer();
        int left = buffer == null ? 0 : (int) Math.min(Integer.MAX_VALUE, buffer.totalPendingWriteBytes());
        if (left <= LEAST_UNSENT && unsent == 0) {
            return;
        }
        int counted = left <= LEAST_UNSENT ? 0 : left;
        boolean isWithin = unsentOfAll.resize(unsent, counted, unsentOfTenant);
        unsent = counted;
        isCurtailed = counted > 0 && (!isWithin || unsentOfAll.isExceeded());
        if (counted > 0 && !isAwaited) {
            isAwaited = true;
            context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(taken -> onTaken());
        }
    }

    private void onTaken() {
        isAwaited = false;
        boolean wasCurtailed = isCurtailed;
        countUnsent();
        if (wasCurtailed && !isCurtailed && context.channel().isWritable()) {
            onWritable.run();
        }
    }

    /**
     * Writes what there is and closes then. Where the transport can, only our direction is closed at first: a socket that
     * is closed while bytes of the peer are unread resets the connection, and the peer would not read our last words.
     *
     * @param halfClose whether the transport is plain TCP, and the peer may still be sending
     */
    void close(boolean halfClose) {
        flush();
        var channel = context.channel();
        var written = context.writeAndFlush(Unpooled.EMPTY_BUFFER);
        if (halfClose && channel instanceof DuplexChannel duplex) {
            written.addListener(done -> duplex.shutdownOutput());
        } else {
            written.addListener(ChannelFutureListener.CLOSE);
        }
        if (channel.isOpen()) {
            var deadline = channel.eventLoop()
                    .schedule(() -> channel.close(), CLOSE_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
            channel.closeFuture().addListener(closed -> deadline.cancel(false));
        }
    }

    /** Forgets what is not written; the channel is closed. */
    void release() {
        var buffer = unflushed;
        if (buffer != null) {
            unflushed = null;
            buffer.release();
        }
    }
}
