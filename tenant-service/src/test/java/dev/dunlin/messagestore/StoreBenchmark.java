package dev.dunlin.messagestore;

import com.sun.management.OperatingSystemMXBean;
import dev.dunlin.database.EmbeddedPostgres;
import dev.dunlin.engine.port.MessageStore.Listener;
import dev.dunlin.engine.port.MessageStore.Refusal;
import dev.dunlin.engine.port.StoreChange.Queued;
import dev.dunlin.engine.port.StoreChange.Removed;
import dev.dunlin.engine.port.StoredMessage;
import dev.dunlin.engine.port.StoredPlace;
import dev.dunlin.engine.port.TenantId;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.util.FileSystemUtils;

/**
 * What it costs to queue a message and to remove it after it was delivered: CPU of this process and of all processes of
 * PostgreSQL for each message. So many messages as {@code windows} says are under way at any time, which is about what
 * arrives while a batch is being written.
 *
 * <pre>mvn -q -pl tenant-service -am test-compile exec:exec@store-benchmark [-Dstore-benchmark="seconds=5 windows=10,100"]</pre>
 *
 * Arguments: {@code seconds=5} of each load and of warming up for it, {@code windows=10,100,1000,4000}, {@code sessions=1,100} that queue each message,
 * {@code payload=100} bytes, {@code tenants=4}.
 */
final class StoreBenchmark {
    private static final byte[] NO_PROPERTIES = {};
    private static final long TICKS_A_SECOND = 100;

    private final PostgresMessageStore store;
    private final ProcessHandle server;
    private final Map<String, String> arguments;

    private StoreBenchmark(PostgresMessageStore store, ProcessHandle server, Map<String, String> arguments) {
        this.store = store;
        this.server = server;
        this.arguments = arguments;
    }

    public static void main(String[] arguments) throws Exception {
        var directory = Files.createTempDirectory("dunlin-store-benchmark");
        try (var postgres = EmbeddedPostgres.start(directory)) {
            run(postgres, named(arguments));
        } finally {
            FileSystemUtils.deleteRecursively(directory);
        }
    }

    private static Map<String, String> named(String[] arguments) {
        var named = new HashMap<>(Map.of(
                "seconds", "5", "windows", "10,100,1000,4000", "sessions", "1,100", "payload", "100", "tenants", "4"));
        for (var argument : arguments) {
            var parts = argument.split("=", 2);
            named.put(parts[0], parts[1]);
        }
        return named;
    }

    private static void run(EmbeddedPostgres postgres, Map<String, String> arguments) throws Exception {
        Flyway.configure()
                .dataSource(postgres.jdbcUrl(), postgres.userName(), postgres.password())
                .load()
                .migrate();
        var store = new PostgresMessageStore(
                details(postgres), Clock.systemUTC(), DiskRoom.Probe.UNKNOWN, 2, 1_000_000, 256 << 20);
        try {
            var benchmark = new StoreBenchmark(store, serverOf(postgres), arguments);
            System.out.println(
                    "sessions window  messages/s  commits/s  changes/commit  client us  database us  together us");
            for (int sessions : benchmark.numbers("sessions")) {
                for (int window : benchmark.numbers("windows")) {
                    benchmark.run(sessions, window, benchmark.number("seconds"));
                    System.out.println(benchmark.run(sessions, window, benchmark.number("seconds")));
                }
            }
        } finally {
            store.destroy();
        }
    }

    static JdbcConnectionDetails details(EmbeddedPostgres postgres) {
        return new JdbcConnectionDetails() {
            @Override
            public String getUsername() {
                return postgres.userName();
            }

            @Override
            public String getPassword() {
                return postgres.password();
            }

            @Override
            public String getJdbcUrl() {
                return postgres.jdbcUrl();
            }
        };
    }

