package dev.dunlin.engine.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;

/**
 * WebSocket frames (RFC 6455 §5) to MQTT bytes and back, without extensions.
 *
 * <p>Payload is passed on as it arrives and never collected, so a frame costs no memory by its announced length: within the
 * buffer that was read, headers are squeezed out and payloads unmasked, and what is left goes on as one buffer. Where
 * frames begin and end means nothing to MQTT ([MQTT-6.0.0-2] in MQTT 3.1.1 and 5).
 */
final class WebSocketFrames extends ChannelDuplexHandler {
    private static final int CONTINUATION = 0x0;
    private static final int TEXT = 0x1;
    private static final int BINARY = 0x2;
    private static final int CLOSE = 0x8;
    private static final int PING = 0x9;
    private static final int PONG = 0xA;

    private static final int FIN = 0x80;
    private static final int RESERVED = 0x70;
    private static final int MASKED = 0x80;

    private static final int NORMAL = 1000;
    private static final int PROTOCOL_ERROR = 1002;
    private static final int NOT_ACCEPTABLE = 1003;
    private static final int TOO_BIG = 1009;

    private static final int MAX_CONTROL_BYTES = 125;
    private static final int MAX_HEADER_BYTES = 14;
    /** The largest packet that MQTT can express; no client has a reason to send a longer frame. */
    private static final int MAX_FRAME_BYTES = 5 + 268_435_455;

    /** The header of the frame that is being read, as far as it is there. */
    private final byte[] header = new byte[MAX_HEADER_BYTES];

    private final byte[] control = new byte[MAX_CONTROL_BYTES];
    private int headerBytes;
    private int controlBytes;
    private int opcode;
    /** Payload of the current frame that is still to come; the frame's header is complete. */
    private int remaining;

    private boolean inPayload;
    /** The mask, turned so that its first byte is for the next byte of payload. */
    private int mask;
    /** A data message has begun and its last frame is yet to come. */
    private boolean fragmented;

    private boolean closing;

