package dev.dunlin.console.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.console.ConsoleVisitor;
import dev.dunlin.console.durable.Device;
import dev.dunlin.console.durable.Publisher;
import dev.dunlin.console.durable.Subscriber;
import dev.dunlin.engine.testkit.MqttVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Fills the disk of the embedded database under load: first so far that nothing more is queued, then to the last byte, so that
 * PostgreSQL itself cannot go on. Nobody is disconnected, what was acknowledged is there, and with room again all goes on.
 */
final class FullDiskRun implements AutoCloseable {
    private static final int DISK_MEGABYTES = 600;
    private static final int MAX_LOG_FILES = 50;
    private static final int PADDING_BYTES = 2_000;
    /** One part in so many is left: a little less than what is kept free. */
    private static final int NEARLY_FULL = 7;

    private static final Duration REFUSED_WITHIN = Duration.ofSeconds(3);
    private static final Duration HEALED_WITHIN = Duration.ofSeconds(10);
    private static final Duration ANSWER_WITHIN = Duration.ofSeconds(6);
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    private final Checks checks;
    private final SmallDisk disk;
    private final Site site;
    private final ConsoleVisitor person = new ConsoleVisitor();
    private final Flow flow;
    private final List<Publisher> publishers = Stream.of(1, 2)
            .map(qos -> new Publisher("filling-" + qos, qos, Site.USER, Site.SECRET, PADDING_BYTES))
            .toList();
    private final Subscriber absent = new Subscriber("absent", Site.USER, Site.SECRET);
    private final Subscriber reader = new Subscriber("reader", Site.USER, Site.SECRET);
    private final Map<Device, CompletableFuture<Void>> visits = new LinkedHashMap<>();

    private FullDiskRun(SmallDisk disk, Site site, Checks checks) {
        this.disk = disk;
        this.site = site;
        this.checks = checks;
        flow = new Flow(site, "beside", MqttVersion.V5, 1, false);
    }

    /**
     * @param away how long the disk is full to the last byte
     * @param directory empty; what is left in it afterwards can be deleted
     */
    static void run(Duration away, Path directory, Checks checks) throws Exception {
        try (var disk = SmallDisk.mount(Files.createDirectory(directory.resolve("disk")), DISK_MEGABYTES);
                var site = Site.start(directory, disk.path().resolve("data"));
                var run = new FullDiskRun(disk, site, checks)) {
            run.begin();
            run.fillNearly();
            run.fillWholly(away);
            run.finish();
        }
    }

    private void begin() {
        checks.part("disk with room");
        absent.subscribeOnly(site.port());
        reader.subscribeOnly(site.port());
        person.logIn(site.console(), Site.OWNER, Site.PASSWORD);
        for (var publisher : publishers) {
            publisher.reckonWithRefusals();
            visits.put(publisher, publisher.startVisit(site.port()));
        }
        goesOn("messages are stored", PATIENCE);
    }

    private void goesOn(String what, Duration within) {
        checks.that(what, within, () -> {
            var before = publishers.stream().map(Publisher::acknowledged).toList();
            await().atMost(PATIENCE).until(() -> {
                failIfAnyoneIsGone();
                return publishers.get(0).acknowledged() > before.get(0) + 100
                        && publishers.get(1).acknowledged() > before.get(1) + 100;
            });
            return "";
        });
    }

    private void failIfAnyoneIsGone() throws Exception {
        assertThat(site.isRunning()).isTrue();
        for (var visit : visits.entrySet()) {
            if (visit.getValue().isDone()) {
                visit.getValue().get();
                throw new AssertionError(visit.getKey() + " was disconnected");
            }
        }
    }

    private void fillNearly() throws Exception {
        checks.part("disk nearly full");
        disk.leave(NEARLY_FULL);
        checks.that("more is refused", REFUSED_WITHIN, () -> {
            await().atMost(PATIENCE).until(() -> {
                failIfAnyoneIsGone();
                return publishers.stream()
                        .noneMatch(publisher -> publisher.refused().isEmpty());
            });
            return "";
        });
        checks.that("what is stored can be had", PATIENCE, () -> {
            int stored = publishers.stream().mapToInt(Publisher::acknowledged).sum();
            reader.takeAtLeast(stored);
            reader.startVisit(site.port()).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            failIfAnyoneIsGone();
            return String.format("%,d messages", stored);
        });
        lookAtRest();
    }

