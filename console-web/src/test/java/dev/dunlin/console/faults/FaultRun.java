package dev.dunlin.console.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.console.ConsoleVisitor;
import dev.dunlin.console.durable.Device;
import dev.dunlin.console.durable.Publisher;
import dev.dunlin.console.durable.Subscriber;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.WireClient;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Takes the database away from a Dunlin under load, three times: stopped as an operator would, paused, and killed. While it is
 * away nobody is disconnected, what needs no storage flows on, what needs it waits, devices that are known come in, and the
 * console says what is wrong; when it is back all of that heals by itself, and nothing acknowledged is lost. Then fills the disk.
 *
 * <p>{@code mvn -q -pl console-web -am test-compile exec:exec@faults -Dfaults="seconds=60"}
 */
public final class FaultRun implements AutoCloseable {
    /** Of a message that needs no storage, whatever the database does. */
    private static final Duration FLOWS_WITHIN = Duration.ofSeconds(1);

    private static final Duration TOLD_WITHIN = Duration.ofSeconds(2);
    private static final Duration PAGE_WITHIN = Duration.ofSeconds(6);
    private static final Duration HEALED_WITHIN = Duration.ofSeconds(5);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int MAX_DISK_FULL_SECONDS = 20;
    private static final int IDLE_DEVICES = 20;
    private static final int MILLIS_BETWEEN_MESSAGES = 10;
    /** A tenth of what they could: the machine has other things to do too. */
    private static final int MIN_MESSAGES_PER_SECOND = 10;

    private static final int SERVER_UNAVAILABLE_3 = 3;
    private static final int BAD_USER_NAME_OR_PASSWORD_3 = 4;
    private static final int SERVER_UNAVAILABLE_5 = 0x88;
    private static final int BAD_USER_NAME_OR_PASSWORD_5 = 0x86;

    private final Checks checks;
    private final Database database;
    private final Site site;
    private final ConsoleVisitor person = new ConsoleVisitor();

    private final List<Flow> flows = new ArrayList<>();
    private final List<Future<?>> flowing = new ArrayList<>();
    private final ScheduledExecutorService threads;
    private final List<WireClient> idle = new ArrayList<>();
    private final List<Subscriber> absent = devices(Subscriber::new, "absent-1", "absent-2");
    private final List<Publisher> publishers = List.of(
            new Publisher("waiting-1", 1, Site.USER, Site.SECRET),
            new Publisher("waiting-2", 2, Site.USER, Site.SECRET));
    private final Map<Device, CompletableFuture<Void>> visits = new LinkedHashMap<>();

    private interface Maker<T> {
        T make(String name, String userName, String secret);
    }

    private static <T> List<T> devices(Maker<T> maker, String... names) {
        return Stream.of(names)
                .map(name -> maker.make(name, Site.USER, Site.SECRET))
                .toList();
    }

