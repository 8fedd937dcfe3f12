package dev.dunlin.engine.benchmark;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Publishers and the subscribers of their messages, all on one event loop, which alone touches them. A publisher has so many
 * messages under way at most, counted until the subscribers have them and the broker has acknowledged them. Messages are
 * numbered per publisher: every one that is missing, doubled or out of order is counted.
 */
final class Group {
    /** Who takes part: each message reaches {@code copies} of the subscribers. */
    record Plan(List<Publishers> publishers, List<Subscribers> subscribers, int copies) {
        /** A publisher that goes through its topics in turn. */
        record Publishers(String userName, List<String> topics) {}

        /** @param isClean whether its session ends with its connection */
        record Subscribers(String userName, List<String> filters, boolean isClean) {
            Subscribers(String userName, List<String> filters) {
                this(userName, filters, true);
            }
        }
    }

    /**
     * How they publish.
     *
     * @param window messages that a publisher has under way at most
     */
    record Pace(int qos, int window) {
        /** Clients that write each message alone would cost the most here: a window is filled once there is room for a few. */
        int refill() {
            return Math.max(1, window / 10);
        }
    }

    /**
     * What was counted since the start.
     *
     * @param delivered messages that subscribers received
     * @param missing messages that subscribers have not received, or not yet
     * @param wrong messages that were doubled, out of order or changed, and connections that broke
     */
    record Count(long delivered, long missing, long wrong) {
        static final Count NONE = new Count(0, 0, 0);

        /** As a {@link Load.Sample} tells it. */
        String fault() {
            return missing + wrong == 0 ? "" : "lost %d, wrong %d".formatted(missing, wrong);
        }

        Count plus(Count other) {
            return new Count(delivered + other.delivered, missing + other.missing, wrong + other.wrong);
        }
    }

    private final EventLoop loop;
    private final Pace pace;
    private final int copies;
    private final Latencies latencies;
    private final List<Publisher> publishers = new ArrayList<>();
    private final List<Subscriber> subscribers = new ArrayList<>();
    /** Publishers whose messages arrived in this read. */
    private final List<Publisher> moved = new ArrayList<>();

    private boolean isRunning;
    private long wrong;

    Group(EventLoop loop, String name, Plan plan, Pace pace, Latencies latencies) {
        this.loop = loop;
        this.pace = pace;
        this.copies = plan.copies();
        this.latencies = latencies;
        for (var publisher : plan.publishers()) {
            var templates = publisher.topics().stream()
                    .map(topic -> Packets.Template.of(topic, pace.qos(), false))
                    .toArray(Packets.Template[]::new);
            int index = publishers.size();
            publishers.add(new Publisher(publisher.userName(), name + "-pub-" + index, index, templates));
        }
        for (var subscriber : plan.subscribers()) {
            var clientId = name + "-sub-" + subscribers.size();
            subscribers.add(
                    new Subscriber(subscriber.userName(), clientId, subscriber.filters(), subscriber.isClean()));
        }
    }

    EventLoop loop() {
        return loop;
    }

    List<Client> clients() {
        var clients = new ArrayList<Client>(subscribers);
        clients.addAll(publishers);
        return clients;
    }

    CompletableFuture<Client> open(Client client, int port) {
        return client.open(loop, port);
    }

    /** Begins to publish as fast as the window allows. */
    void start() {
        isRunning = true;
        publishers.forEach(Publisher::fillWindow);
    }

    /** Publishes what is due of a rate, however much is under way. */
    void publishUpTo(long totalOfEach) {
        for (var publisher : publishers) {
            publisher.publish((int) Math.min(pace.window(), totalOfEach - publisher.sent));
        }
    }

    void stop() {
        isRunning = false;
    }

    boolean isIdle() {
        return publishers.stream().allMatch(publisher -> publisher.underWay() <= 0);
    }

    Count count() {
        var total = new Count(0, 0, wrong);
        for (var publisher : publishers) {
            total = total.plus(publisher.count());
        }
        return total;
    }

