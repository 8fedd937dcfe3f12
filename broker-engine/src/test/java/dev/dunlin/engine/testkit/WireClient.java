package dev.dunlin.engine.testkit;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import javax.net.SocketFactory;

/**
 * A client of bytes for hostile and conformance tests, over TCP or what lies on it: it sends what no library would and answers nothing by
 * itself, except where a method says so. Reads wait ten seconds at most. For one thread.
 */
public final class WireClient implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 10_000;

    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final Deque<WirePacket> pending = new ArrayDeque<>();
    private MqttVersion version = MqttVersion.V3_1_1;
    private int lastPacketId;

    private WireClient(Socket socket, InputStream in, OutputStream out) {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(in));
        this.out = out;
    }

    /** Over TCP. */
    public static WireClient open(int port) {
        return open(port, SocketFactory.getDefault());
    }

    /** Over TCP, or over TLS with the factory of that. */
    public static WireClient open(int port, SocketFactory sockets) {
        try {
            var socket = connect(port, sockets);
            return new WireClient(socket, socket.getInputStream(), socket.getOutputStream());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Over TCP, from another address of the loopback. */
    static WireClient openFrom(String address, int port) {
        try {
            var socket = new Socket();
            socket.bind(new InetSocketAddress(address, 0));
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            prepare(socket);
            return new WireClient(socket, socket.getInputStream(), socket.getOutputStream());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Over WebSocket, on TCP or TLS. */
    public static WireClient openWebSocket(int port, SocketFactory sockets) {
        try {
            var socket = connect(port, sockets);
            var stream = WebSocketStream.upgrade(socket);
            return new WireClient(socket, stream.in(), stream.out());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static Socket connect(int port, SocketFactory sockets) throws IOException {
        var socket = sockets.createSocket(InetAddress.getLoopbackAddress(), port);
        prepare(socket);
        return socket;
    }

    private static void prepare(Socket socket) throws SocketException {
        socket.setSoTimeout(PATIENCE_MILLIS);
        socket.setTcpNoDelay(true);
    }

    /** Sends as one write. */
    public WireClient send(byte[]... parts) {
        try {
            out.write(Wire.concat(parts));
            out.flush();
            return this;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Sends CONNECT and gives the CONNACK. */
    public WirePacket login(WireConnect connect) {
        version = connect.version();
        send(connect.encode());
        return expect(WirePacket.CONNACK);
    }

    /** Sends a CONNECT of MQTT 5, ready-made, and reads what follows in that version. */
    public WireClient login5(byte[] connect) {
        version = MqttVersion.V5;
        return send(connect);
    }

    /** As {@link #login}, and fails unless it is accepted. */
    public WireClient connect(WireConnect connect) {
        var connack = login(connect);
        if (connack.reason() != 0) {
            throw new AssertionError("Refused with " + connack);
        }
        return this;
    }

    /** Subscribes, and gives the reason code of the last filter. */
    public int subscribe(int qos, String... filters) {
        send(Wire.subscribe(version, nextPacketId(), qos, filters));
        return keepAsideUntil(WirePacket.SUBACK).reason();
    }

    /** Publishes, and goes through the whole exchange of the QoS; gives the reason code of PUBACK or PUBREC. */
    public int publish(String topic, String payload, int qos, boolean retain) {
        int packetId = qos > 0 ? nextPacketId() : 0;
        send(Wire.publish(version, topic, payload, qos, retain, packetId));
        if (qos == 0) {
            return 0;
        }
        int reason =
                keepAsideUntil(qos == 1 ? WirePacket.PUBACK : WirePacket.PUBREC).reason();
        if (qos == 2 && reason < 0x80) {
            send(Wire.acknowledge(WirePacket.PUBREL, packetId));
            keepAsideUntil(WirePacket.PUBCOMP);
        }
        return reason;
    }

    /** The next packet, of any type. */
    public WirePacket receive() {
        var kept = pending.poll();
        return kept != null ? kept : read();
    }

    /** The next packet; fails if it is of another type. */
    public WirePacket expect(int type) {
        var packet = receive();
        if (packet.type() != type) {
            throw new AssertionError("Expected a packet of type " + type + ", received " + packet);
        }
        return packet;
    }

    /** The next PUBLISH; acknowledges it, at QoS 2 through to the end. */
    public WirePacket receiveMessage() {
        var publish = expect(WirePacket.PUBLISH);
        if (publish.qos() == 1) {
            send(Wire.acknowledge(WirePacket.PUBACK, publish.packetId()));
        } else if (publish.qos() == 2) {
            send(Wire.acknowledge(WirePacket.PUBREC, publish.packetId()));
            keepAsideUntil(WirePacket.PUBREL);
            send(Wire.acknowledge(WirePacket.PUBCOMP, publish.packetId()));
        }
        return publish;
    }

    /** A fence: pings, and gives all that came before the answer. */
    public List<WirePacket> ping() {
        send(Wire.pingreq());
        var before = new ArrayList<WirePacket>();
        for (var packet = receive(); packet.type() != WirePacket.PINGRESP; packet = receive()) {
            before.add(packet);
        }
        return before;
    }

    /** Waits until the broker closes the connection, and gives what it sent before. Fails if it does not. */
    public List<WirePacket> awaitClose() {
        var before = new ArrayList<>(pending);
        pending.clear();
        try {
            while (true) {
                before.add(readOrEnd());
            }
        } catch (EOFException | SocketException closed) {
            return before;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Sends DISCONNECT and waits until the broker has closed. */
    public void disconnect() {
        send(Wire.disconnect());
        awaitClose();
    }

    /** Closes without DISCONNECT, so that the broker publishes the will. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    public int nextPacketId() {
        lastPacketId = lastPacketId % 0xFFFF + 1;
        return lastPacketId;
    }

    /** For tests that look at the connection itself. */
    public Socket socket() {
        return socket;
    }

    /** The next packet of a type; what comes before it stays for {@link #receive}. */
    private WirePacket keepAsideUntil(int type) {
        var packet = read();
        while (packet.type() != type) {
            pending.add(packet);
            packet = read();
        }
        return packet;
    }

    private WirePacket read() {
        try {
            return readOrEnd();
        } catch (IOException failed) {
            throw new UncheckedIOException("After " + pending, failed);
        }
    }

    private WirePacket readOrEnd() throws IOException {
        int first = in.readUnsignedByte();
        int length = 0;
        int shift = 0;
        int read;
        do {
            read = in.readUnsignedByte();
            length |= (read & 0x7F) << shift;
            shift += 7;
        } while (read > 0x7F);
        var body = new byte[length];
        in.readFully(body);
        return new WirePacket(version, first, body);
    }
}
