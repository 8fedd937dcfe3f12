package dev.dunlin.engine.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoopGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Sessions that outlive their connections, with one subscription of QoS 1 each, and publishers that queue messages for them
 * while their clients are away. The messages of a session are numbered; one that is missing, doubled or out of order is
 * counted. The thread that made it alone uses it.
 */
final class OfflineSessions {
    static final int SESSIONS = 100;

    private static final int PUBLISHERS = 50;
    private static final int SESSIONS_OF_PUBLISHER = SESSIONS / PUBLISHERS;
    private static final Group.Pace PACE = new Group.Pace(1, 200);
    private static final int QOS_1_PUBLISH = 0x32;
    private static final int TIMEOUT_SECONDS = 120;

    private final EventLoopGroup loops;
    private final int port;
    private final String name;
    /** That are queued for each session at a time. */
    private final int messages;

    private final List<Publisher> publishers;
    private List<Subscriber> subscribers = List.of();
    private Group.Count count = Group.Count.NONE;

    /** @param messages for each session at a time */
    OfflineSessions(EventLoopGroup loops, int port, String name, int messages) {
        this.loops = loops;
        this.port = port;
        this.name = name;
        this.messages = messages;
        this.publishers =
                IntStream.range(0, PUBLISHERS).mapToObj(Publisher::new).toList();
    }

    /** How many messages are queued at a time for all sessions. */
    int total() {
        return SESSIONS * messages;
    }

    /** Has the broker make the sessions, which are offline when this returns, and connects the publishers. */
    void begin() throws InterruptedException {
        connect(false, 0, true);
        leave();
        Connections.each(publishers, publisher -> publisher.open(loops.next(), port));
    }

    /** Publishes to all sessions; the broker has acknowledged every message when this returns. */
    void queue() {
        all(publishers.stream().map(Publisher::publishAll).toList());
    }

    /** Has all clients come back; they have received and acknowledged every message when this returns, or will not. */
    void drain() throws InterruptedException {
        connect(true, messages, false);
        all(subscribers.stream()
                .map(subscriber -> subscriber.done.completeOnTimeout(false, TIMEOUT_SECONDS, TimeUnit.SECONDS))
                .toList());
    }

    /** Has all clients go away again, and counts what they received. */
    void leave() throws InterruptedException {
        Connections.each(subscribers, Client::close);
        count = subscribers.stream().map(Subscriber::count).reduce(count, Group.Count::plus);
        subscribers = List.of();
    }

    /** Has the clients come back once more: nothing may be left for them. */
    void comeBackForNothing() throws InterruptedException {
        connect(true, 0, true); // a message that was left would come before SUBACK
        leave();
    }

    /** Leaves nothing behind. */
    void end() throws InterruptedException {
        Connections.each(publishers, Client::close);
        connect(true, 0, false);
        var last = subscribers;
        leave();
        Connections.each(last, subscriber -> subscriber.endSession(loops.next(), port));
    }

    Group.Count count() {
        return count;
    }

    private void connect(boolean isSessionExpected, int expected, boolean isSubscribing) throws InterruptedException {
        subscribers = IntStream.range(0, SESSIONS)
                .mapToObj(session -> new Subscriber(session, isSessionExpected, expected, isSubscribing))
                .toList();
        Connections.each(subscribers, subscriber -> subscriber.open(loops.next(), port));
    }

    private static void all(List<? extends CompletableFuture<?>> parts) {
        CompletableFuture.allOf(parts.toArray(CompletableFuture<?>[]::new))
                .orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .join();
    }

    private String topic(int session) {
        return name + "/" + session + "/data";
    }

    /** Goes through the topics of its sessions in turn. */
    private final class Publisher extends Client {
        private final int firstSession;
        private final List<Packets.Template> templates = new ArrayList<>();
        private final int toSend = SESSIONS_OF_PUBLISHER * messages;
        private CompletableFuture<Boolean> done = new CompletableFuture<>();
        private int sent = toSend;
        private int acknowledged = toSend;

        Publisher(int index) {
            super(Accounts.MAIN, name + "-pub-" + index, List.of(), PACE.qos());
            firstSession = index * SESSIONS_OF_PUBLISHER;
            for (int i = 0; i < SESSIONS_OF_PUBLISHER; i++) {
                templates.add(Packets.Template.of(topic(firstSession + i), PACE.qos(), false));
            }
        }

        /** Any thread. */
        CompletableFuture<Boolean> publishAll() {
            var all = new CompletableFuture<Boolean>();
            channel().eventLoop().execute(() -> {
                done = all;
                sent = 0;
                acknowledged = 0;
                fillWindow();
            });
            return all;
        }

        private void fillWindow() {
            int left = toSend - sent;
            int room = Math.min(left, PACE.window() - (sent - acknowledged));
            if (left > 0 && room >= Math.min(left, PACE.refill())) {
                publish(room);
            }
        }

        /** Writes so many messages at once. */
        private void publish(int count) {
            var batch = channel().alloc().directBuffer();
            for (int i = 0; i < count; i++, sent++) {
                int which = sent % SESSIONS_OF_PUBLISHER;
                var template = templates.get(which);
                int start = batch.writerIndex();
                batch.writeBytes(template.bytes());
                batch.setShort(start + template.packetIdAt(), sent % 0xFFFF + 1);
                batch.setInt(start + template.payloadAt(), firstSession + which);
                batch.setInt(start + template.payloadAt() + 4, sent / SESSIONS_OF_PUBLISHER);
            }
            channel().writeAndFlush(batch, channel().voidPromise());
        }

        @Override
        void onAcknowledged() {
            acknowledged++;
        }

        @Override
        void onReadComplete() {
            fillWindow();
            if (acknowledged == toSend) {
                done.complete(true);
            }
        }

        @Override
        void onLost() {
            done.completeExceptionally(new IllegalStateException("The broker closed a publisher"));
        }
    }

    /** The client of a session while it is connected. */
    private final class Subscriber extends Client {
        private final int session;
        private final boolean isSessionExpected;
        private final int expected;
        private final CompletableFuture<Boolean> done = new CompletableFuture<>();
        private int received;
        private int wrong;

        Subscriber(int session, boolean isSessionExpected, int expected, boolean isSubscribing) {
            super(
                    Accounts.MAIN,
                    name + "-sub-" + session,
                    isSubscribing ? List.of(topic(session)) : List.of(),
                    PACE.qos(),
                    false);
            this.session = session;
            this.isSessionExpected = isSessionExpected;
            this.expected = expected;
        }

        @Override
        void onConnected(boolean isSessionPresent) {
            if (isSessionPresent != isSessionExpected) {
                wrong++;
            }
        }

        @Override
        void onPublish(ByteBuf in, int first, int payload, int payloadBytes) {
            boolean isNext = first == QOS_1_PUBLISH
                    && payloadBytes == Packets.PAYLOAD_BYTES
                    && received < expected
                    && in.getInt(payload) == session
                    && in.getInt(payload + 4) == received;
            if (isNext) {
                received++;
            } else {
                wrong++;
            }
        }

        @Override
        void onReadComplete() {
            if (received == expected) {
                done.complete(true); // its acknowledgements have been written
            }
        }

        @Override
        void onLost() {
            wrong++;
            done.complete(false);
        }

        /** Once the connection is closed. */
        Group.Count count() {
            return new Group.Count(received, expected - received, wrong);
        }
    }
}
