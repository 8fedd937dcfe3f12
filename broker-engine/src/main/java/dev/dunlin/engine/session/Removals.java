package dev.dunlin.engine.session;

import java.util.Arrays;

/**
 * What a session has no more to do with, gathered until the turn of its loop ends: a client that is handed its queue
 * acknowledges many messages at once. On the session's loop.
 */
final class Removals implements SessionLoop.TurnEnd {
    private static final int FIRST_CAPACITY = 16;
    private static final long[] NONE = {};

    private final SessionLoop loop;
    private final TenantStore store;
    private final long session;
    private long[] positions = NONE;
    private int positionCount;
    private long[] messages = NONE;
    private int messageCount;

    Removals(SessionLoop loop, TenantStore store, long session) {
        this.loop = loop;
        this.store = store;
        this.session = session;
    }

    void place(long position) {
        expectTurnEnd();
        positions = withRoom(positions, positionCount);
        positions[positionCount++] = position;
    }

    /** No session queues the message any more. */
    void message(long id) {
        expectTurnEnd();
        messages = withRoom(messages, messageCount);
        messages[messageCount++] = id;
    }

    private void expectTurnEnd() {
        if (positionCount == 0 && messageCount == 0) {
            loop.atTurnEnd(this);
        }
    }

    private static long[] withRoom(long[] array, int count) {
        return count < array.length ? array : Arrays.copyOf(array, Math.max(FIRST_CAPACITY, 2 * count));
    }

    @Override
    public void onTurnEnd() {
        var donePositions = Arrays.copyOf(positions, positionCount);
        var doneMessages = Arrays.copyOf(messages, messageCount);
        positions = NONE;
        positionCount = 0;
        messages = NONE;
        messageCount = 0;
        store.remove(session, donePositions, doneMessages);
    }
}
