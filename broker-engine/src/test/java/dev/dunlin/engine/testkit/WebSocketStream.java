package dev.dunlin.engine.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.Locale;

/**
 * The bytes in the frames of a WebSocket (RFC 6455), as a client sees it. What is written together goes in several frames
 * that care for no packet: one byte, none, a message in two parts with a ping between, and the rest.
 */
record WebSocketStream(InputStream in, OutputStream out) {
    private static final int FIN = 0x80;
    private static final int CONTINUATION = 0;
    private static final int BINARY = 2;
    private static final int CLOSE = 8;
    private static final int PING = 9;
    private static final int PONG = 10;
    private static final byte[] MASK = {0x12, (byte) 0xF3, 0x56, 0x78};

    /** Asks for the upgrade, with sub-protocol mqtt and an offer to compress, and fails unless it is granted without. */
    static WebSocketStream upgrade(Socket socket) throws IOException {
        var request = String.join(
                "\r\n",
                "GET /mqtt HTTP/1.1",
                "Host: localhost",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Protocol: mqtt",
                "Sec-WebSocket-Extensions: permessage-deflate",
                "",
                "");
        socket.getOutputStream().write(request.getBytes(US_ASCII));
        var answer = new StringBuilder();
        while (answer.indexOf("\r\n\r\n") < 0) {
            int read = socket.getInputStream().read();
            if (read < 0) {
                throw new EOFException("After " + answer);
            }
            answer.append((char) read);
        }
        var headers = answer.toString().toLowerCase(Locale.ROOT);
        if (!headers.startsWith("http/1.1 101 ")
                || !headers.contains("sec-websocket-protocol: mqtt\r\n")
                || headers.contains("sec-websocket-extensions")) {
            throw new IOException("Not the upgrade that was asked for: " + answer);
        }
        return new WebSocketStream(new Frames(socket.getInputStream()), new Framing(socket.getOutputStream()));
    }

    /** The payload of the server's frames, up to its close. */
    private static final class Frames extends InputStream {
        private final DataInputStream in;
        private long left;

        Frames(InputStream in) {
            this.in = new DataInputStream(in);
        }

        @Override
        public int read() throws IOException {
            var one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            while (left == 0) {
                if (!nextFrame()) {
                    return -1;
                }
            }
            int read = in.read(into, from, (int) Math.min(length, left));
            left -= Math.max(read, 0);
            return read;
        }

        private boolean nextFrame() throws IOException {
            int first = in.read();
            if (first < 0) {
                return false;
            }
            int second = in.readUnsignedByte();
            long length = second < 126 ? second : second == 126 ? in.readUnsignedShort() : in.readLong();
            int opcode = first & 0xF;
            if (opcode == PONG) {
                in.skipNBytes(length);
            } else if (opcode == BINARY || opcode == CONTINUATION) {
                left = length;
            } else if (opcode == CLOSE) {
                return false;
            } else {
                throw new IOException("A frame that no MQTT server sends: " + first);
            }
            return true;
        }
    }

    private static final class Framing extends OutputStream {
        private final OutputStream out;

        Framing(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            int one = Math.min(1, length);
            int three = Math.min(3, length - one);
            int half = (length - one - three) / 2;
            var frames = new ByteArrayOutputStream();
            append(frames, FIN | BINARY, bytes, from, one);
            append(frames, FIN | BINARY, bytes, from, 0);
            append(frames, BINARY, bytes, from + one, three);
            append(frames, FIN | PING, bytes, from, 0);
            append(frames, CONTINUATION, bytes, from + one + three, half);
            append(frames, FIN | CONTINUATION, bytes, from + one + three + half, length - one - three - half);
            out.write(frames.toByteArray());
        }

        @Override
        public void flush() throws IOException {
            out.flush();
        }

        private static void append(ByteArrayOutputStream frames, int first, byte[] bytes, int from, int length) {
            frames.write(first);
            if (length < 126) {
                frames.write(0x80 | length);
            } else if (length <= 0xFFFF) {
                frames.write(0x80 | 126);
                frames.writeBytes(Wire.int16(length));
            } else {
                frames.write(0x80 | 127);
                frames.writeBytes(Wire.int32(0));
                frames.writeBytes(Wire.int32(length));
            }
            frames.writeBytes(MASK);
            for (int i = 0; i < length; i++) {
                frames.write(bytes[from + i] ^ MASK[i % 4]);
            }
        }
    }
}
