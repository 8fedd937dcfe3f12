package dev.dunlin.console.faults;

import static org.awaitility.Awaitility.await;

import dev.dunlin.console.DunlinProcess;
import dev.dunlin.database.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** PostgreSQL as an operator runs it, of the programs that Dunlin brings along: nobody starts it again by itself. */
final class Database implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final Path cluster;
    private final Path programs;
    private final Path log;
    private final String url;
    private final String userName;
    private final String password;

    private Database(Path home, EmbeddedPostgres made) {
        cluster = home.resolve("postgres/18/data");
        log = home.resolve("operated.log");
        url = made.jdbcUrl();
        userName = made.userName();
        password = made.password();
        try (Stream<Path> found = Files.list(home.resolve("postgres"))) {
            programs = found.filter(each -> each.getFileName().toString().startsWith("programs-"))
                    .findAny()
                    .orElseThrow()
                    .resolve("bin");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Makes one in an empty directory, and starts it. */
    static Database create(Path home) {
        Database database;
        DunlinProcess.prepare(home);
        try (var made = EmbeddedPostgres.start(home)) {
            database = new Database(home, made);
        }
        database.start();
        return database;
    }

    /** What Dunlin has to be told of it. */
    String[] settings() {
        return new String[] {
            "spring.datasource.url=" + url,
            "spring.datasource.username=" + userName,
            "spring.datasource.password=" + password
        };
    }

    /** Returns when it takes connections. */
    void start() {
        var settings = Stream.of(
                        "listen_addresses=127.0.0.1",
                        "port=" + URI.create(url.substring("jdbc:".length())).getPort(),
                        "unix_socket_directories=",
                        "timezone=UTC")
                .map(setting -> "-c " + setting)
                .collect(Collectors.joining(" "));
        control("start", "-w", "-l", log.toString(), "-o", settings);
    }

    /** As an operator does for maintenance: connections are ended. */
    void stop() {
        control("stop", "-w", "-m", "fast");
    }

    private void control(String... arguments) {
        var command = new ArrayList<String>();
        if (System.getProperty("user.name").equals("root")) {
            command.addAll(List.of("unshare", "-U"));
        }
        command.addAll(List.of(programs.resolve("pg_ctl").toString(), "-D", cluster.toString()));
        command.addAll(List.of(arguments));
        Commands.run(command);
    }

    /** All of its processes stand still; whoever asks gets no answer. */
    void pause() {
        signal("STOP", processes());
    }

    void goOn() {
        signal("CONT", processes());
    }

    /** All of its processes at once. */
    void kill() {
        var killed = processes();
        signal("KILL", killed);
        await().atMost(PATIENCE).until(() -> killed.stream().noneMatch(ProcessHandle::isAlive));
    }

    private static void signal(String signal, List<ProcessHandle> processes) {
        var command = new ArrayList<>(List.of("kill", "-" + signal));
        processes.forEach(process -> command.add(Long.toString(process.pid())));
        Commands.run(command);
    }

    private List<ProcessHandle> processes() {
        try {
            var lines = Files.readAllLines(cluster.resolve("postmaster.pid"));
            var server = ProcessHandle.of(Long.parseLong(lines.get(0).strip())).orElseThrow();
            return Stream.concat(Stream.of(server), server.descendants()).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Leaves nothing running, whatever state it is in. */
    @Override
    public void close() {
        if (Files.exists(cluster.resolve("postmaster.pid"))) {
            kill();
        }
    }
}
