package dev.dunlin.messagestore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.dunlin.engine.port.StoreChange;
import dev.dunlin.engine.port.StoreChange.PlaceReceived;
import dev.dunlin.engine.port.StoreChange.Queued;
import dev.dunlin.engine.port.StoreChange.Removed;
import dev.dunlin.engine.port.StoreChange.SessionRemoved;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.port.TenantId;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A journal as rows in memory: whatever becomes of it, read again it says what was handed in. */
class JournalTest {
    private static final TenantId ACME = new TenantId(new UUID(1, 2));
    private static final int MAX_GARBAGE_BYTES = 600 << 10;

    private final TreeMap<Long, byte[]> rows = new TreeMap<>();
    private long lastId = 1_000;
    private Journal journal = new Journal();
    private int maxRowBytes = 64 << 10;
    private int minGarbageBytes = 256 << 10;
    private int rewritten;

    private void write(List<StoreChange> changes) throws SQLException {
        var batch = new JournalBatch(ACME, journal, maxRowBytes, minGarbageBytes);
        changes.forEach(change -> add(batch, change));
        batch.prepare(() -> ++lastId, (tenant, ids) -> {
            var found = new HashMap<Long, byte[]>();
            ids.forEach(id -> found.put(id, rows.get(id)));
            rewritten += ids.size();
            return found;
        });
        batch.rows().forEach(row -> rows.put(row.segment().id, row.entries()));
        batch.gone().forEach(segment -> assertThat(rows.remove(segment.id)).isNotNull());
        batch.written();
    }

    private static void add(JournalBatch batch, StoreChange change) {
        if (change instanceof Queued queued) {
            batch.queue(queued);
        } else if (change instanceof PlaceReceived received) {
            batch.receive(received.session(), received.position());
        } else if (change instanceof Removed removed) {
            batch.remove(removed);
        } else if (change instanceof SessionRemoved removed) {
            batch.removeSession(removed.session());
        }
    }

    private JournalReplay replay(Set<Long> sessions) {
        var replay = new JournalReplay();
        rows.forEach(replay::add);
        replay.finish(sessions).forEach(rows::remove);
        return replay;
    }

    private StoredMessage message(int bytes, boolean expires) {
        var payload = new byte[bytes];
        Arrays.fill(payload, (byte) ++lastId);
        return new StoredMessage(
                lastId,
                "plant/boiler/temperature",
                payload,
                new byte[] {1, 2},
                1,
                true,
                expires ? 60 : -1,
                expires ? Instant.parse("2026-03-01T06:00:00Z") : null);
    }

    private static StoredPlace place(long session, long position, StoredMessage message) {
        return new StoredPlace(session, position, message.id(), 2, true, false, List.of(), null);
    }

    @Test
    void keepsAllFieldsOfAMessageAndOfAPlace() throws SQLException {
        // given a message and places with everything that they can have
        var message = message(100, true);
        var plain = new StoredPlace(1, 7, message.id(), 1, false, false, List.of(), null);
        var full = new StoredPlace(2, 9, message.id(), 2, true, true, List.of(3, 268_435_455), "$share/g/plant/#");

        // when they are written and read
        write(List.of(new Queued(message, List.of(plain, full), null)));
        var replay = replay(Set.of(1L, 2L));

        // then they are as they were
        assertThat(replay.messages())
                .usingRecursiveFieldByFieldElementComparator()
                .containsExactly(message);
        assertThat(replay.queueOf(1)).containsExactly(plain);
        assertThat(replay.queueOf(2)).containsExactly(full);
        assertThat(replay.nextPositionOf(2)).isEqualTo(10);
    }

    @Test
    void keepsAllFieldsOfAMessageThatHasOnePlaceAlone() throws SQLException {
        // given a place with everything that it can have, and its message
        var message = message(100, true);
        var place = new StoredPlace(2, 9, message.id(), 2, true, false, List.of(3, 268_435_455), "$share/g/plant/#");

        // when both are written and read, and the place is received and read again
        write(List.of(new Queued(message, List.of(place), true, null)));
        var replay = replay(Set.of(2L));
        write(List.of(new PlaceReceived(2, 9)));
        var received = replay(Set.of(2L));

        // then they are as they were
        assertThat(replay.messages())
                .usingRecursiveFieldByFieldElementComparator()
                .containsExactly(message);
        assertThat(replay.queueOf(2)).containsExactly(place);
        assertThat(received.queueOf(2)).containsExactly(place.asReceived());

        // and go together
        write(List.of(Removed.place(2, 9)));
        assertThat(rows).isEmpty();
    }