    private static ProcessHandle serverOf(EmbeddedPostgres postgres) throws SQLException {
        try (var connection =
                        DriverManager.getConnection(postgres.jdbcUrl(), postgres.userName(), postgres.password());
                var statement = connection.createStatement();
                var result = statement.executeQuery("select pg_backend_pid()")) {
            result.next();
            return ProcessHandle.of(result.getLong(1))
                    .flatMap(ProcessHandle::parent)
                    .orElseThrow();
        }
    }

    private int number(String name) {
        return Integer.parseInt(String.valueOf(arguments.get(name)));
    }

    private int[] numbers(String name) {
        return Stream.of(String.valueOf(arguments.get(name)).split(","))
                .mapToInt(Integer::parseInt)
                .toArray();
    }

    private record Queue(TenantId tenant, long[] sessions, AtomicInteger next) {}

    private String run(int sessions, int window, int seconds) throws InterruptedException {
        var queues = IntStream.range(0, number("tenants"))
                .mapToObj(tenant -> new Queue(
                        new TenantId(java.util.UUID.randomUUID()),
                        LongStream.range(0, sessions).map(i -> store.newId()).toArray(),
                        new AtomicInteger()))
                .toList();
        var free = new Semaphore(window);
        var refusals = new AtomicInteger();
        var payload = new byte[number("payload")];
        var before = store.statistics();
        long clientBefore = clientNanos();
        long databaseBefore = databaseNanos();
        long began = System.nanoTime();
        long messages = 0;
        while (System.nanoTime() - began < TimeUnit.SECONDS.toNanos(seconds)) {
            free.acquire();
            queue(queues.get((int) (messages++ % queues.size())), payload, free, refusals);
        }
        free.acquire(window);
        while (store.statistics().waiting() > 0) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
        double nanos = System.nanoTime() - began;
        double client = (clientNanos() - clientBefore) / 1e3 / messages;
        double database = (databaseNanos() - databaseBefore) / 1e3 / messages;
        var after = store.statistics();
        double commits = after.commits() - before.commits();
        var row = String.format(
                "%8d %6d %11.0f %10.0f %15.1f %10.2f %12.2f %12.2f",
                sessions,
                window,
                messages * 1e9 / nanos,
                commits * 1e9 / nanos,
                (after.changes() - before.changes()) / commits,
                client,
                database,
                client + database);
        return refusals.get() == 0 ? row : row + "  FAULTY: " + refusals + " refused";
    }

    /** Queues a message; when it is stored, it counts as delivered and is removed. */
    private void queue(Queue queue, byte[] payload, Semaphore free, AtomicInteger refusals) {
        var message = new StoredMessage(
                store.newId(), "plant/boiler/temperature", payload, NO_PROPERTIES, 1, false, -1, null);
        int position = queue.next.getAndIncrement();
        var places = LongStream.of(queue.sessions)
                .mapToObj(session -> new StoredPlace(session, position, message.id(), 1, false, false, List.of(), null))
                .toList();
        store.change(queue.tenant, new Queued(message, places, places.size() == 1, null), new Listener() {
            @Override
            public void onStored() {
                remove(queue, message.id(), position);
                free.release();
            }

            @Override
            public void onRefused(Refusal why) {
                refusals.incrementAndGet();
                free.release();
            }
        });
    }

    private void remove(Queue queue, long message, int position) {
        for (long session : queue.sessions) {
            store.change(queue.tenant, Removed.place(session, position), null);
        }
        if (queue.sessions.length > 1) {
            store.change(queue.tenant, Removed.message(message), null);
        }
    }

    private static long clientNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    /** Of the server and of all that it has started, also of those that have ended. */
    private long databaseNanos() {
        return Stream.concat(Stream.of(server), server.descendants())
                        .mapToLong(process -> ticks(process.pid()))
                        .sum()
                * (TimeUnit.SECONDS.toNanos(1) / TICKS_A_SECOND);
    }

    private static long ticks(long pid) {
        try {
            var stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return IntStream.rangeClosed(11, 14)
                    .mapToLong(field -> Long.parseLong(fields[field]))
                    .sum();
        } catch (IOException ended) {
            return 0;
        }
    }
}