    private final class Publisher extends Client {
        private final int index;
        private final Packets.Template[] templates;
        private long sent;
        private long acknowledged;
        private long delivered;
        /** Of the numbers that arrived: a lost message does not make up for a doubled one. */
        private long sumOfNumbers;

        private boolean isMoved;

        Publisher(String userName, String clientId, int index, Packets.Template[] templates) {
            super(userName, clientId, List.of(), pace.qos());
            this.index = index;
            this.templates = templates;
        }

        long underWay() {
            long arrived = delivered / copies;
            return sent - (pace.qos() > 0 ? Math.min(arrived, acknowledged) : arrived);
        }

        Count count() {
            long expected = sent * copies;
            long missing = Math.max(0, expected - delivered);
            long doubled = Math.max(0, delivered - expected);
            boolean isSumWrong = delivered == expected && sumOfNumbers != copies * (sent * (sent - 1) / 2);
            return new Count(delivered, missing, doubled + (isSumWrong ? 1 : 0));
        }

        void fillWindow() {
            int room = (int) (pace.window() - underWay());
            if (isRunning && room >= pace.refill()) {
                publish(room);
            }
        }

        /** Writes so many messages at once. */
        private void publish(int count) {
            if (count <= 0) {
                return;
            }
            int bytes = 0;
            for (int i = 0; i < count; i++) {
                bytes += template(sent + i).bytes().length;
            }
            var batch = channel().alloc().directBuffer(bytes);
            long now = System.nanoTime();
            for (int i = 0; i < count; i++, sent++) {
                var template = template(sent);
                int start = batch.writerIndex();
                batch.writeBytes(template.bytes());
                if (pace.qos() > 0) {
                    batch.setShort(start + template.packetIdAt(), (int) (sent % 0xFFFF) + 1);
                }
                Stamp.write(batch, start + template.payloadAt(), index, sent, now);
            }
            channel().writeAndFlush(batch, channel().voidPromise());
        }

        private Packets.Template template(long number) {
            return templates[(int) (number % templates.length)];
        }

        @Override
        void onAcknowledged() {
            acknowledged++;
        }

        @Override
        void onReadComplete() {
            fillWindow();
        }

        @Override
        void onLost() {
            wrong++;
        }
    }

    private final class Subscriber extends Client {
        /** The newest number of each publisher. */
        private final long[] newest = new long[publishers.size()];

        Subscriber(String userName, String clientId, List<String> filters, boolean isClean) {
            super(userName, clientId, filters, pace.qos(), isClean);
            Arrays.fill(newest, -1);
        }

        @Override
        void onPublish(ByteBuf in, int first, int payload, int payloadBytes) {
            int from = payloadBytes == Packets.PAYLOAD_BYTES ? Stamp.publisher(in, payload) : -1;
            if (from < 0 || from >= newest.length || (first & 0x0F) != pace.qos() << 1) {
                wrong++;
                return;
            }
            long number = Stamp.number(in, payload);
            if (number <= newest[from]) {
                wrong++;
            } else {
                newest[from] = number;
            }
            latencies.add(Stamp.nanos(in, payload));
            var publisher = publishers.get(from);
            publisher.delivered++;
            publisher.sumOfNumbers += number;
            if (!publisher.isMoved) {
                publisher.isMoved = true;
                moved.add(publisher);
            }
        }

        @Override
        void onReadComplete() {
            for (var publisher : moved) {
                publisher.isMoved = false;
                publisher.fillWindow();
            }
            moved.clear();
        }

        @Override
        void onLost() {
            wrong++;
        }
    }

    /** The head of a payload: who sent it, which of the sender's messages it is, and when it was written. */
    private static final class Stamp {
        private Stamp() {}

        static void write(ByteBuf out, int at, int publisher, long number, long nanos) {
            out.setInt(at, publisher);
            out.setLong(at + 4, number);
            out.setLong(at + 12, nanos);
        }

        static int publisher(ByteBuf in, int at) {
            return in.getInt(at);
        }

        static long number(ByteBuf in, int at) {
            return in.getLong(at + 4);
        }

        static long nanos(ByteBuf in, int at) {
            return in.getLong(at + 12);
        }
    }
}
