package dev.dunlin.console;

import static org.assertj.core.api.Assertions.assertThat;

import dev.dunlin.database.EmbeddedPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Starts that cannot succeed, and the end of those that did: as processes of their own, seen from outside. */
class StartAndStopTest {
    private static final Duration FAILED_WITHIN = Duration.ofSeconds(60);
    private static final Duration STOPPED_WITHIN = Duration.ofSeconds(10);

    /** One data directory for all of them: a start that fails must leave it fit for the next one. */
    @TempDir
    static Path data;

    @TempDir
    Path folder;

    private static final String PASSWORD = "a long passphrase";
    private static ServerSocket taken;

    @BeforeAll
    static void takeAPort() throws IOException {
        taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
    }

    @AfterAll
    static void freeThePort() throws IOException {
        taken.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"server.port", "management.server.port", "dunlin.mqtt.tcp.port", "dunlin.mqtt.wss.port"})
    void saysThatAPortIsTakenBeforeAnythingIsBegun(String property) {
        var notBegun = folder.resolve("data");
        var line = failingStart(notBegun, property + "=" + taken.getLocalPort());
        assertThat(line).contains(String.valueOf(taken.getLocalPort())).contains(property);
        assertThat(notBegun).doesNotExist();
    }

    @Test
    void saysThatTheExternalDatabaseCannotBeReached() throws IOException {
        int nobody;
        try (var socket = new ServerSocket(0)) {
            nobody = socket.getLocalPort();
        }
        var url = "jdbc:postgresql://127.0.0.1:" + nobody + "/dunlin";
        var started = System.nanoTime();
        var line = failingStart(
                data,
                "spring.datasource.url=" + url,
                "spring.datasource.username=dunlin",
                "spring.datasource.password=not-for-the-log");
        assertThat(line).contains(url).contains("cannot be reached").doesNotContain("not-for-the-log");
        assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(40));
    }

    @Test
    void saysThatTheProvisioningFileCannotBeRead() {
        var line = failingStart(data, "dunlin.provisioning.file=" + folder.resolve("not-there.yaml"));
        assertThat(line).contains("not-there.yaml");
    }

    @Test
    void saysWhatIsWrongInTheProvisioningFile() throws IOException {
        var file = Files.writeString(folder.resolve("wrong.yaml"), "tenants:\n  - slug: \"Not A Slug\"\n");
        assertThat(failingStart(data, "dunlin.provisioning.file=" + file)).contains("wrong.yaml");
    }

    @Test
    void saysThatTheDataDirectoryCannotBeWritten() throws IOException {
        var file = Files.writeString(folder.resolve("a-file"), "in the way");
        assertThat(failingStart(file.resolve("data"))).contains("a-file");
    }

    @Test
    void saysThatTheCertificateCannotBeRead() throws IOException {
        var certificate = Files.writeString(folder.resolve("bad.pem"), "no certificate");
        var key = Files.writeString(folder.resolve("bad.key"), "no key");
        var line = failingStart(data, "dunlin.tls.certificate=" + certificate, "dunlin.tls.private-key=" + key);
        assertThat(line).contains("bad.");
    }

    @Test
    void saysWhichSettingIsWrong() {
        assertThat(failingStart(data, "dunlin.mqtt.tcp.port=many"))
                .contains("dunlin.mqtt.tcp.port")
                .contains("many");
        assertThat(failingStart(data, "dunlin.mqtt.ws.port=70000"))
                .contains("dunlin.mqtt.ws.port")
                .contains("70000");
    }

    private String failingStart(Path dataDirectory, String... settings) {
        try (var dunlin = DunlinProcess.start(dataDirectory, settings)) {
            assertThat(dunlin.exitCode(FAILED_WITHIN)).as("%s", dunlin.err()).isEqualTo(1);
            var lines = dunlin.err().lines().filter(line -> !line.isBlank()).toList();
            assertThat(lines).as("what stands on stderr").hasSize(1);
            assertThat(lines.get(0)).startsWith("Dunlin cannot start: ").doesNotContain("Exception");
            assertThat(dunlin.out()).as("what stands on stdout").doesNotContain("WARN", "ERROR", "Exception");
            assertThat(processesIn(dataDirectory)).as("what still runs").isEmpty();
            return lines.get(0);
        }
    }

    /** Processes that were told the directory: PostgreSQL's first process is. */
    private static List<String> processesIn(Path directory) {
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.map(each -> each.info().commandLine().orElse(""))
                    .filter(line -> line.contains(directory.toString()))
                    .toList();
        }
    }

    @Test
    void keepsEverythingThroughSigtermAndThroughKill() {
        var person = new ConsoleVisitor();
        String command;
        // given a first run, in which someone signs up, connects a device and denies it a topic
        try (var dunlin = DunlinProcess.start(data).awaitReady()) {
            assertThat(dunlin.err()).isBlank();
            assertThat(dunlin.out()).contains("Dunlin is ready", "MQTT", "Data", "Next: open " + dunlin.console());
            assertManagementAnswers(dunlin, person);
            command = person.signUp(dunlin.console(), "keeper@example.com", PASSWORD);
            assertThat(Shell.run(command).exitCode()).isZero();
            person.post(
                    dunlin.console() + "/devices/my-first-device/permissions",
                    "effect=DENY&action=ALL&topicFilter=private%2F%23&maxQos=2&retainAllowed=true");
            var stream = person.openStream(dunlin.console() + "/feed");
            command = command.replace("-p " + dunlin.mqttPort(), "-p PORT");

            // when it is told to stop, with a page open
            dunlin.handle().destroy(); // SIGTERM

            // then it ends well
            assertThat(dunlin.exitCode(STOPPED_WITHIN)).isZero();
            stream.cancel(true);
            assertThat(processesIn(data)).isEmpty();
        }
        // and a second run has it all; it is killed
        try (var dunlin = DunlinProcess.start(data).awaitReady()) {
            assertEverythingIsThere(dunlin, person, command);
            dunlin.handle().destroyForcibly(); // SIGKILL
            dunlin.exitCode(STOPPED_WITHIN);
        }
        // and so has a third one, which leaves nothing running
        try (var dunlin = DunlinProcess.start(data).awaitReady()) {
            assertEverythingIsThere(dunlin, person, command);
            dunlin.handle().destroy();
            assertThat(dunlin.exitCode(STOPPED_WITHIN)).isZero();
            assertThat(processesIn(data)).isEmpty();
        }
    }

    @Test
    void runsOnAnExternalDatabaseAndSaysSoWhenThatIsAway() {
        var person = new ConsoleVisitor();
        DunlinProcess.prepare(folder.resolve("external"));
        try (var external = EmbeddedPostgres.start(folder.resolve("external"));
                var dunlin = DunlinProcess.start(
                                folder.resolve("data"),
                                "spring.datasource.url=" + external.jdbcUrl(),
                                "spring.datasource.username=" + external.userName(),
                                "spring.datasource.password=" + external.password())
                        .awaitReady()) {
            var command = person.signUp(dunlin.console(), "outside@example.com", PASSWORD);
            assertThat(Shell.run(command).exitCode()).isZero();
            assertThat(folder.resolve("data/postgres")).doesNotExist();

            external.close();

            Awaitility.await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                var page = person.get(dunlin.console() + "/devices");
                assertThat(page.statusCode()).isEqualTo(503);
                assertThat(page.body())
                        .contains("The database does not answer right now")
                        .doesNotContain("Exception");
            });
            // what the broker has seen lately goes on, and the process still ends well
            assertThat(Shell.run(command).exitCode()).isZero();
            dunlin.handle().destroy();
            assertThat(dunlin.exitCode(STOPPED_WITHIN)).isZero();
        }
    }

    private static void assertManagementAnswers(DunlinProcess dunlin, ConsoleVisitor person) {
        assertThat(person.get(dunlin.health()).body()).contains("UP");
        var metrics = dunlin.health().replace("health/readiness", "prometheus");
        assertThat(person.get(metrics).body())
                .contains("dunlin_connections", "dunlin_incidents_total", "dunlin_memory_bytes{kind=\"queued\"}");
        assertThat(person.get(dunlin.console() + "/actuator/prometheus").body()).doesNotContain("dunlin_connections");
    }

    private static void assertEverythingIsThere(DunlinProcess dunlin, ConsoleVisitor person, String command) {
        person.logIn(dunlin.console(), "keeper@example.com", PASSWORD);
        assertThat(person.get(dunlin.console() + "/devices/my-first-device").body())
                .contains("private/#")
                .contains("keeper@example.com");
        assertThat(Shell.run(command.replace("-p PORT", "-p " + dunlin.mqttPort()))
                        .exitCode())
                .isZero();
    }
}
