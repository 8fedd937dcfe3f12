package dev.dunlin.database;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PostgreSQL as a child of this process, on a free port of 127.0.0.1, with its data in the data directory. It is started
 * anew on the same port when it dies, and it dies with us: a shell stands between, which stops it as soon as the pipe from
 * here breaks, even by {@code kill -9}. Where the shell was killed as well, the next start finds the stray server and stops
 * it first.
 */
public final class EmbeddedPostgres implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedPostgres.class);

    private static final String NAME = "dunlin";
    private static final String CANNOT_CONNECT_NOW = "57P03";
    private static final int START_ATTEMPTS = 20;
    /** What a server process keeps of the memory that it has no need of for the moment. */
    private static final String KEPT_MEMORY_BYTES = Integer.toString(32 << 20);

    private static final int MAX_LAST_WORDS_BYTES = 64 << 10;
    private static final long MIN_LOG_MEGABYTES = 64;
    private static final long MAX_LOG_MEGABYTES = 1_024;
    private static final int LOG_PART = 16;
    /** Recovery after a crash replays the log, which can take a while; a server that works on it is not given up. */
    private static final Duration RECOVERY_TIME = Duration.ofMinutes(10);
    /** Together they leave room in the ten seconds that a shutdown of Dunlin may take. */
    private static final Duration FAST_SHUTDOWN_TIME = Duration.ofSeconds(6);

    private static final Duration IMMEDIATE_SHUTDOWN_TIME = Duration.ofSeconds(2);

    /**
     * Runs the server ("$@") and waits for it. Reading from standard input ends when the Java process does, however it
     * ends; then SIGINT asks for a fast shutdown.
     */
    private static final String SHELL = """
            umask 077
            exec 3<&0
            "$@" </dev/null 3<&- &
            server=$!
            (read -r _ <&3; kill -INT $server) </dev/null >/dev/null 2>&1 &
            watch=$!
            exec 3<&-
            wait $server
            code=$?
            kill $watch 2>/dev/null
            exit $code
            """;

    private final DataDirectory dataDirectory;
    private final PostgresBinaries binaries;
    private final Path home;
    private final Path cluster;
    private final Path serverLog;
    private final List<String> prefix;
    private final String password;
    private final int port;
    private volatile boolean stopping;
    private volatile @Nullable Process process;
    private volatile long logBeforeLaunch;

    /**
     * Starts PostgreSQL, and first makes whatever of programs, data directory and database is not there yet.
     *
     * @throws DataDirectoryException if that cannot be done
     */
    public static EmbeddedPostgres start(Path dataDirectory) {
        var directory = DataDirectory.open(dataDirectory);
        try {
            return new EmbeddedPostgres(directory);
        } catch (IOException e) {
            directory.close();
            throw new DataDirectoryException(
                    "The database in " + directory.path() + " cannot be started: " + DataDirectory.reason(e) + ".", e);
        } catch (InterruptedException e) {
            directory.close();
            Thread.currentThread().interrupt();
            throw new DataDirectoryException("Starting the database was interrupted.", e);
        } catch (RuntimeException e) {
            directory.close();
            throw e;
        }
    }

    private EmbeddedPostgres(DataDirectory dataDirectory) throws IOException, InterruptedException {
        this.dataDirectory = dataDirectory;
        var root = dataDirectory.path().resolve("postgres");
        Files.createDirectories(root, DataDirectory.OWNER_ONLY_DIRECTORY);
        binaries = PostgresBinaries.unpackInto(root);
        home = root.resolve(Integer.toString(binaries.majorVersion()));
        cluster = home.resolve("data");
        serverLog = home.resolve("server.log");
        prefix = unprivileged();
        if (!Files.isDirectory(home)) {
            refuseOtherVersions(root);
            initialise();
        }
        password = Files.readString(home.resolve("password"), StandardCharsets.UTF_8);
        stopStrayServer();
        keepOneOldLog();
        port = startOnFreePort();
        try {
            prepareDatabase();
        } catch (SQLException e) {
            stopServer();
            throw new DataDirectoryException(
                    "The database in " + cluster + " cannot be used: " + e.getMessage() + ".", e);
        } catch (RuntimeException e) {
            stopServer();
            throw e;
        }
        var keeper = new Thread(this::startAnewWhenItDies, "postgres-keeper");
        keeper.setDaemon(true);
        keeper.start();
    }

    public String jdbcUrl() {
        return jdbcUrl(port, NAME);
    }

    private static String jdbcUrl(int port, String database) {
        return "jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?ApplicationName=dunlin&sslmode=disable";
    }

    public String userName() {
        return NAME;
    }

    public String password() {
        return password;
    }

    /** The process id of the server itself, not of the shell before it; empty while there is none. */
    OptionalLong serverPid() {
        return pidIn(cluster);
    }

    /** Stops the server, taking no more than eight seconds, and gives the data directory back. */
    @Override
    public synchronized void close() {
        if (stopping) {
            return;
        }
        stopping = true;
        stopServer();
        dataDirectory.close();
    }

    /** PostgreSQL refuses to run as root; inside a user namespace of its own it has no rights beyond a user's. */
    private static List<String> unprivileged() throws InterruptedException {
        if (!isRoot()) {
            return List.of();
        }
        try {
            var attempt = new ProcessBuilder("unshare", "-U", "true")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (attempt.waitFor() == 0) {
                return List.of("unshare", "-U");
            }
        } catch (IOException notInstalled) {
            log.debug("unshare cannot be run", notInstalled);
        }
        throw new DataDirectoryException(
                "The embedded PostgreSQL does not run as root here, since \"unshare -U\" is not"
                        + " allowed: start Dunlin as another user, or give a database with spring.datasource.url.");
    }

    private static boolean isRoot() {
        try {
            return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
        } catch (IOException | UnsupportedOperationException noProc) {
            return "root".equals(System.getProperty("user.name"));
        }
    }

    /** An empty database beside a full one of another version would look like data loss. */
    private void refuseOtherVersions(Path root) throws IOException {
        try (var children = Files.list(root)) {
            var other = children.map(child -> child.getFileName().toString())
                    .filter(name -> name.matches("\\d+"))
                    .findAny();
            if (other.isPresent()) {
                throw new DataDirectoryException("The data directory " + dataDirectory.path()
                        + " holds a database of PostgreSQL " + other.get() + ", and this Dunlin brings PostgreSQL "
                        + binaries.majorVersion() + ": move the data over with pg_upgrade or with pg_dump.");
            }
        }
    }

    /** Password and cluster are made under another name and appear together, by one rename. */
    private void initialise() throws IOException, InterruptedException {
        var unfinished = home.resolveSibling(home.getFileName() + ".unfinished");
        DataDirectory.deleteTree(unfinished);
        Files.createDirectory(unfinished, DataDirectory.OWNER_ONLY_DIRECTORY);
        var passwordFile = unfinished.resolve("password");
        Files.createFile(passwordFile, DataDirectory.OWNER_ONLY_FILE);
        var random = new byte[24];
        new SecureRandom().nextBytes(random);
        Files.writeString(passwordFile, HexFormat.of().formatHex(random), StandardCharsets.UTF_8);

        var command = new ArrayList<>(prefix);
        command.addAll(List.of(
                binaries.program("initdb").toString(),
                "--pgdata=" + unfinished.resolve("data"),
                "--username=" + NAME,
                "--pwfile=" + passwordFile,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--no-instructions"));
        var initdb = builder(command).start();
        var said = new String(initdb.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (initdb.waitFor() != 0) {
            DataDirectory.deleteTree(unfinished);
            throw new DataDirectoryException("The database in " + dataDirectory.path() + " cannot be created: "
                    + said.lines()
                            .filter(line -> line.contains("error:"))
                            .findFirst()
                            .orElse(said.strip()) + ".");
        }
        Files.move(unfinished, home, StandardCopyOption.ATOMIC_MOVE);
    }

    private static ProcessBuilder builder(List<String> command) {
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        var environment = builder.environment();
        // Settings for other servers on this machine (PGPORT, PGDATA, …) are not for this one
        environment.keySet().removeIf(name -> name.startsWith("PG"));
        environment.put("LC_ALL", "C");
        environment.put("TZ", "UTC");
        // A batch of messages is a parameter of more than a megabyte. By default the C library gives the memory of
        // each back and asks for it anew, page by page, which takes longer than to write the messages
        environment.putIfAbsent("MALLOC_MMAP_THRESHOLD_", KEPT_MEMORY_BYTES);
        environment.putIfAbsent("MALLOC_TRIM_THRESHOLD_", KEPT_MEMORY_BYTES);
        return builder;
    }

    /** Only we hold the lock of the data directory, so a server that still works on it lost its Dunlin. */
    private void stopStrayServer() throws IOException, InterruptedException {
        var pid = pidIn(cluster);
        if (pid.isEmpty()) {
            return;
        }
        if (isServerOf(pid.getAsLong(), cluster)) {
            log.warn("Stopping the PostgreSQL that an earlier Dunlin left behind (process {})", pid.getAsLong());
            stop(pid.getAsLong(), Duration.ofSeconds(30), Duration.ofSeconds(10));
        } else if (ProcessHandle.of(pid.getAsLong()).isPresent()) {
            // The number went to a stranger; PostgreSQL would take it for a running server and refuse
            Files.deleteIfExists(cluster.resolve("postmaster.pid"));
        }
    }

    private static OptionalLong pidIn(Path cluster) {
        try (Stream<String> lines = Files.lines(cluster.resolve("postmaster.pid"), StandardCharsets.UTF_8)) {
            return OptionalLong.of(Long.parseLong(lines.findFirst().orElse("").strip()));
        } catch (IOException | java.io.UncheckedIOException | NumberFormatException noneOrHalfWritten) {
            return OptionalLong.empty();
        }
    }

    private static boolean isServerOf(long pid, Path cluster) {
        return ProcessHandle.of(pid)
                .flatMap(process -> process.info().arguments())
                .map(arguments -> List.of(arguments).contains(cluster.toString()))
                .orElse(false);
    }

    private static void signal(String signal, long pid) throws IOException, InterruptedException {
        new ProcessBuilder("sh", "-c", "kill -" + signal + " " + pid)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    /** Fast shutdown, then immediate shutdown, then the kernel's. */
    private static void stop(long pid, Duration fast, Duration immediate) throws IOException, InterruptedException {
        signal("INT", pid);
        if (!ended(pid, fast)) {
            signal("QUIT", pid);
            if (!ended(pid, immediate)) {
                signal("KILL", pid);
                ended(pid, Duration.ofSeconds(5));
            }
        }
    }

    private static boolean ended(long pid, Duration patience) throws InterruptedException {
        return await(
                patience,
                () -> !ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
    }

    private static boolean await(Duration patience, BooleanSupplier condition) throws InterruptedException {
        var deadline = System.nanoTime() + patience.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return true;
    }

    private void keepOneOldLog() throws IOException {
        if (Files.exists(serverLog, LinkOption.NOFOLLOW_LINKS)) {
            Files.move(serverLog, home.resolve("server.log.1"), StandardCopyOption.REPLACE_EXISTING);
        }
        Files.createFile(serverLog, DataDirectory.OWNER_ONLY_FILE);
    }

    private int startOnFreePort() throws IOException, InterruptedException {
        var said = "";
        for (int attempt = 0; attempt < START_ATTEMPTS; attempt++) {
            int free;
            try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                free = socket.getLocalPort();
            }
            var launched = launch(free);
            process = launched;
            if (isReady(launched, free)) {
                return free;
            }
            stopServer();
            said = lastWords();
            // The port was taken in between, or a backend of a killed server has not noticed yet: both pass
            var passing = said.contains("Address already in use")
                    || said.contains("shared memory block")
                    || said.contains("could not create any TCP/IP sockets");
            if (!passing) {
                break;
            }
            TimeUnit.MILLISECONDS.sleep(500);
        }
        throw new DataDirectoryException("The database in " + cluster + " does not start: " + said + ".");
    }

    /** What it said since it was launched the last time, as far as it tells of a failure. */
    private String lastWords() throws IOException {
        // A disk that was full may have cut a character in two, and a server that is tried again and again says a lot
        var said = new String(tailOfLog(), StandardCharsets.UTF_8);
        return said.lines()
                .filter(line -> line.contains("FATAL")
                        || line.contains("PANIC")
                        || line.contains("HINT")
                        || line.contains("could not"))
                .reduce((first, second) -> first + "; " + second)
                .orElse("see " + serverLog);
    }

    private byte[] tailOfLog() throws IOException {
        try (var file = FileChannel.open(serverLog)) {
            file.position(Math.max(logBeforeLaunch, file.size() - MAX_LAST_WORDS_BYTES));
            return Channels.newInputStream(file).readNBytes(MAX_LAST_WORDS_BYTES);
        }
    }

    private Process launch(int onPort) throws IOException {
        var command = new ArrayList<String>();
        if (hasSetsid()) {
            // Ctrl+C in a terminal signals a whole group; the database must outlive the pool that uses it
            command.add("setsid");
        }
        command.addAll(List.of("sh", "-c", SHELL, "postgres"));
        command.addAll(prefix);
        command.addAll(List.of(binaries.program("postgres").toString(), "-D", cluster.toString()));
        var settings = List.of(
                "listen_addresses=127.0.0.1",
                "port=" + onPort,
                // TCP with a password alone: a socket's path is limited to 107 bytes, a data directory's is not
                "unix_socket_directories=",
                "fsync=on",
                "synchronous_commit=on",
                "full_page_writes=on",
                "max_wal_size=" + maxLogMegabytes() + "MB",
                // Queues fill and drain by tens of thousands of rows a second: a minute of that is a lot to clean
                "autovacuum_naptime=10s",
                "timezone=UTC",
                "log_timezone=UTC",
                // Its own doings and its failures; a statement that fails is reported to whoever sent it
                "log_min_messages=log",
                "log_checkpoints=off",
                "logging_collector=off");
        for (var setting : settings) {
            command.addAll(List.of("-c", setting));
        }
        logBeforeLaunch = Files.size(serverLog);
        return builder(command)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(serverLog.toFile()))
                .start();
    }

    /** PostgreSQL's default of a gigabyte would fill a small disk before it is first tidied. */
    private long maxLogMegabytes() throws IOException {
        long diskMegabytes = Files.getFileStore(cluster).getTotalSpace() >> 20;
        return Math.max(MIN_LOG_MEGABYTES, Math.min(MAX_LOG_MEGABYTES, diskMegabytes / LOG_PART));
    }

    private static boolean hasSetsid() {
        return Optional.ofNullable(System.getenv("PATH")).stream()
                .flatMap(path -> Stream.of(path.split(java.io.File.pathSeparator)))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, "setsid")));
    }

    /** Whether the server takes connections; false as soon as it ended. */
    private boolean isReady(Process started, int onPort) throws InterruptedException {
        var ready = await(RECOVERY_TIME, () -> !started.isAlive() || answers(onPort));
        return ready && started.isAlive();
    }

    private boolean answers(int onPort) {
        try (var connection = connect(onPort, "postgres")) {
            return connection.isValid(5);
        } catch (SQLException e) {
            if (e.getSQLState() != null
                    && !e.getSQLState().startsWith("08")
                    && !CANNOT_CONNECT_NOW.equals(e.getSQLState())) {
                throw new DataDirectoryException(
                        "The database in " + cluster + " refuses us: " + e.getMessage() + ".", e);
            }
            return false;
        }
    }

    private Connection connect(int onPort, String database) throws SQLException {
        return DriverManager.getConnection(jdbcUrl(onPort, database), NAME, password);
    }

    private void prepareDatabase() throws SQLException {
        try (var connection = connect(port, "postgres");
                var statement = connection.createStatement()) {
            for (var setting : List.of("fsync", "synchronous_commit", "full_page_writes")) {
                try (var result = statement.executeQuery("show " + setting)) {
                    if (!result.next() || !"on".equals(result.getString(1))) {
                        throw new DataDirectoryException("The database in " + cluster + " runs without " + setting
                                + ", so what it confirms could be lost.");
                    }
                }
            }
            boolean exists;
            try (var result = statement.executeQuery("select from pg_database where datname = '" + NAME + "'")) {
                exists = result.next();
            }
            if (!exists) {
                statement.execute("create database " + NAME);
            }
        }
    }

    /** As often as it takes: where its disk is full it ends again and again until there is room. */
    private void startAnewWhenItDies() {
        var running = process;
        boolean fails = false;
        while (!stopping && running != null) {
            try {
                var code = running.waitFor();
                synchronized (this) {
                    if (stopping) {
                        return;
                    }
                    if (!fails) {
                        log.error("PostgreSQL ended by itself with code {}: starting it again", code);
                    }
                    closeInput(running);
                    stopStrayServer();
                    running = launch(port);
                    process = running;
                }
                if (isReady(running, port)) {
                    log.info("PostgreSQL runs again");
                    fails = false;
                } else if (!stopping) {
                    if (!fails) {
                        log.error("PostgreSQL does not start again, and is tried every second: {}", lastWords());
                    }
                    fails = true;
                    TimeUnit.SECONDS.sleep(1);
                }
            } catch (IOException | DataDirectoryException e) {
                if (!fails) {
                    log.error("PostgreSQL cannot be started again, and is tried every second", e);
                }
                fails = true;
                pause();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private static void pause() {
        try {
            TimeUnit.SECONDS.sleep(1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Closing the pipe is what tells the shell to stop the server. */
    private void stopServer() {
        var ending = process;
        if (ending == null) {
            return;
        }
        closeInput(ending);
        try {
            if (!ending.waitFor(FAST_SHUTDOWN_TIME.toMillis(), TimeUnit.MILLISECONDS)) {
                var pid = pidIn(cluster);
                if (pid.isPresent() && isServerOf(pid.getAsLong(), cluster)) {
                    signal("QUIT", pid.getAsLong());
                }
                if (!ending.waitFor(IMMEDIATE_SHUTDOWN_TIME.toMillis(), TimeUnit.MILLISECONDS)) {
                    ending.destroyForcibly();
                }
            }
        } catch (IOException e) {
            log.warn("PostgreSQL cannot be stopped; the next start will", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void closeInput(Process process) {
        try {
            process.getOutputStream().close();
        } catch (IOException alreadyClosed) {
            log.debug("The pipe to PostgreSQL was closed already", alreadyClosed);
        }
    }
}
