package dev.dunlin.console.process;

import dev.dunlin.engine.port.TenantMemory;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * Memory by what it is for: of all tenants together, and of those that take most of it. There may be a hundred thousand
 * tenants, and a time series for each would cost more than what it tells about.
 */
final class TenantMemoryMeters {
    private static final int HEAVIEST = 50;
    private static final Duration FRESH = Duration.ofSeconds(5);

    private static final String ALL = "dunlin.memory.bytes";
    private static final String BY_TENANT = "dunlin.tenant.memory.bytes";
    private static final String KIND = "kind";

    private record Kind(String name, ToLongFunction<TenantMemory> bytes) {}

    private static final List<Kind> KINDS = List.of(
            new Kind("connections", TenantMemory::connectionBytes),
            new Kind("buffers", TenantMemory::bufferBytes),
            new Kind("queued", TenantMemory::queuedBytes),
            new Kind("retained", TenantMemory::retainedBytes));

    private final Supplier<List<TenantMemory>> memory;
    private final MultiGauge heaviest;
    private final AtomicLong readNanos = new AtomicLong(System.nanoTime() - FRESH.toNanos());
    private volatile List<TenantMemory> read = List.of();

    private TenantMemoryMeters(MeterRegistry meters, Supplier<List<TenantMemory>> memory) {
        this.memory = memory;
        this.heaviest = MultiGauge.builder(BY_TENANT)
                .description("Memory of the " + HEAVIEST + " tenants that take most of it")
                .register(meters);
        for (var kind : KINDS) {
            Gauge.builder(ALL, this, self -> self.sum(kind))
                    .description("Memory of all tenants by what it is for")
                    .tag(KIND, kind.name)
                    .register(meters);
        }
    }

    static void register(MeterRegistry meters, Supplier<List<TenantMemory>> memory) {
        new TenantMemoryMeters(meters, memory);
    }

    private double sum(Kind kind) {
        readIfOld();
        return read.stream().mapToLong(kind.bytes).sum();
    }

    /** Whoever asks for one value asks for all of them. */
    private void readIfOld() {
        long last = readNanos.get();
        long now = System.nanoTime();
        if (now - last < FRESH.toNanos() || !readNanos.compareAndSet(last, now)) {
            return;
        }
        read = memory.get();
        var rows = new ArrayList<Row<?>>();
        read.stream()
                .sorted(Comparator.comparingLong(TenantMemory::bytes).reversed())
                .limit(HEAVIEST)
                .forEach(tenant -> KINDS.forEach(kind -> rows.add(
                        Row.of(Tags.of("tenant", tenant.slug(), KIND, kind.name), kind.bytes.applyAsLong(tenant)))));
        heaviest.register(rows, true);
    }
}
