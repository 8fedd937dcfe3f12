package dev.dunlin.engine.connection;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import org.jspecify.annotations.Nullable;

/**
 * Where the connections of one event loop lay out what has arrived, to decode it: on the heap, where a byte costs least to
 * look at, and in one buffer for all, since each is done with it before the next begins. On that loop only.
 */
final class ArrivedBytes {
    private static final int CAPACITY = 96 * 1024;

    /** An incomplete packet of up to this size is copied each time more of it arrives; a larger one grows where it is. */
    private static final int SHORT = 4 * 1024;

    private @Nullable ByteBuf common;
    private boolean isLent;

    /**
     * Lays out {@code earlier}, then {@code arrived}. Takes the former, borrows the latter; gives the result, which goes
     * back by {@link #putBack}.
     */
    ByteBuf layOut(@Nullable ByteBuf earlier, @Nullable ByteBuf arrived, ByteBufAllocator allocator) {
        if (earlier != null && arrived == null) {
            return earlier;
        }
        if (earlier != null && arrived != null && earlier.readableBytes() > SHORT) {
            return append(earlier, arrived, allocator);
        }
        var bytes = lend(allocator);
        if (earlier != null) {
            bytes.writeBytes(earlier);
            earlier.release();
        }
        return arrived == null ? bytes : bytes.writeBytes(arrived);
    }

    private ByteBuf lend(ByteBufAllocator allocator) {
        if (isLent) {
            return allocator.heapBuffer();
        }
        isLent = true;
        var bytes = common;
        if (bytes == null) {
            bytes = Unpooled.buffer(CAPACITY);
            common = bytes;
        }
        return bytes;
    }

    /** Appends to a buffer that is twice as large each time it has to grow, so that a large packet is copied but few times. */
    private static ByteBuf append(ByteBuf earlier, ByteBuf arrived, ByteBufAllocator allocator) {
        if (earlier.isWritable(arrived.readableBytes())) {
            return earlier.writeBytes(arrived);
        }
        int length = earlier.readableBytes() + arrived.readableBytes();
        var larger = allocator.heapBuffer(Math.max(length, 2 * earlier.readableBytes()));
        larger.writeBytes(earlier).writeBytes(arrived);
        earlier.release();
        return larger;
    }

    /**
     * Takes what {@link #layOut} gave.
     *
     * @return what is left to read, in a buffer that the caller is given; null if nothing is, or nothing is kept
     */
    @Nullable
    ByteBuf putBack(ByteBuf bytes, boolean keepsRest, ByteBufAllocator allocator) {
        boolean hasRest = keepsRest && bytes.isReadable();
        boolean isCommon = bytes == common;
        if (hasRest && !isCommon && bytes.readerIndex() == 0) {
            return bytes;
        }
        var rest = hasRest
                ? allocator.heapBuffer(Math.max(256, bytes.readableBytes())).writeBytes(bytes)
                : null;
        if (isCommon) {
            isLent = false;
            common = bytes.capacity() > CAPACITY ? null : bytes.clear();
        } else {
            bytes.release();
        }
        return rest;
    }
}