    private void lookAtRest() {
        checks.that("what needs no storage flows on", ANSWER_WITHIN, () -> {
            for (int i = 0; i < 100; i++) {
                flow.exchange();
            }
            return "";
        });
        checks.that("the console answers", ANSWER_WITHIN, () -> {
            var page = person.get(site.console() + "/devices/device");
            assertThat(page.statusCode()).isIn(200, 503);
            assertThat(page.body()).doesNotContain("Exception", "\tat ");
            return "status " + page.statusCode();
        });
    }

    private void fillWholly(Duration away) throws Exception {
        checks.part("disk full");
        // with messages under way, as long as there is room
        disk.free();
        goesOn("with some room again, messages are stored", HEALED_WITHIN);
        checks.that("PostgreSQL itself gives up", PATIENCE, () -> {
            fillWithWriteAheadLog();
            await().atMost(PATIENCE)
                    .until(() -> Files.readString(home().resolve("server.log"), StandardCharsets.ISO_8859_1)
                            .contains("PANIC"));
            return "";
        });
        checks.that("nobody is disconnected", away.plus(PATIENCE), () -> {
            await().during(away).atMost(away.plus(PATIENCE)).until(() -> {
                failIfAnyoneIsGone();
                disk.fill();
                return true;
            });
            return disk.freeBytes() + " bytes free";
        });
        lookAtRest();
        disk.free();
        checks.part("disk with room again");
        goesOn("messages are stored", HEALED_WITHIN);
        checks.that("the console works", ANSWER_WITHIN, () -> {
            assertThat(person.get(site.console() + "/devices/device").statusCode())
                    .isEqualTo(200);
            return "";
        });
    }

    /** Of PostgreSQL. */
    private Path home() {
        return disk.path().resolve("data/postgres/18");
    }

    /** Fills the disk, and has PostgreSQL begin one file of its log after the other until there is no room for the next. */
    private void fillWithWriteAheadLog() throws IOException, SQLException {
        var port = Files.readAllLines(home().resolve("data/postmaster.pid")).get(3);
        var password = Files.readString(home().resolve("password"));
        try (var connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + port + "/dunlin", "dunlin", password);
                var statement = connection.createStatement()) {
            disk.fill();
            try {
                for (int i = 0; i < MAX_LOG_FILES; i++) {
                    statement.execute("select pg_logical_emit_message(true, 'full', 'disk')");
                    statement.execute("select pg_switch_wal()");
                }
            } catch (SQLException gaveUp) {
                return;
            }
        }
        throw new AssertionError("there is room for more than " + MAX_LOG_FILES + " files");
    }

    private void finish() throws Exception {
        publishers.forEach(Publisher::end);
        checks.that("all publishers are told the end", PATIENCE, () -> {
            for (var visit : visits.values()) {
                visit.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
            assertThat(publishers).noneMatch(Device::isCutOff);
            return "";
        });
        var expected = publishers.stream().collect(Collectors.toMap(Publisher::topic, Publisher::last));
        for (var subscriber : List.of(absent, reader)) {
            subscriber.expect(expected);
            checks.that(subscriber + " has all, in order, and QoS 2 once", PATIENCE, () -> {
                subscriber.startVisit(site.port()).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                assertThat(publishers.stream().flatMap(publisher -> subscriber.faults(publisher).stream()))
                        .isEmpty();
                int refused = publishers.stream()
                        .mapToInt(publisher -> publisher.refused().size())
                        .sum();
                return String.format("%,d messages, %,d refused", subscriber.count(), refused);
            });
        }
        checks.that("the process runs as before", ANSWER_WITHIN, () -> {
            assertThat(site.isRunning()).isTrue();
            assertThat(site.said()).doesNotContain("\tat ");
            return "";
        });
    }

    @Override
    public void close() {
        publishers.forEach(Publisher::end);
        flow.close();
    }
}
