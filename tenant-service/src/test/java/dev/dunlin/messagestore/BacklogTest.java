package dev.dunlin.messagestore;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.engine.port.StoreChange;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.port.TenantId;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class BacklogTest {
    private static final TenantId ACME = new TenantId(UUID.randomUUID());

    private final Backlog backlog = new Backlog(10, 10_000);

    private boolean offerMessage(long id) {
        var body = new StoredMessage(id, "plant/a", new byte[100], new byte[0], 1, false, -1, null);
        var place = new StoredPlace(1, id, id, 1, false, false, List.of(), null);
        return backlog.offer(Entry.of(ACME, new StoreChange.Queued(body, List.of(place), null), null));
    }

    private boolean offerRemoval(long position) {
        return backlog.offer(Entry.of(ACME, StoreChange.Removed.place(1, position), null));
    }

    @Test
    void hasRoomForMessagesHoweverManyAreBeingRemoved() throws InterruptedException {
        for (int i = 0; i < 1_000; i++) {
            assertThat(offerRemoval(i)).isTrue();
        }
        for (int i = 0; i < 5; i++) {
            assertThat(offerMessage(i)).isTrue();
        }
        assertThat(backlog.isHalfFull()).isFalse();
        for (int i = 5; i < 10; i++) {
            assertThat(offerMessage(i)).isTrue();
        }
        // then it is full of messages, and of these alone
        assertThat(backlog.isHalfFull()).isTrue();
        assertThat(offerMessage(10)).isFalse();
        assertThat(offerRemoval(1_000)).isTrue();
        // and there is room again once they are written
        backlog.written(backlog.take());
        assertThat(backlog.isHalfFull()).isFalse();
        assertThat(offerMessage(11)).isTrue();
    }
}
