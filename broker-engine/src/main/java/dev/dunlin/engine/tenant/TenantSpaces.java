package dev.dunlin.engine.tenant;

import dev.dunlin.engine.port.MessageStore;
import dev.dunlin.engine.port.MessageTaps;
import dev.dunlin.engine.port.TenantId;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.engine.session.MessageMemory;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The spaces that are loaded: one for each tenant with a connection, a session or a retained message. Any thread. */
public final class TenantSpaces {
    private static final int MOST_EMPTY = 100_000;

    private final ConcurrentMap<TenantId, TenantSpace> spaces = new ConcurrentHashMap<>();

    /** Tenants of which nothing was left when their spaces were dropped: nothing of them is in the store, whether it is there or not. */
    private final Set<TenantId> empty = Collections.synchronizedSet(Collections.newSetFromMap(new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<TenantId, Boolean> eldest) {
            return size() > MOST_EMPTY;
        }
    }));

    private final int loops;
    private final LongSupplier nanoClock;
    private final MessageTaps taps;
    private final TenantSpace.DropListener dropListener;
    private final MessageStore store;
    private final MessageMemory.Pool memory;
    private volatile Consumer<TenantSpace> loader = space -> space.loaded().complete(null);

    public TenantSpaces(
            int loops,
            LongSupplier nanoClock,
            MessageTaps taps,
            TenantSpace.DropListener dropListener,
            MessageStore store,
            MessageMemory.Pool memory) {
        this.loops = loops;
        this.memory = memory;
        this.nanoClock = nanoClock;
        this.taps = taps;
        this.dropListener = dropListener;
        this.store = store;
        taps.listen((tenant, tap) -> {
            var space = spaces.get(tenant);
            if (space != null) {
                space.tap(tap);
            }
        });
    }

    /** @param loader fills a new space with what the store has, and completes {@link TenantSpace#loaded}; returns at once */
    public void loadWith(Consumer<TenantSpace> loader) {
        this.loader = loader;
    }

    /**
     * The space of a tenant, with a connection counted in, so that the space stays. It may be used once it is
     * {@link TenantSpace#loaded}.
     */
    public TenantSpace enter(TenantId tenant, String slug, TenantLimits limits) {
        var begun = new TenantSpace[1];
        var space = Objects.requireNonNull(spaces.compute(tenant, (id, known) -> {
            var entered = known;
            if (entered == null) {
                entered = new TenantSpace(id, slug, limits, loops, nanoClock, dropListener, store, memory);
                begun[0] = entered;
            }
            entered.connectionOpened();
            return entered;
        }));
        space.tap(taps.tapOf(space.id())); // after it can be found: no change of taps falls in between
        if (begun[0] != null && empty.remove(tenant)) {
            space.loaded().complete(null);
        } else if (begun[0] != null) {
            loader.accept(space);
        }
        return space;
    }

    /** Has a space loaded that was let go of, or one like it, since something is due in it: what that is happens then. */
    public void visit(TenantSpace unloaded) {
        visit(unloaded.id(), unloaded.slug(), unloaded.limits());
    }

    /** As {@link #visit(TenantSpace)}, of a tenant. */
    public void visit(TenantId tenant, String slug, TenantLimits limits) {
        var space = enter(tenant, slug, limits);
        space.loaded().whenComplete((done, failure) -> leave(space));
    }

    /**
     * Lets go of the spaces in which nobody has been connected for {@code nanos}; what is left of them is in the store.
     *
     * @param unloaded is told of each
     */
    public void unloadIdle(long nanos, Consumer<TenantSpace> unloaded) {
        for (var space : spaces.values()) {
            if (!space.isIdleFor(nanos)) {
                continue;
            }
            spaces.computeIfPresent(space.id(), (id, known) -> {
                if (known != space || !space.isIdleFor(nanos)) {
                    return known;
                }
                space.markUnloaded();
                store.unloaded(id); // before it can be loaded again
                return null;
            });
            if (space.isUnloaded()) {
                unloaded.accept(space);
            }
        }
    }

    /** Counts a connection out, and drops the space when nothing of it is left. */
    public void leave(TenantSpace space) {
        space.connectionClosed();
        dropIfEmpty(space);
    }

    /** Drops the space when nothing of it is left: after a session or a retained message is gone. */
    public void dropIfEmpty(TenantSpace space) {
        if (space.isEmpty()) {
            spaces.computeIfPresent(space.id(), (id, known) -> {
                if (known != space || !space.isEmpty()) {
                    return known;
                }
                empty.add(id);
                return null;
            });
        }
    }

    public @Nullable TenantSpace find(TenantId tenant) {
        return spaces.get(tenant);
    }

    /** Forgets the space, whatever is left in it. */
    public void forget(TenantSpace space) {
        space.markUnloaded();
        spaces.computeIfPresent(space.id(), (id, known) -> {
            if (known != space) {
                return known;
            }
            store.unloaded(id); // before it can be loaded again
            return null;
        });
    }

    public Collection<TenantSpace> all() {
        return spaces.values();
    }
}
