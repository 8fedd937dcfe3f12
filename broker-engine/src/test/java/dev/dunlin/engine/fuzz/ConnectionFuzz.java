package dev.dunlin.engine.fuzz;

import dev.dunlin.engine.port.QueueLimits;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WirePacket;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Sends sequences to a broker, each over a connection of its own: mostly TCP, now and then WebSocket or TLS. In the end the
 * broker has closed the connection, or it answers.
 */
final class ConnectionFuzz {
    private static final int THREADS = 4;

    private static final Set<Integer> FROM_SERVERS = Set.of(
            WirePacket.CONNACK,
            WirePacket.PUBLISH,
            WirePacket.PUBACK,
            WirePacket.PUBREC,
            WirePacket.PUBREL,
            WirePacket.PUBCOMP,
            WirePacket.SUBACK,
            WirePacket.UNSUBACK,
            WirePacket.PINGRESP,
            WirePacket.DISCONNECT,
            WirePacket.AUTH);

    /** No packet id of a sequence, unless bits were flipped. */
    private static final int FENCE_ID = 0xBEEF;

    /** What a packet may lack in the end: above, the broker refuses it by its length. */
    private static final int MOST_MISSING = 160 * 1024;

    /** Small, so that a run meets all of them. */
    static final TenantLimits LIMITS = new TenantLimits(
            1_000,
            280,
            1_000_000,
            32 * 1024,
            30,
            new QueueLimits(100, 100_000, 1_000_000, QueueLimits.WhenFull.DROP_OLDEST),
            30,
            100_000);

    private final TestBroker broker;
    private final long seed;
    private final AtomicLong next = new AtomicLong();
    private final AtomicLong packets = new AtomicLong();
    private final AtomicLong answered = new AtomicLong();

    ConnectionFuzz(TestBroker broker, long seed) {
        this.broker = broker;
        this.seed = seed;
        broker.tenant("acme").setLimits(LIMITS);
    }

    /** Sends so many sequences. */
    void run(long sequences) throws InterruptedException {
        var threads = Executors.newFixedThreadPool(THREADS);
        try {
            var running = new ArrayList<Future<?>>();
            for (int i = 0; i < THREADS; i++) {
                running.add(threads.submit(() -> {
                    for (long number = next.getAndIncrement(); number < sequences; number = next.getAndIncrement()) {
                        send(number);
                    }
                }));
            }
            for (var thread : running) {
                thread.get();
            }
        } catch (ExecutionException failed) {
            throw new AssertionError(failed.getCause());
        } finally {
            threads.shutdownNow();
        }
    }

    /** Packets that the sequences were made of. */
    long packets() {
        return packets.get();
    }

    /** Connections that outlived their sequence. */
    long answered() {
        return answered.get();
    }

    private void send(long number) {
        var sequence = new Sequence(seed, number);
        var transport = transport(sequence);
        try (var client = broker.open(transport)) {
            try {
                client.socket().setSoLinger(true, 0); // leaves no port behind
                for (var piece : sequence.pieces()) {
                    client.send(piece);
                }
                client.send(fence(sequence));
                awaitAnswer(client);
                answered.incrementAndGet();
            } catch (UncheckedIOException ended) {
                if (!isEnd(ended.getCause())) {
                    throw ended;
                }
            }
        } catch (IOException | RuntimeException | AssertionError fault) {
            throw new AssertionError(
                    "With seed=%d, sequence %d over %s: %s"
                            .formatted(seed, number, transport, HexFormat.of().formatHex(sequence.bytes())),
                    fault);
        }
        packets.addAndGet(sequence.packets());
    }

    private static Transport transport(Sequence sequence) {
        return switch (sequence.random().nextInt(64)) {
            case 0 -> Transport.TLS;
            case 1 -> Transport.WSS;
            case 2, 3, 4, 5, 6, 7 -> Transport.WS;
            default -> Transport.TCP;
        };
    }

    /** What ends the last packet, if it announces more than has come, and two questions that all versions share. */
    private static byte[] fence(Sequence sequence) {
        int missing = sequence.missingBytes();
        return Wire.concat(
                new byte[missing > MOST_MISSING ? 0 : missing],
                Wire.acknowledge(WirePacket.PUBREL, FENCE_ID),
                Wire.pingreq());
    }

    /** There may be answers to pings of the sequence before. */
    private static void awaitAnswer(WireClient client) {
        var packet = receive(client);
        while (packet.type() != WirePacket.PUBCOMP || packet.packetId() != FENCE_ID) {
            packet = receive(client);
        }
        while (packet.type() != WirePacket.PINGRESP) {
            packet = receive(client);
        }
    }

    private static WirePacket receive(WireClient client) {
        var packet = client.receive();
        if (!FROM_SERVERS.contains(packet.type())) {
            throw new AssertionError("The broker sent " + packet);
        }
        return packet;
    }

    private static boolean isEnd(@Nullable IOException cause) {
        return cause instanceof EOFException || cause instanceof SocketException || cause instanceof SSLException;
    }
}
