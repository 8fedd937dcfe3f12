package dev.dunlin.engine.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.packet.MessageProperties;
import dev.dunlin.engine.packet.Publish;
import dev.dunlin.engine.packet.QoS;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.testkit.MemoryStore;
import dev.dunlin.engine.topic.TopicFilter;
import dev.dunlin.engine.topic.TopicName;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is packed comes out as it was put in. */
class OutgoingQueueTest {
    private static final List<TopicName> TOPICS = IntStream.range(0, 5)
            .mapToObj(i -> TopicName.of("plant/" + i + "/temperature"))
            .toList();
    private static final TopicFilter SHARED = Objects.requireNonNull(TopicFilter.parse("$share/g/plant/#"));

    private final MemoryStore memory = new MemoryStore();
    private final TenantStore store = new TenantStore(memory, new TenantId(new UUID(1, 2)), () -> 0);
    private final OutgoingQueue queue = new OutgoingQueue(store);
    private int count;

    private Publish message(TopicName topic, byte[] payload, QoS qos, long expiresAtNanos) {
        boolean expires = expiresAtNanos != Publish.NEVER;
        var properties = expires ? new MessageProperties(new byte[] {3, 0, 1, 'x'}, 60) : MessageProperties.NONE;
        return new Publish(topic, payload, qos, count % 3 == 0, false, 0, properties, expiresAtNanos);
    }

    private Outgoing outgoing(Publish message, QoS qos) {
        return new Outgoing(message, qos, count % 5 == 0, null, null, false);
    }

    /** Numbered. */
    private Outgoing next() {
        return outgoing(
                message(TOPICS.get(0), Integer.toString(count++).getBytes(UTF_8), QoS.AT_LEAST_ONCE, Publish.NEVER),
                QoS.AT_LEAST_ONCE);
    }

    private static String payload(@Nullable Outgoing outgoing) {
        return new String(Objects.requireNonNull(outgoing).message.payload(), UTF_8);
    }

    /** In the order of positions, and held by {@code holders} sessions. */
    private Outgoing kept(Outgoing outgoing, int holders) {
        var deposit = store.newDeposit(holders);
        deposit.bodyOnce(outgoing.message);
        outgoing.keep(new Kept(deposit, count, true));
        return outgoing;
    }

    private static void settle(Outgoing outgoing) {
        Objects.requireNonNull(outgoing.kept).settle();
    }