    @Test
    void takesLittleMoreThanThePayloadsOfWhatOneClientIsSent() throws SQLException {
        // given messages on one topic, one of which has properties of its own
        var changes = new ArrayList<StoreChange>();
        var messages = new ArrayList<StoredMessage>();
        for (int i = 0; i < 1_000; i++) {
            var message = message(100, i == 500);
            messages.add(message);
            changes.add(new Queued(message, List.of(place(1, i, message)), true, null));
        }

        // when they are written and read
        write(changes);
        var replay = replay(Set.of(1L));

        // then they are as they were, and what they share is there once a row
        assertThat(fields(replay.messages())).isEqualTo(fields(messages));
        assertThat(replay.queueOf(1)).extracting(StoredPlace::message).isSorted();
        assertThat(bytes()).isLessThan(1_000 * 110);
    }

    /** What should be there: an independent and simple picture of the same. */
    private static final class Model {
        final Map<Long, TreeMap<Long, StoredPlace>> queues = new HashMap<>();
        final Map<Long, Long> nextPosition = new HashMap<>();
        final Map<Long, StoredMessage> messages = new HashMap<>();
        final Map<Long, Set<String>> holders = new HashMap<>();
        final Set<Long> forOne = new HashSet<>();

        TreeMap<Long, StoredPlace> queue(long session) {
            return Objects.requireNonNull(queues.get(session));
        }

