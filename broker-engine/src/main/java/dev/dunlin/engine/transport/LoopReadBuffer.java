package dev.dunlin.engine.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.DefaultMaxMessagesRecvByteBufAllocator;
import io.netty.util.concurrent.FastThreadLocal;

/**
 * Lends all plain TCP connections of an event loop one buffer to read into, so that an idle connection holds none and a read
 * allocates none. For channels whose first handler copies out what it keeps and releases the buffer at once: whoever keeps
 * it has it for good, and the loop gets another.
 */
final class LoopReadBuffer extends DefaultMaxMessagesRecvByteBufAllocator {
    static final LoopReadBuffer INSTANCE = new LoopReadBuffer();

    /** The most that one read brings. */
    private static final int CAPACITY = 64 * 1024;

    /** Reads of one connection in a row, before the others of its loop have their turn: one is some 600 small messages. */
    private static final int MAX_READS = 1;

    private static final FastThreadLocal<ByteBuf> BUFFER = new FastThreadLocal<>() {
        @Override
        protected ByteBuf initialValue() {
            return Unpooled.directBuffer(CAPACITY, CAPACITY);
        }

        @Override
        protected void onRemoval(ByteBuf buffer) {
            buffer.release();
        }
    };

    private LoopReadBuffer() {
        super(MAX_READS);
    }

    /** A new reference to the buffer of the loop that asks. */
    private static ByteBuf lend() {
        var buffer = BUFFER.get();
        if (buffer.refCnt() > 1) {
            buffer.release();
            buffer = Unpooled.directBuffer(CAPACITY, CAPACITY);
            BUFFER.set(buffer);
        }
        return buffer.clear().retain();
    }

    @Override
    public Handle newHandle() {
        return new MaxMessageHandle() {
            @Override
            public ByteBuf allocate(ByteBufAllocator allocator) {
                return lend();
            }

            @Override
            public int guess() {
                return CAPACITY;
            }
        };
    }
}
