package dev.dunlin.engine.connection;

import dev.dunlin.engine.codec.MqttDecoder;
import dev.dunlin.engine.packet.Packet;
import dev.dunlin.engine.tenant.TenantSpace;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.util.concurrent.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What has arrived on one connection and is not decoded. Hands on packet by packet until it is paused or closed; holds the
 * bytes of at most one incomplete packet, never more of them than such a packet may have, and what arrives during a pause. A
 * packet has its own deadline, and only whole ones count as a sign of life. On the connection's loop.
 */
final class Reading {
    /** Whom the packets are for. */
    interface Recipient {
        /** May pause or close the reading, or resume it if the packet has paused it. */
        void onPacket(Packet packet);

        /**
         * All is decoded that was to be decoded for now.
         *
         * @param isTurnOver whether there may be more, and others are to have their turn before
         */
        void onDecoded(boolean isTurnOver);

        /** What is kept of unfinished packets is too much for all connections together. */
        void onTooMuchHeld();

        /** A packet has begun, and has not ended in time. */
        void onPacketOverdue();

        /** A packet met with a fault of ours. */
        void fail(RuntimeException fault);
    }

    /** The largest CONNECT packet, in bytes: the most that a stranger may make us hold. */
    private static final int MAX_CONNECT_BYTES = 128 * 1024;

    /** The largest packet that MQTT can express. */
    static final long MAX_PACKET_BYTES = 268_435_460L;

    /** From the first byte of a packet to its last. */
    private static final Duration PACKET_DEADLINE = Duration.ofSeconds(120);

    /** Deliveries on its loop that what a connection has sent may cost, before others have their turn: a few milliseconds. */
    private static final int DELIVERY_COST_A_TURN = 8_192;

    private final Recipient recipient;
    private final ChannelHandlerContext context;
    private final MqttDecoder decoder;
    private LoopConnections neighbours;

    /** Bytes that are not decoded, in a buffer of their own: of a packet that is not complete, or of any while reading is paused. */
    private @Nullable ByteBuf undecoded;

    /** Of its buffer, as they are counted among those of {@link #heldByAll}. */
    private int heldBytes;

    private HeldBytes heldByAll;

    /** Absent until a client is accepted. */
    private @Nullable AtomicLong heldByTenant;

    private boolean isPaused;
    private boolean isClosed;
    private boolean isDecoding;
    private long packetCount;
    private long lastPacketNanos;
    private @Nullable Future<?> packetDeadline;

    /** @param heldByAll what those who are not logged in hold together */
    Reading(
            Recipient recipient,
            ChannelHandlerContext context,
            LongSupplier nanoClock,
            LoopConnections neighbours,
            HeldBytes heldByAll) {
        this.heldByAll = heldByAll;
        this.recipient = recipient;
        this.context = context;
        this.neighbours = neighbours;
        this.decoder = new MqttDecoder(MAX_CONNECT_BYTES, nanoClock, neighbours.topics());
    }

    /** Moves to another event loop, that of {@code neighbours}; nothing is read in between. */
    void moveTo(LoopConnections neighbours) {
        packetDeadline = cancel(packetDeadline); // it would run on the loop that is left
        this.neighbours = neighbours;
        decoder.moveTo(neighbours.topics());
    }

    /**
     * From here on, packets may be as large as those of the tenant.
     *
     * @param heldByAll what clients hold together, with which is counted from here on what this one holds
     */
    void limitTo(TenantSpace space, HeldBytes heldByAll) {
        countHeld(0);
        this.heldByAll = heldByAll;
        heldByTenant = space.bufferBytes();
        decoder.limit(maxPacketBytes(space));
    }

    /** The largest packet that a client of the tenant may send. */
    static long maxPacketBytes(TenantSpace space) {
        return Math.min(space.limits().packetBytes(), MAX_PACKET_BYTES);
    }

    /** Whether a CONNECT packet has come at least as far as its version, and that is MQTT 5. */
    boolean isMqtt5() {
        return decoder.isMqtt5();
    }

    boolean isPaused() {
        return isPaused;
    }

    /** When the last whole packet came, or reading was resumed after it. */
    long lastPacketNanos() {
        return lastPacketNanos;
    }

