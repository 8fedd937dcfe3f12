package dev.dunlin.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.dunlin.TestDatabase;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedPostgresTest {
    @TempDir
    Path directory;

    @Test
    void keepsItsDataFromOneStartToTheNext() throws Exception {
        // given a table
        try (var postgres = EmbeddedPostgres.start(directory)) {
            execute(postgres, "create table kept as select 42 as answer");
        }

        // when it is started again
        try (var postgres = EmbeddedPostgres.start(directory)) {
            // then the table is there, and nobody else may read the files
            assertThat(answer(postgres)).isEqualTo(42);
            assertThat(readableByOthers(directory)).isEmpty();
            assertThat(setting(postgres, "fsync")).isEqualTo("on");
            assertThat(setting(postgres, "synchronous_commit")).isEqualTo("on");
            assertThat(setting(postgres, "full_page_writes")).isEqualTo("on");
        }
        assertThat(serversOn(directory)).isEmpty();
    }

    @Test
    void comesBackOnTheSamePortAfterItsServerWasKilled() throws Exception {
        TestDatabase.prepare(directory);
        try (var postgres = EmbeddedPostgres.start(directory)) {
            // given a table
            execute(postgres, "create table kept as select 42 as answer");

            // when the server is killed
            kill(postgres.serverPid().orElseThrow());

            // then it recovers by itself, and the address is still right
            await().atMost(Duration.ofSeconds(30))
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(answer(postgres)).isEqualTo(42));
        }
        assertThat(serversOn(directory)).isEmpty();
    }

    @Test
    void triesAgainUntilItStartsWhateverItsLogHolds() throws Exception {
        TestDatabase.prepare(directory);
        try (var postgres = EmbeddedPostgres.start(directory)) {
            // given half a character in the log, as a full disk leaves one, and a server that cannot start
            execute(postgres, "create table kept as select 42 as answer");
            var log = directory.resolve("postgres/18/server.log");
            Files.write(log, new byte[] {(byte) 0xC3}, StandardOpenOption.APPEND);
            var configuration = directory.resolve("postgres/18/data/postgresql.conf");
            var aside = configuration.resolveSibling("aside");
            Files.move(configuration, aside);

            // when it dies, it is tried again and again
            kill(postgres.serverPid().orElseThrow());
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> Files.readString(log, StandardCharsets.ISO_8859_1)
                                    .split("could not access the server configuration file", -1)
                                    .length
                            > 2);

            // then it comes back as soon as it can
            Files.move(aside, configuration);
            await().atMost(Duration.ofSeconds(30))
                    .ignoreExceptions()
                    .untilAsserted(() -> assertThat(answer(postgres)).isEqualTo(42));
        }
    }

    @Test
    void goesDownWithAKilledJvmAndRecovers() throws Exception {
        // given another process that has started the database and committed a table
        TestDatabase.prepare(directory);
        var child = startChild();
        child.said("ready");

        // when that process is killed
        kill(child.process.pid());

        // then no server stays behind, and the next start finds what was committed
        await().atMost(Duration.ofSeconds(20)).until(() -> serversOn(directory).isEmpty());
        try (var postgres = EmbeddedPostgres.start(directory)) {
            assertThat(answer(postgres)).isEqualTo(42);
        }
    }

    @Test
    void stopsAServerThatAnEarlierProcessLeftBehind() throws Exception {
        // given a server whose process and whose guard were killed
        TestDatabase.prepare(directory);
        var child = startChild();
        child.said("ready");
        var guards = child.process
                .toHandle()
                .descendants()
                .filter(EmbeddedPostgresTest::isGuard)
                .toList();
        assertThat(guards).isNotEmpty();
        for (var guard : guards) {
            signal("STOP", guard.pid()); // or it might stop the server before it is killed
        }
        kill(child.process.pid());
        for (var guard : guards) {
            kill(guard.pid());
        }
        var stray = pid(directory);
        child.process.waitFor(10, TimeUnit.SECONDS);

        // when the database is started
        try (var postgres = EmbeddedPostgres.start(directory)) {
            // then the stray server is gone and the data is there
            assertThat(postgres.serverPid().orElseThrow()).isNotEqualTo(stray);
            assertThat(ProcessHandle.of(stray).map(ProcessHandle::isAlive)).isNotEqualTo(java.util.Optional.of(true));
            assertThat(answer(postgres)).isEqualTo(42);
        }
    }

    @Test
    void startsWhenItsOldProcessNumberWentToAnother() throws Exception {
        // given a pid file that names a process which is no server: this one
        TestDatabase.prepare(directory);
        Files.writeString(
                directory.resolve("postgres/18/data/postmaster.pid"),
                ProcessHandle.current().pid() + "\n" + directory.resolve("postgres/18/data") + "\n");

        // when it is started, then it works
        try (var postgres = EmbeddedPostgres.start(directory)) {
            assertThat(setting(postgres, "fsync")).isEqualTo("on");
        }
    }

    @Test
    void beginsAgainAfterAKillInTheMiddleOfTheFirstStart() throws Exception {
        // given what a kill during unpacking and initdb leaves
        Files.createDirectories(directory.resolve("postgres/18.unfinished/data/base"));
        Files.writeString(directory.resolve("postgres/18.unfinished/password"), "half");

        // when it is started, then it works
        try (var postgres = EmbeddedPostgres.start(directory)) {
            assertThat(setting(postgres, "fsync")).isEqualTo("on");
            assertThat(directory.resolve("postgres/18.unfinished")).doesNotExist();
        }
    }

    @Test
    void refusesADirectoryThatIsInUse() {
        TestDatabase.prepare(directory);
        try (var postgres = EmbeddedPostgres.start(directory)) {
            assertThatThrownBy(() -> EmbeddedPostgres.start(directory))
                    .isInstanceOf(DataDirectoryException.class)
                    .hasMessageContaining("in use by another Dunlin");
            assertThat(postgres.serverPid()).isPresent();
        }
    }

    @Test
    void saysInOneSentenceThatADirectoryCannotBeMade() throws IOException {
        // given a file where the directory should be
        var file = Files.writeString(directory.resolve("file"), "not a directory");

        // when, then
        assertThatThrownBy(() -> EmbeddedPostgres.start(file))
                .isInstanceOf(DataDirectoryException.class)
                .hasMessage("The data directory " + file + " cannot be used: it is not a directory.");
        assertThatThrownBy(() -> EmbeddedPostgres.start(file.resolve("below")))
                .isInstanceOf(DataDirectoryException.class)
                .hasMessageStartingWith("The data directory " + file.resolve("below") + " cannot be used: ");
        assertThatThrownBy(() -> EmbeddedPostgres.start(Path.of("/proc/dunlin")))
                .isInstanceOf(DataDirectoryException.class)
                .hasMessageStartingWith("The data directory /proc/dunlin cannot be used: ");
    }

    @Test
    void refusesToStartAnEmptyDatabaseBesideOneOfAnotherVersion() throws IOException {
        Files.createDirectories(directory.resolve("postgres/17/data"));
        assertThatThrownBy(() -> EmbeddedPostgres.start(directory))
                .isInstanceOf(DataDirectoryException.class)
                .hasMessageContaining("PostgreSQL 17");
    }

    /** What the killed process runs. */
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws Exception {
            var postgres = EmbeddedPostgres.start(Path.of(arguments[0]));
            execute(postgres, "create table kept as select 42 as answer");
            System.out.println("ready");
            System.in.read();
        }
    }

    private record ChildProcess(Process process, BufferedReader output) {
        void said(String word) throws IOException {
            for (var line = output.readLine(); line != null; line = output.readLine()) {
                if (line.equals(word)) {
                    return;
                }
            }
            throw new AssertionError("The process ended without saying " + word);
        }
    }

    private ChildProcess startChild() throws IOException {
        var process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        directory.toString()))
                .redirectErrorStream(true)
                .start();
        return new ChildProcess(
                process, new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)));
    }

    private static boolean isGuard(ProcessHandle process) {
        return process.info().command().orElse("").endsWith("sh");
    }

    private static void kill(long pid) throws IOException, InterruptedException {
        signal("KILL", pid);
    }

    private static void signal(String name, long pid) throws IOException, InterruptedException {
        new ProcessBuilder("sh", "-c", "kill -" + name + " " + pid).start().waitFor();
    }

    private static long pid(Path directory) throws IOException {
        return Long.parseLong(Files.readAllLines(directory.resolve("postgres/18/data/postmaster.pid"))
                .get(0));
    }

    private static List<ProcessHandle> serversOn(Path directory) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").contains(directory + "/postgres/18/data"))
                .filter(ProcessHandle::isAlive)
                .toList();
    }

    private static List<Path> readableByOthers(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            return files.filter(Files::exists)
                    .filter(file -> !file.equals(directory) && !Files.isSymbolicLink(file))
                    .filter(file -> {
                        try {
                            return !PosixFilePermissions.toString(Files.getPosixFilePermissions(file))
                                    .endsWith("------");
                        } catch (IOException gone) {
                            return false;
                        }
                    })
                    .toList();
        }
    }

    private static Connection connect(EmbeddedPostgres postgres) throws SQLException {
        return DriverManager.getConnection(postgres.jdbcUrl(), postgres.userName(), postgres.password());
    }

    private static void execute(EmbeddedPostgres postgres, String sql) throws SQLException {
        try (var connection = connect(postgres);
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static int answer(EmbeddedPostgres postgres) throws SQLException {
        return Integer.parseInt(query(postgres, "select answer from kept"));
    }

    private static String setting(EmbeddedPostgres postgres, String name) throws SQLException {
        return query(postgres, "show " + name);
    }

    private static String query(EmbeddedPostgres postgres, String sql) throws SQLException {
        try (var connection = connect(postgres);
                var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            result.next();
            return result.getString(1);
        }
    }
}