        void release(long session, StoredPlace place, List<StoreChange> changes) {
            var holding = Objects.requireNonNull(holders.get(place.message()));
            holding.remove(session + "/" + place.position());
            if (holding.isEmpty()) {
                holders.remove(place.message());
                messages.remove(place.message());
                if (!forOne.remove(place.message())) {
                    changes.add(Removed.message(place.message()));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12})
    void saysWhatWasHandedInWhateverWasWrittenAnew(long seed) throws SQLException {
        var random = new Random(seed);
        var model = new Model();
        maxRowBytes = 1 + random.nextInt(20_000);
        minGarbageBytes = random.nextInt(500);
        long nextSession = 1;
        for (int batch = 0; batch < 400; batch++) {
            var changes = new ArrayList<StoreChange>();
            for (int i = 0, count = random.nextInt(40); i < count; i++) {
                int kind = random.nextInt(100);
                var sessions = new ArrayList<>(model.queues.keySet());
                if (sessions.size() < 5 || kind < 2) {
                    model.queues.put(nextSession, new TreeMap<>());
                    model.nextPosition.put(nextSession++, 0L);
                } else if (kind < 3) {
                    long gone = sessions.get(random.nextInt(sessions.size()));
                    changes.add(new SessionRemoved(gone));
                    model.queue(gone).values().forEach(place -> model.release(gone, place, changes));
                    model.queues.remove(gone);
                } else if (kind < 30) {
                    queueForSome(random, model, sessions, changes);
                } else {
                    long session = sessions.get(random.nextInt(sessions.size()));
                    finishSome(random, model, session, changes);
                }
            }
            write(changes);
            if (random.nextInt(20) == 0) {
                assertReadAs(model, seed);
            }
        }
        assertReadAs(model, seed);
        assertThat(bytes()).isLessThan(2 * needed(model) + MAX_GARBAGE_BYTES);

        assertThat(rewritten).isPositive();

        // and when all is done, nothing is left
        var changes = new ArrayList<StoreChange>();
        model.queues.forEach((session, queue) -> queue.values().forEach(place -> {
            changes.add(Removed.place(session, place.position()));
            model.release(session, place, changes);
        }));
        write(changes);
        assertThat(rows).isEmpty();
        assertThat(journal.isEmpty()).isTrue();
    }

    private void queueForSome(Random random, Model model, List<Long> sessions, List<StoreChange> changes) {
        var message = message(random.nextInt(300), random.nextInt(5) == 0);
        var places = new ArrayList<StoredPlace>();
        for (long session : sessions) {
            if (places.isEmpty() || random.nextInt(3) == 0) {
                var place = place(session, model.nextPosition.merge(session, 1L, Long::sum) - 1, message);
                places.add(place);
                model.queue(session).put(place.position(), place);
                model.holders
                        .computeIfAbsent(message.id(), first -> new HashSet<>())
                        .add(session + "/" + place.position());
            }
        }
        model.messages.put(message.id(), message);
        if (places.size() == 1 && random.nextBoolean()) {
            model.forOne.add(message.id());
            changes.add(new Queued(message, places, true, null));
            return;
        }
        // with its first place, or with another
        int bodyWith = random.nextInt(places.size());
        for (int i = 0; i < places.size(); i++) {
            changes.add(new Queued(i == bodyWith ? message : null, List.of(places.get(i)), null));
        }
    }

    private static void finishSome(Random random, Model model, long session, List<StoreChange> changes) {
        var queue = model.queue(session);
        // some clients come seldom
        int count = session % 4 == 0 ? 0 : Math.min(queue.size(), random.nextInt(20));
        for (int i = 0; i < count; i++) {
            // most clients acknowledge in order
            var place = random.nextInt(4) == 0
                    ? List.copyOf(queue.values()).get(random.nextInt(queue.size()))
                    : queue.firstEntry().getValue();
            if (random.nextInt(5) == 0) {
                changes.add(new PlaceReceived(session, place.position()));
                queue.put(place.position(), place.asReceived());
            } else {
                queue.remove(place.position());
                changes.add(Removed.place(session, place.position()));
                model.release(session, place, changes);
            }
        }
    }

    /** All fields of each, by their ids; compared one by one, thousands of messages would take minutes. */
    private static List<List<Object>> fields(Collection<StoredMessage> messages) {
        return messages.stream()
                .sorted(Comparator.comparingLong(StoredMessage::id))
                .map(message -> List.<Object>of(
                        message.id(),
                        message.topic(),
                        Arrays.toString(message.payload()),
                        Arrays.toString(message.properties()),
                        message.qos(),
                        message.retain(),
                        message.expirySeconds(),
                        String.valueOf(message.expiresAt())))
                .toList();
    }

    private void assertReadAs(Model model, long seed) {
        var replay = replay(model.queues.keySet());
        journal = replay.journal();
        model.queues.forEach((session, queue) -> {
            assertThat(replay.queueOf(session))
                    .as("seed %d, session %d", seed, session)
                    .containsExactlyElementsOf(queue.values());
            assertThat(replay.nextPositionOf(session))
                    .isLessThanOrEqualTo(Objects.requireNonNull(model.nextPosition.get(session)));
        });
        assertThat(fields(replay.messages())).as("seed %d", seed).isEqualTo(fields(model.messages.values()));
    }

    private long bytes() {
        return rows.values().stream().mapToLong(row -> row.length).sum();
    }

    private static long needed(Model model) {
        return model.messages.values().stream()
                        .mapToLong(message -> message.payload().length + 60L)
                        .sum()
                + 26L * model.queues.values().stream().mapToLong(Map::size).sum();
    }

    @Test
    void doesNotGrowWhileOneMessageStaysAndOthersComeAndGo() throws SQLException {
        // given a session whose client never comes back, with a message
        var stuck = message(100, false);
        write(List.of(new Queued(stuck, List.of(place(1, 0, stuck)), null)));

        // when many more are queued beside it, some of them for good, and most delivered later
        var before = List.<StoreChange>of();
        for (int i = 0; i < 5_000; i++) {
            var message = message(1_000, false);
            var changes = new ArrayList<>(before);
            changes.add(new Queued(message, List.of(place(2, i, message)), null));
            if (i % 100 == 0) {
                var another = message(10, false);
                changes.add(new Queued(another, List.of(place(1, 1 + i, another)), null));
            }
            write(changes);
            before = List.of(Removed.place(2, i), Removed.message(message.id()));
        }

        // then what takes room is about what is queued
        assertThat(bytes()).isLessThan(MAX_GARBAGE_BYTES);
        assertThat(replay(Set.of(1L, 2L)).queueOf(1)).hasSize(51);
    }

    @Test
    void refusesADamagedRowWithAPlainError() {
        assertThat(catchThrowable(() -> new JournalReplay().add(7, new byte[] {1, 9})))
                .isInstanceOf(SegmentBytes.DamagedException.class)
                .hasMessageContaining("not readable at byte");
        assertThat(catchThrowable(() -> new JournalReplay().add(7, new byte[] {1, 6, 0, 0, 0, 1, 0, 0, 0, 0})))
                .isInstanceOf(SegmentBytes.DamagedException.class);
        assertThat(catchThrowable(
                        () -> new JournalReplay().add(7, new byte[] {1, 1, 0, 0, 0, 0, 0, 0, 0, 5, 1, 127, 0, 0, 0})))
                .isInstanceOf(SegmentBytes.DamagedException.class);
    }
}