    private FaultRun(Database database, Site site, Checks checks) {
        this.database = database;
        this.site = site;
        this.checks = checks;
        flows.add(new Flow(site, "qos-0", MqttVersion.V3_1_1, 0, false));
        flows.add(new Flow(site, "qos-1", MqttVersion.V3_1_1, 1, false));
        flows.add(new Flow(site, "qos-2", MqttVersion.V5, 2, false));
        flows.add(new Flow(site, "qos-0-durable", MqttVersion.V5, 0, true));
        flows.add(new Flow(site, "qos-1-durable", MqttVersion.V5, 1, true));
        flows.add(new Flow(site, "qos-1-durable-3", MqttVersion.V3_1_1, 1, true));
        threads = Executors.newScheduledThreadPool(flows.size(), work -> {
            var thread = new Thread(work, "flow");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** @param arguments {@code seconds=}, optional: how long the database is away each time */
    public static void main(String[] arguments) throws Exception {
        var given = Stream.of(arguments)
                .map(argument -> argument.split("=", 2))
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
        int seconds = Integer.parseInt(given.getOrDefault("seconds", "60"));
        var directory = Files.createTempDirectory("dunlin-faults-");
        var checks = new Checks();
        run(Duration.ofSeconds(seconds), directory, checks);
        if (SmallDisk.isAllowed(Files.createDirectory(directory.resolve("mount")))) {
            FullDiskRun.run(Duration.ofSeconds(Math.min(seconds, MAX_DISK_FULL_SECONDS)), directory, checks);
        } else {
            System.out.println("Not looked at: a full disk, since only root can mount one.");
        }
        var failed = checks.failed();
        System.out.println(failed.isEmpty() ? "All holds." : failed.size() + " checks failed.");
        System.exit(failed.isEmpty() ? 0 : 1);
    }

    /**
     * @param away how long the database is away each time
     * @param directory empty; what is left in it afterwards can be deleted
     */
    static void run(Duration away, Path directory, Checks checks) throws Exception {
        try (var database = Database.create(directory.resolve("database"));
                var site = Site.start(directory, directory.resolve("data"), database.settings());
                var run = new FaultRun(database, site, checks)) {
            run.begin();
            for (var fault : Fault.values()) {
                run.strike(fault, away);
            }
            run.finish();
        }
    }

    private void begin() {
        checks.part("before");
        for (var subscriber : absent) {
            subscriber.subscribeOnly(site.port());
        }
        for (int i = 0; i < IDLE_DEVICES; i++) {
            idle.add(i % 2 == 0 ? site.connect(MqttVersion.V3_1_1, "idle-" + i) : durable("idle-" + i));
        }
        durable("at-home").close();
        person.logIn(site.console(), Site.OWNER, Site.PASSWORD);
        flows.forEach(flow -> flowing.add(
                threads.scheduleWithFixedDelay(flow::exchange, 0, MILLIS_BETWEEN_MESSAGES, TimeUnit.MILLISECONDS)));
        publishers.forEach(publisher -> visits.put(publisher, publisher.startVisit(site.port())));
        checks.that("all devices are at work", PATIENCE, () -> {
            awaitProgress();
            return "";
        });
    }

    private WireClient durable(String clientId) {
        return site.connectDurable(MqttVersion.V5, clientId);
    }

    /** Until everyone has got on by some messages. */
    private void awaitProgress() {
        var flowedBefore = flows.stream().map(Flow::messages).toList();
        var acknowledgedBefore =
                publishers.stream().map(Publisher::acknowledged).toList();
        await().atMost(PATIENCE).until(() -> {
            failIfAnyoneIsGone();
            return IntStream.range(0, flows.size()).allMatch(i -> flows.get(i).messages() > flowedBefore.get(i) + 100)
                    && IntStream.range(0, publishers.size())
                            .allMatch(i -> publishers.get(i).acknowledged() > acknowledgedBefore.get(i) + 100);
        });
    }

    private void failIfAnyoneIsGone() throws Exception {
        for (var flow : flowing) {
            if (flow.isDone()) {
                flow.get();
            }
        }
        for (var visit : visits.entrySet()) {
            if (visit.getValue().isDone()) {
                visit.getValue().get();
                throw new AssertionError(visit.getKey() + " was disconnected");
            }
        }
    }

    private void strike(Fault fault, Duration away) throws Exception {
        checks.part("database " + fault.name().toLowerCase(Locale.ROOT));
        flows.forEach(Flow::takeLongestNanos);
        long flowedBefore = flows.stream().mapToLong(Flow::messages).min().orElseThrow();
        fault.begin(database);
        long begun = System.nanoTime();

        lookAtLogIns();
        lookAtConsole();
        int acknowledged = acknowledged();
        var rest = away.minusNanos(System.nanoTime() - begun);
        checks.that("nobody is disconnected", PATIENCE.plus(away), () -> {
            await().during(rest.isNegative() ? Duration.ofMillis(1) : rest)
                    .atMost(rest.abs().plusSeconds(10))
                    .until(() -> {
                        failIfAnyoneIsGone();
                        return true;
                    });
            idle.forEach(WireClient::ping);
            return idle.size() + 2 * flows.size() + publishers.size() + " devices";
        });
        long lasted = Math.max(1, Duration.ofNanos(System.nanoTime() - begun).toSeconds());
        for (var flow : flows) {
            lookAt(flow, flowedBefore, lasted);
        }
        checks.that("what has to be stored waits", TOLD_WITHIN, () -> {
            assertThat(acknowledged()).as("acknowledged while it was away").isEqualTo(acknowledged);
            assertThat(publishers).allMatch(publisher -> publisher.waiting() > 0);
            return publishers.stream().mapToInt(Publisher::waiting).sum() + " messages";
        });
        lookAtHealing(fault);
    }

    private int acknowledged() {
        return publishers.stream().mapToInt(Publisher::acknowledged).sum();
    }

    private void lookAt(Flow flow, long before, long seconds) {
        checks.that(flow.topic() + " flows on", TOLD_WITHIN, () -> {
            long messages = flow.messages() - before;
            var longest = Duration.ofNanos(flow.takeLongestNanos());
            assertThat(longest).as("the longest way of a message").isLessThan(FLOWS_WITHIN);
            assertThat(messages).as("messages in %s s", seconds).isGreaterThan(seconds * MIN_MESSAGES_PER_SECOND);
            return String.format("%,d messages, the longest way %d ms", messages, longest.toMillis());
        });
    }

    private void lookAtLogIns() {
        checks.that(
                "a device of which nothing was seen is told \"server unavailable\" (MQTT 3.1.1)", TOLD_WITHIN, () -> {
                    assertThat(site.knock(MqttVersion.V3_1_1, site.nextStranger(), Site.SECRET))
                            .isEqualTo(SERVER_UNAVAILABLE_3);
                    return "";
                });
        checks.that("a device of which nothing was seen is told \"server unavailable\" (MQTT 5)", TOLD_WITHIN, () -> {
            assertThat(site.knock(MqttVersion.V5, site.nextStranger(), Site.SECRET))
                    .isEqualTo(SERVER_UNAVAILABLE_5);
            return "";
        });
        checks.that("a tenant that nobody has heard of is told the same", TOLD_WITHIN, () -> {
            var name = "nobody-" + Long.toString(System.nanoTime(), 36) + ".device";
            assertThat(site.knock(MqttVersion.V5, name, Site.SECRET)).isEqualTo(SERVER_UNAVAILABLE_5);
            return "";
        });
        checks.that("an unknown credential of a known tenant is told the same", TOLD_WITHIN, () -> {
            assertThat(site.knock(MqttVersion.V5, "acme.nobody", Site.SECRET)).isEqualTo(SERVER_UNAVAILABLE_5);
            return "";
        });
        checks.that("a wrong secret is told the same", TOLD_WITHIN, () -> {
            assertThat(site.knock(MqttVersion.V3_1_1, Site.USER, "wrong")).isEqualTo(SERVER_UNAVAILABLE_3);
            return "";
        });
        for (var version : MqttVersion.values()) {
            checks.that("a known device connects (" + version + ")", TOLD_WITHIN, () -> {
                try (var client = site.connect(version, "known")) {
                    client.subscribe(1, "known");
                    assertThat(client.publish("known", "hello", 0, false)).isZero();
                    assertThat(client.receiveMessage().payload()).isEqualTo("hello");
                    client.disconnect();
                }
                return "";
            });
        }
        checks.that("a device finds its session again", TOLD_WITHIN, () -> {
            try (var client = WireClient.open(site.port())) {
                var connack = client.login(Site.durable(MqttVersion.V5, "at-home"));
                assertThat(connack.reason()).isZero();
                assertThat(connack.isSessionPresent()).isTrue();
            }
            return "";
        });
    }

    private void lookAtConsole() throws Exception {
        var looks = new ArrayList<Checks.Check>();
        for (var path : List.of("/devices", "/problems", "/devices/device")) {
            looks.add(new Checks.Check("the console says so on " + path, PAGE_WITHIN, () -> {
                assertSaysSo(person.get(site.console() + path));
                return "";
            }));
        }
        looks.add(new Checks.Check("the console says so to whoever logs in", PAGE_WITHIN, () -> {
            assertSaysSo(new ConsoleVisitor().tryLogIn(site.console(), Site.OWNER, Site.PASSWORD));
            return "";
        }));
        checks.sideBySide(looks.toArray(Checks.Check[]::new));
        checks.that("readiness tells it", TOLD_WITHIN, () -> {
            var readiness = person.get(site.readiness());
            // Devices are served: a load balancer has no reason to turn them away
            assertThat(readiness.statusCode()).isEqualTo(200);
            assertThat(readiness.body()).contains("\"status\":\"DEGRADED\"");
            return readiness.body();
        });
    }

    private static void assertSaysSo(HttpResponse<String> page) {
        assertThat(page.statusCode()).isEqualTo(503);
        assertThat(page.body())
                .contains("The database does not answer right now")
                .doesNotContain("Exception", "\tat ");
    }

    private void lookAtHealing(Fault fault) throws Exception {
        var begun = publishers.stream().map(Publisher::begun).toList();
        var stranger = site.nextStranger();
        fault.end(database);
        long back = System.nanoTime();
        checks.sideBySide(
                healed("what waited is acknowledged", back, () -> {
                    failIfAnyoneIsGone();
                    for (int i = 0; i < publishers.size(); i++) {
                        assertThat(publishers.get(i).acknowledged()).isGreaterThanOrEqualTo(begun.get(i));
                    }
                }),
                healed(
                        "a device of which nothing was seen connects",
                        back,
                        () -> assertThat(site.knock(MqttVersion.V5, stranger, Site.SECRET))
                                .isZero()),
                healed("a wrong secret is told so", back, () -> {
                    assertThat(site.knock(MqttVersion.V5, Site.USER, "wrong")).isEqualTo(BAD_USER_NAME_OR_PASSWORD_5);
                    assertThat(site.knock(MqttVersion.V3_1_1, Site.USER, "wrong"))
                            .isEqualTo(BAD_USER_NAME_OR_PASSWORD_3);
                }),
                healed(
                        "the console works",
                        back,
                        () -> assertThat(person.get(site.console() + "/devices/device")
                                        .statusCode())
                                .isEqualTo(200)),
                healed(
                        "a person logs in",
                        back,
                        () -> new ConsoleVisitor().logIn(site.console(), Site.OWNER, Site.PASSWORD)),
                healed(
                        "readiness tells it",
                        back,
                        () -> assertThat(person.get(site.readiness()).body())
                                .startsWith("{\"components\"")
                                .endsWith("\"status\":\"UP\"}")),
                healed("a device keeps a subscription", back, () -> {
                    try (var client = durable("at-home")) {
                        assertThat(client.subscribe(1, "home/" + fault)).isEqualTo(1);
                    }
                }));
        checks.that("all devices are at work", PATIENCE, () -> {
            awaitProgress();
            return "";
        });
    }

    private interface Look {
        void look() throws Exception;
    }

    /** Looked at again and again since the database was back. */
    private static Checks.Check healed(String what, long backNanos, Look look) {
        return new Checks.Check("afterwards " + what, HEALED_WITHIN, () -> {
            await().pollInterval(Duration.ofMillis(200))
                    .pollDelay(Duration.ZERO)
                    .atMost(PATIENCE)
                    .untilAsserted(look::look);
            return Duration.ofNanos(System.nanoTime() - backNanos).toMillis() + " ms after it was back";
        });
    }

    /** Everyone gets what is there, and it is as it was told. */
    private void finish() throws Exception {
        checks.part("at the end");
        publishers.forEach(Publisher::end);
        checks.that("all publishers are told the end", PATIENCE, () -> {
            for (var visit : visits.values()) {
                visit.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
            assertThat(publishers).noneMatch(Device::isCutOff);
            return "";
        });
        var expected = publishers.stream().collect(Collectors.toMap(Publisher::topic, Publisher::last));
        for (var subscriber : absent) {
            subscriber.expect(expected);
            checks.that(subscriber + " gets all, in order, and QoS 2 once", PATIENCE, () -> {
                subscriber.startVisit(site.port()).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                assertThat(publishers.stream().flatMap(publisher -> subscriber.faults(publisher).stream()))
                        .isEmpty();
                return String.format("%,d messages", acknowledged());
            });
        }
        checks.that("the process runs as before", TOLD_WITHIN, () -> {
            assertThat(site.isRunning()).isTrue();
            assertThat(site.said()).doesNotContain("\tat ");
            return "";
        });
    }

    @Override
    public void close() {
        threads.shutdownNow();
        publishers.forEach(Publisher::end);
        flows.forEach(Flow::close);
        idle.forEach(WireClient::close);
    }
}