    /** Takes {@code message} and gives the MQTT bytes in it. */
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        var in = (ByteBuf) message;
        if (closing) {
            in.release();
            return;
        }
        int start = in.readerIndex();
        int end = start;
        int status = 0;
        while (status == 0 && in.isReadable()) {
            if (!inPayload) {
                status = readHeader(in);
            }
            if (inPayload) {
                int available = Math.min(remaining, in.readableBytes());
                if (isControl()) {
                    in.readBytes(control, controlBytes, available);
                    controlBytes += available;
                } else {
                    unmask(in, end, available);
                    end += available;
                }
                remaining -= available;
                if (remaining == 0) {
                    status = endFrame(context);
                }
            }
        }
        if (end > start) {
            in.setIndex(start, end);
            context.fireChannelRead(in);
        } else {
            in.release();
        }
        if (status != 0) {
            sendClose(context, status);
            context.close();
        }
    }

    private boolean isControl() {
        return opcode >= CLOSE;
    }

    /** Returns the status to close with, or 0; the header is complete when {@link #inPayload}. */
    private int readHeader(ByteBuf in) {
        while (in.isReadable()) {
            header[headerBytes++] = in.readByte();
            if (headerBytes == 2) {
                int status = checkHeader();
                if (status != 0) {
                    return status;
                }
            }
            if (headerBytes >= 2 && headerBytes == 2 + lengthBytes() + Integer.BYTES) {
                return beginPayload();
            }
        }
        return 0;
    }

    private int lengthBytes() {
        return switch (header[1] & 0x7F) {
            case 126 -> Short.BYTES;
            case 127 -> Long.BYTES;
            default -> 0;
        };
    }

    private int checkHeader() {
        boolean isLast = (header[0] & FIN) != 0;
        boolean isMasked = (header[1] & MASKED) != 0;
        opcode = header[0] & 0x0F;
        if (!isMasked || (header[0] & RESERVED) != 0) {
            return PROTOCOL_ERROR;
        }
        switch (opcode) {
            case TEXT -> {
                return NOT_ACCEPTABLE;
            }
            case BINARY, CONTINUATION -> {
                if (fragmented != (opcode == CONTINUATION)) {
                    return PROTOCOL_ERROR;
                }
                fragmented = !isLast;
                return 0;
            }
            case CLOSE, PING, PONG -> {
                return isLast && (header[1] & 0x7F) <= MAX_CONTROL_BYTES ? 0 : PROTOCOL_ERROR;
            }
            default -> {
                return PROTOCOL_ERROR;
            }
        }
    }

    private int beginPayload() {
        int lengthBytes = lengthBytes();
        long length = lengthBytes == 0 ? header[1] & 0x7F : 0;
        for (int i = 0; i < lengthBytes; i++) {
            length = length << Byte.SIZE | (header[2 + i] & 0xFF);
        }
        if (length < 0 || length > MAX_FRAME_BYTES) {
            return TOO_BIG;
        }
        mask = 0;
        for (int i = 0; i < Integer.BYTES; i++) {
            mask = mask << Byte.SIZE | (header[2 + lengthBytes + i] & 0xFF);
        }
        remaining = (int) length;
        controlBytes = 0;
        inPayload = true;
        return 0;
    }

    /** Moves the next {@code count} bytes to {@code to}, which is at or before them, unmasked. */
    private void unmask(ByteBuf in, int to, int count) {
        int from = in.readerIndex();
        long wide = (long) mask << Integer.SIZE | (mask & 0xFFFF_FFFFL);
        int i = 0;
        for (; i + Long.BYTES <= count; i += Long.BYTES) {
            in.setLong(to + i, in.getLong(from + i) ^ wide);
        }
        for (; i < count; i++) {
            in.setByte(to + i, in.getByte(from + i) ^ maskByte(i));
        }
        in.skipBytes(count);
        mask = Integer.rotateLeft(mask, count % Integer.BYTES * Byte.SIZE);
    }

    private int maskByte(int index) {
        return mask >>> (Integer.SIZE - Byte.SIZE - index % Integer.BYTES * Byte.SIZE);
    }

    /** Returns the status to close with, or 0. */
    private int endFrame(ChannelHandlerContext context) {
        inPayload = false;
        headerBytes = 0;
        if (!isControl()) {
            return 0;
        }
        for (int i = 0; i < controlBytes; i++) {
            control[i] ^= (byte) maskByte(i);
        }
        if (opcode == CLOSE) {
            return statusOfClose();
        }
        // one who does not read his answers gets none, and cannot make them pile up
        if (opcode == PING && context.channel().isWritable()) {
            context.writeAndFlush(controlFrame(context, PONG, control, controlBytes));
        }
        return 0;
    }

    /** What to answer a Close with: its own status, if it has a proper one. */
    private int statusOfClose() {
        if (controlBytes == 0) {
            return NORMAL;
        }
        int status = controlBytes == 1 ? 0 : (control[0] & 0xFF) << Byte.SIZE | (control[1] & 0xFF);
        boolean isProper = status >= 1000 && status <= 1003
                || status >= 1007 && status <= 1014
                || status >= 3000 && status <= 4999;
        return isProper ? status : PROTOCOL_ERROR;
    }

    /** Takes {@code message}, MQTT bytes of any length, and gives them as one frame. */
    @Override
    public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
        int length = ((ByteBuf) message).readableBytes();
        if (length == 0) {
            context.write(message, promise); // of use for its promise alone
            return;
        }
        var start = context.alloc().ioBuffer(2 + Long.BYTES);
        start.writeByte(FIN | BINARY);
        if (length <= MAX_CONTROL_BYTES) {
            start.writeByte(length);
        } else if (length <= 0xFFFF) {
            start.writeByte(126).writeShort(length);
        } else {
            start.writeByte(127).writeLong(length);
        }
        context.write(start);
        context.write(message, promise);
    }

    /** Tells the client that this end is deliberate; waits for nothing, since a stalled client must not stay. */
    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        sendClose(context, NORMAL);
        context.close(promise);
    }

    private void sendClose(ChannelHandlerContext context, int status) {
        if (!closing) {
            closing = true;
            var payload = new byte[] {(byte) (status >>> Byte.SIZE), (byte) status};
            context.writeAndFlush(controlFrame(context, CLOSE, payload, payload.length));
        }
    }

    private static ByteBuf controlFrame(ChannelHandlerContext context, int opcode, byte[] payload, int length) {
        return context.alloc()
                .ioBuffer(2 + length)
                .writeByte(FIN | opcode)
                .writeByte(length)
                .writeBytes(payload, 0, length);
    }
}