    /** Borrows {@code arrived}, what the network has brought; during a pause it is kept. */
    void read(ByteBuf arrived) {
        if (isPaused || isDecoding) {
            var bytes = neighbours.arrivedBytes().layOut(undecoded, arrived, context.alloc());
            hold(neighbours.arrivedBytes().putBack(bytes, true, context.alloc()));
            if (isPaused) {
                pause(); // what began as a short one
            }
        } else {
            decode(arrived);
        }
    }

    /** Hands on nothing more, and takes no more from the network than it already has. */
    void pause() {
        isPaused = true;
        context.channel().config().setAutoRead(false);
    }

    /**
     * As {@link #pause}, for what is over before more can come as a rule: only if something comes nevertheless, no more is taken
     * from the network.
     */
    void pauseBriefly() {
        isPaused = true;
    }

    /** Goes on with what has arrived meanwhile, and reads again unless that has led to another pause. */
    void resume() {
        if (isClosed) {
            return;
        }
        isPaused = false;
        lastPacketNanos = neighbours.nanoTime(); // the client was not silent, we were deaf
        decode(null);
        if (isHandingOn()) {
            context.channel().config().setAutoRead(true);
        }
    }

    /** Forgets what is not decoded; of what still comes, only the end is looked for. */
    void close() {
        isClosed = true;
        if (!isDecoding) {
            releaseUndecoded();
        }
        context.channel().config().setAutoRead(true); // to see the end of the other direction
    }

    /** As {@link #close}; the channel is closed. */
    void release() {
        isClosed = true;
        packetDeadline = cancel(packetDeadline);
        releaseUndecoded();
    }

    private void releaseUndecoded() {
        var left = undecoded;
        if (left != null) {
            undecoded = null;
            left.release();
        }
        countHeld(0);
    }

    /** Takes {@code rest}. */
    private void hold(@Nullable ByteBuf rest) {
        undecoded = rest;
        if (!countHeld(rest == null ? 0 : rest.capacity())) {
            recipient.onTooMuchHeld();
        }
    }

    private boolean countHeld(int bytes) {
        int before = heldBytes;
        heldBytes = bytes;
        return heldByAll.resize(before, bytes, heldByTenant);
    }

    private static @Nullable Future<?> cancel(@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
        return null;
    }

    private boolean isHandingOn() {
        return !isPaused && !isClosed;
    }

    /** Borrows {@code arrived}, if anything has, and decodes it behind what was left. */
    private void decode(@Nullable ByteBuf arrived) {
        var earlier = undecoded;
        if (isDecoding || arrived == null && earlier == null) {
            return;
        }
        isDecoding = true;
        undecoded = null;
        long packetsBefore = packetCount;
        var arrivedBytes = neighbours.arrivedBytes();
        var bytes = arrivedBytes.layOut(earlier, arrived, context.alloc());
        boolean isTurnOver = false;
        try {
            isTurnOver = decodeAll(bytes);
        } catch (RuntimeException fault) {
            recipient.fail(fault);
        } finally {
            isDecoding = false;
            hold(arrivedBytes.putBack(bytes, !isClosed, context.alloc()));
        }
        if (undecoded != null && packetDeadline == null && !isPaused) {
            awaitPacket();
        }
        if (packetCount != packetsBefore) {
            lastPacketNanos = neighbours.nanoTime();
        }
        recipient.onDecoded(isTurnOver);
    }

    /** @return whether there may be more to decode, and others are to have their turn before */
    private boolean decodeAll(ByteBuf bytes) {
        long last = neighbours.loop().counters().deliveryCost() + DELIVERY_COST_A_TURN;
        while (isHandingOn()) {
            var packet = decoder.decode(bytes);
            if (packet == null) {
                return false;
            }
            packetCount++;
            recipient.onPacket(packet);
            if (neighbours.loop().counters().deliveryCost() > last) {
                return bytes.isReadable();
            }
        }
        return false;
    }

    private void awaitPacket() {
        long packetsSoFar = packetCount;
        packetDeadline = context.channel()
                .eventLoop()
                .schedule(() -> onPacketDeadline(packetsSoFar), PACKET_DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void onPacketDeadline(long packetsSoFar) {
        packetDeadline = null;
        if (undecoded == null || isPaused) {
            return;
        }
        if (packetCount == packetsSoFar) {
            recipient.onPacketOverdue();
        } else {
            awaitPacket();
        }
    }
}
