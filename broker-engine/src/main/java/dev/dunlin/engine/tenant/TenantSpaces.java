package dev.dunlin.engine.tenant;

import dev.dunlin.engine.port.Admission;
import dev.dunlin.engine.port.MessageTaps;
import dev.dunlin.engine.port.TenantId;
import java.util.Collection;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The spaces that are loaded: one for each tenant with a connection, a session or a retained message. Any thread. */
public final class TenantSpaces {
    private final ConcurrentMap<TenantId, TenantSpace> spaces = new ConcurrentHashMap<>();
    private final int loops;
    private final LongSupplier nanoClock;
    private final MessageTaps taps;
    private final TenantSpace.DropListener dropListener;

    public TenantSpaces(int loops, LongSupplier nanoClock, MessageTaps taps, TenantSpace.DropListener dropListener) {
        this.loops = loops;
        this.nanoClock = nanoClock;
        this.taps = taps;
        this.dropListener = dropListener;
        taps.listen((tenant, tap) -> {
            var space = spaces.get(tenant);
            if (space != null) {
                space.tap(tap);
            }
        });
    }

    /** The space of an admitted client's tenant, with the connection counted in, so that the space stays. */
    public TenantSpace enter(Admission admission) {
        var space = Objects.requireNonNull(spaces.compute(admission.tenant(), (id, known) -> {
            var entered = known == null ? load(admission) : known;
            entered.connectionOpened();
            return entered;
        }));
        space.tap(taps.tapOf(space.id())); // after it can be found: no change of taps falls in between
        return space;
    }

    private TenantSpace load(Admission admission) {
        return new TenantSpace(
                admission.tenant(), admission.tenantSlug(), admission.limits(), loops, nanoClock, dropListener);
    }

    /** Counts a connection out, and drops the space when nothing of it is left. */
    public void leave(TenantSpace space) {
        space.connectionClosed();
        dropIfEmpty(space);
    }

    /** Drops the space when nothing of it is left: after a session or a retained message is gone. */
    public void dropIfEmpty(TenantSpace space) {
        if (space.isEmpty()) {
            spaces.computeIfPresent(space.id(), (id, known) -> known == space && space.isEmpty() ? null : known);
        }
    }

    public @Nullable TenantSpace find(TenantId tenant) {
        return spaces.get(tenant);
    }

    /** Forgets the space, whatever is left in it. */
    public void forget(TenantSpace space) {
        spaces.remove(space.id(), space);
    }

    public Collection<TenantSpace> all() {
        return spaces.values();
    }
}
