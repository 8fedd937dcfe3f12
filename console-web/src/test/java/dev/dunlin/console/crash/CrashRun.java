package dev.dunlin.console.crash;

import static org.awaitility.Awaitility.await;

import dev.dunlin.console.DunlinProcess;
import dev.dunlin.console.durable.Publisher;
import dev.dunlin.console.durable.Subscriber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Kills the product with {@code kill -9} in the middle of traffic, each third time PostgreSQL before it, starts it again, and
 * compares at the end what every device was told with what it finds: no acknowledged message lost, the order of each
 * publisher kept, QoS 2 exactly once, retained messages and subscriptions as acknowledged.
 *
 * <p>{@code mvn -q -pl console-web -am test-compile exec:exec@crash -Dcrash="rounds=100 seed=1"}
 */
public final class CrashRun {
    private static final String USER = "acme.device";
    private static final String SECRET = "a secret of more than 32 characters for crash tests";
    private static final int MAX_BETWEEN_CRASHES = 2_000;
    private static final Duration END_TIMEOUT = Duration.ofMinutes(2);

    private final int rounds;
    private final Random random;
    private final List<Publisher> publishers;
    /** Those that are there whenever the broker is. */
    private final List<Subscriber> online;

    /** Those that have subscribed at first, and come at the end. */
    private final List<Subscriber> away;

    private final Changer changer;

    private CrashRun(int rounds, long seed) {
        this.rounds = rounds;
        this.random = new Random(seed);
        publishers = Stream.of(1, 1, 2, 2)
                .map(qos -> new Publisher("publisher-" + random.nextInt(1_000_000), qos, USER, SECRET))
                .toList();
        online = List.of(new Subscriber("online-1", USER, SECRET), new Subscriber("online-2", USER, SECRET));
        away = List.of(new Subscriber("away-1", USER, SECRET), new Subscriber("away-2", USER, SECRET));
        changer = new Changer("changer", USER, SECRET, new Random(seed));
    }

    /** @param arguments {@code rounds=} and {@code seed=}, both optional */
    public static void main(String[] arguments) throws Exception {
        var given = Stream.of(arguments)
                .map(argument -> argument.split("=", 2))
                .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
        int rounds = Integer.parseInt(given.getOrDefault("rounds", "100"));
        long seed = Long.parseLong(given.getOrDefault("seed", Long.toString(System.nanoTime())));
        var directory = Files.createTempDirectory("dunlin-crash-");
        var faults = run(rounds, seed, directory);
        System.out.println(faults.isEmpty() ? "Nothing acknowledged was lost." : String.join("\n", faults));
        System.exit(faults.isEmpty() ? 0 : 1);
    }

    /**
     * @param directory empty; what is left in it afterwards can be deleted
     * @return what is wrong; empty if nothing is
     */
    static List<String> run(int rounds, long seed, Path directory) throws Exception {
        System.out.println("Crashes " + rounds + " times, with seed " + seed);
        return new CrashRun(rounds, seed).run(directory);
    }

    private List<String> run(Path directory) throws Exception {
        var provisioning = provisioning(directory);
        DunlinProcess.prepare(directory.resolve("data"));
        for (int round = 1; round <= rounds; round++) {
            try (var dunlin = start(directory, provisioning)) {
                crash(dunlin, round);
            }
        }
        try (var dunlin = start(directory, provisioning)) {
            return finish(dunlin.mqttPort());
        }
    }

    private static DunlinProcess start(Path directory, Path provisioning) {
        return DunlinProcess.start(directory.resolve("data"), "dunlin.provisioning.file=" + provisioning)
                .awaitReady();
    }

    private static Path provisioning(Path directory) throws IOException {
        return Files.writeString(directory.resolve("provisioning.yaml"), """
                tenants:
                  - slug: acme
                    name: Acme Works
                    plan: unlimited
                    owner: { email: ada@example.com, password: "a long passphrase" }
                    credentials:
                      - name: device
                        secret: "%s"
                        permissions: [ { effect: allow, action: all, topic: "#" } ]
                """.formatted(SECRET));
    }

    private void crash(DunlinProcess dunlin, int round) throws Exception {
        int port = dunlin.mqttPort();
        var visits = new ArrayList<CompletableFuture<Void>>();
        if (round == 1) {
            // everyone is subscribed before the first number is published
            for (var subscriber : away) {
                subscriber.subscribeOnly(port);
            }
        }
        for (var subscriber : online) {
            visits.add(subscriber.startVisit(port));
        }
        await().atMost(END_TIMEOUT).until(() -> online.stream().allMatch(Subscriber::hasSubscribed));
        publishers.forEach(publisher -> visits.add(publisher.startVisit(port)));
        visits.add(changer.startVisit(port));
        int target = acknowledged() + 1 + random.nextInt(MAX_BETWEEN_CRASHES);
        await().atMost(END_TIMEOUT).pollInterval(Duration.ofMillis(1)).until(() -> {
            failIfBroken(visits);
            return acknowledged() >= target;
        });
        var database = dunlin.handle().descendants().toList();
        if (round % 3 == 0) {
            database.forEach(ProcessHandle::destroyForcibly);
        }
        dunlin.handle().destroyForcibly();
        dunlin.exitCode(Duration.ofSeconds(20));
        for (var visit : visits) {
            visit.get(END_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        }
        for (var process : database) {
            process.onExit().get(END_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        }
        System.out.printf(
                "round %d: %,d messages acknowledged, %,d changes%s%n",
                round, acknowledged(), changer.changes(), round % 3 == 0 ? ", PostgreSQL killed too" : "");
    }

    private int acknowledged() {
        return publishers.stream().mapToInt(Publisher::acknowledged).sum();
    }

    private static void failIfBroken(List<CompletableFuture<Void>> visits) throws ExecutionException {
        for (var visit : visits) {
            if (visit.isCompletedExceptionally()) {
                visit.join();
            }
        }
    }

    private List<String> finish(int port) throws ExecutionException, InterruptedException, TimeoutException {
        publishers.forEach(Publisher::end);
        changer.end();
        var last = new ArrayList<CompletableFuture<Void>>();
        publishers.forEach(publisher -> last.add(publisher.startVisit(port)));
        last.add(changer.startVisit(port));
        for (var visit : last) {
            visit.get(END_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        }
        Map<String, Integer> expected = new LinkedHashMap<>();
        publishers.forEach(publisher -> expected.put(publisher.topic(), publisher.last()));
        var faults = new ArrayList<>(changer.faults());
        for (var subscriber : Stream.concat(online.stream(), away.stream()).toList()) {
            subscriber.expect(expected);
            try {
                subscriber.startVisit(port).get(END_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
            } catch (ExecutionException | TimeoutException incomplete) {
                faults.add(subscriber + " does not get to the end: " + incomplete.getCause());
            }
            publishers.forEach(publisher -> faults.addAll(subscriber.faults(publisher)));
        }
        return faults;
    }
}