    /** All that a client or the store may see of it. */
    private static List<@Nullable Object> fields(Outgoing outgoing) {
        var message = outgoing.message;
        var kept = outgoing.kept;
        var ids = outgoing.subscriptionIds;
        return Arrays.asList(
                message.topic(),
                new String(message.payload(), UTF_8),
                message.qos(),
                message.retain(),
                message.expiresAtNanos(),
                message.properties().expirySeconds(),
                Arrays.toString(message.properties().forwarded()),
                outgoing.qos,
                outgoing.retain,
                outgoing.shared,
                outgoing.awaits,
                outgoing.packetId,
                ids == null ? null : Arrays.toString(ids),
                kept == null ? null : kept.position,
                kept == null ? null : kept.deposit.id(),
                kept == null ? null : kept.isHandedIn);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void givesBackInOrderWhatWasPutIn(long seed) {
        // given a plain list of the same messages
        var random = new Random(seed);
        var model = new ArrayDeque<List<@Nullable Object>>();
        var unsettled = new ArrayDeque<Outgoing>();
        for (int i = 0; i < 20_000; i++) {
            int kind = random.nextInt(1_000);
            if (kind < 520) {
                addOne(random, model, unsettled);
            } else if (kind < 540) {
                while (!unsettled.isEmpty()) {
                    settle(unsettled.remove());
                }
            } else if (kind < 544) {
                int last = random.nextInt(3);
                unsettled.forEach(OutgoingQueueTest::settle);
                unsettled.clear();
                removeSome(model, last);
            } else if (!model.isEmpty()) {
                // when one is taken off after the other, and some from between
                assertThat(fields(Objects.requireNonNull(queue.peek()))).isEqualTo(model.element());
                assertThat(fields(queue.remove())).isEqualTo(model.remove());
            }
            assertThat(queue.size()).isEqualTo(model.size());
        }
        // then they are the same to the last
        var topics = model.stream().map(fields -> fields.get(0)).distinct().toList();
        TOPICS.forEach(topic -> assertThat(queue.isAnyOn(topic::equals)).isEqualTo(topics.contains(topic)));
        while (!model.isEmpty()) {
            assertThat(fields(queue.remove())).isEqualTo(model.remove());
        }
        assertThat(queue.isEmpty()).isTrue();
        assertThat(queue.bytes()).isZero();
        assertThat(queue.peek()).isNull();
    }

    private void addOne(Random random, Deque<List<@Nullable Object>> model, Deque<Outgoing> unsettled) {
        count++;
        var payload = "x".repeat(random.nextInt(20) == 0 ? 400 + random.nextInt(300) : random.nextInt(100));
        var message = message(
                TOPICS.get(random.nextInt(10) == 0 ? random.nextInt(TOPICS.size()) : 0),
                payload.getBytes(UTF_8),
                QoS.of(1 + random.nextInt(2)),
                random.nextInt(10) == 0 ? 1_000 + count : Publish.NEVER);
        int @Nullable [] ids = random.nextInt(10) == 0 ? new int[] {1, 268_435_455} : null;
        var outgoing = new Outgoing(
                message,
                QoS.of(random.nextInt(10) == 0 ? 0 : 1),
                random.nextBoolean(),
                ids,
                random.nextInt(10) == 0 ? SHARED : null,
                false);
        if (outgoing.qos != QoS.AT_MOST_ONCE && random.nextInt(3) > 0) {
            kept(outgoing, random.nextInt(10) == 0 ? 2 : 1);
            unsettled.add(outgoing);
        }
        model.add(fields(outgoing));
        queue.add(outgoing);
    }

    private void removeSome(Deque<List<@Nullable Object>> model, int which) {
        var expected = new ArrayList<List<@Nullable Object>>();
        var removed = new ArrayList<List<@Nullable Object>>();
        queue.removeIf(outgoing -> outgoing.packetId % 3 == which, outgoing -> removed.add(fields(outgoing)));
        model.removeIf(fields -> {
            boolean goes = (int) Objects.requireNonNull(fields.get(11)) % 3 == which;
            if (goes) {
                expected.add(fields);
            }
            return goes;
        });
        assertThat(removed).isEqualTo(expected);
    }

    @Test
    void packsWhatTheStoreIsDoneWithAndNothingElse() {
        // given many messages of which the store has all but one that came early
        var all = IntStream.range(0, 1_000).mapToObj(i -> kept(next(), 1)).toList();
        all.forEach(queue::add);
        all.stream().filter(outgoing -> outgoing != all.get(100)).forEach(OutgoingQueueTest::settle);

        // when more come, then those from that one on are as they were
        IntStream.range(0, 500).forEach(i -> queue.add(next()));
        var recent = new ArrayList<Outgoing>();
        queue.forEachRecent(recent::add);
        assertThat(recent.get(0)).isSameAs(all.get(100));

        // and once the store has it too, they are packed as well
        settle(all.get(100));
        IntStream.range(0, 1_000).forEach(i -> queue.add(next()));
        recent.clear();
        queue.forEachRecent(recent::add);
        assertThat(recent).hasSizeLessThan(100);
        IntStream.range(0, 2_500)
                .forEach(i -> assertThat(payload(queue.remove())).isEqualTo(Integer.toString(i)));
    }

    @Test
    void tellsWhenTheFirstOfThemExpires() {
        // given messages of which one in the middle expires
        IntStream.range(0, 100).forEach(i -> queue.add(next()));
        queue.add(outgoing(message(TOPICS.get(1), new byte[0], QoS.AT_LEAST_ONCE, 1_000), QoS.AT_LEAST_ONCE));
        IntStream.range(0, 100).forEach(i -> queue.add(next()));
        assertThat(queue.mayHaveExpired(999)).isFalse();
        assertThat(queue.mayHaveExpired(1_000)).isTrue();

        // when it is removed
        queue.removeIf(outgoing -> outgoing.message.isExpired(1_000), outgoing -> {});

        // then the others are left, none of which does
        assertThat(queue.size()).isEqualTo(200);
        assertThat(queue.mayHaveExpired(Long.MAX_VALUE)).isFalse();
    }

    @Test
    void countsQosZeroAndSharedSubscriptionsWhereverTheyAre() {
        queue.add(new Outgoing(next().message, QoS.AT_MOST_ONCE, false, null, SHARED, false));
        IntStream.range(0, 100).forEach(i -> queue.add(next()));
        assertThat(queue.hasAtMostOnce()).isTrue();
        assertThat(queue.hasShared()).isTrue();

        queue.remove();
        assertThat(queue.hasAtMostOnce()).isFalse();
        assertThat(queue.hasShared()).isFalse();
    }

    @Test
    void takesOffTheLast() {
        IntStream.range(0, 100).forEach(i -> queue.add(next()));
        queue.removeLast();
        assertThat(queue.size()).isEqualTo(99);
        IntStream.range(0, 99).forEach(i -> assertThat(payload(queue.remove())).isEqualTo(Integer.toString(i)));
        assertThat(queue.isEmpty()).isTrue();
    }
}
