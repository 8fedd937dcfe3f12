package dev.dunlin.engine.benchmark;

import static dev.dunlin.engine.port.TenantLimits.UNLIMITED;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.dunlin.engine.BrokerEngine;
import dev.dunlin.engine.EngineStatistics;
import dev.dunlin.engine.port.QueueLimits;
import dev.dunlin.engine.port.QueueLimits.WhenFull;
import dev.dunlin.engine.port.TenantLimits;
import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.settings.NetworkIo;
import dev.dunlin.engine.testkit.MemoryPorts;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;

/**
 * The engine as a process that knows the {@link Accounts}, and ends when its input does. Each line that it reads it answers
 * with its counters, as the product tells them to Prometheus, and the line itself. Arguments: port, number of tenants
 * beside the first.
 */
final class EngineMain {
    private static final TenantLimits BOUNDED_LIMITS = new TenantLimits(
            UNLIMITED,
            UNLIMITED,
            Accounts.BOUNDED_PUBLISHES_PER_SECOND,
            UNLIMITED,
            UNLIMITED,
            new QueueLimits(
                    Accounts.BOUNDED_QUEUE_MESSAGES, Accounts.BOUNDED_QUEUE_BYTES, UNLIMITED, WhenFull.DROP_NEWEST),
            UNLIMITED,
            UNLIMITED);

    /** A plan that lets an attacker do all that no limit of a plan is against. */
    private static final TenantLimits ATTACKER_LIMITS = new TenantLimits(
            UNLIMITED,
            UNLIMITED,
            UNLIMITED,
            UNLIMITED,
            100,
            new QueueLimits(
                    Accounts.ATTACKER_QUEUE_MESSAGES, Accounts.ATTACKER_QUEUE_BYTES, UNLIMITED, WhenFull.DROP_NEWEST),
            1_000,
            16L * 1024 * 1024);

    private EngineMain() {}

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        int tenants = Integer.parseInt(arguments[1]);
        var ports = new MemoryPorts();
        ports.tenant(Accounts.TENANT).addCredential(Accounts.DEVICE, Accounts.SECRET);
        var bounded = ports.tenant(Accounts.BOUNDED_TENANT);
        bounded.addCredential(Accounts.DEVICE, Accounts.SECRET);
        bounded.setLimits(BOUNDED_LIMITS);
        var attacking = ports.tenant(Accounts.ATTACKING_TENANT);
        attacking.addCredential(Accounts.DEVICE, Accounts.SECRET);
        attacking.setLimits(ATTACKER_LIMITS);
        for (int i = 0; i < tenants; i++) {
            var tenant = ports.tenant(Accounts.slug(i));
            for (int j = 0; j < Accounts.DEVICES_OF_TENANT; j++) {
                tenant.addCredential(Accounts.device(j), Accounts.SECRET);
            }
        }
        var engine = BrokerEngine.start(
                new EngineSettings(
                        "127.0.0.1",
                        port,
                        -1,
                        -1,
                        -1,
                        null,
                        null,
                        Path.of("."),
                        "localhost",
                        0,
                        Integer.getInteger("dunlin.mqtt.guard.failed-logins", 0),
                        0,
                        Set.of(),
                        NetworkIo.valueOf(System.getProperty("dunlin.mqtt.io", "AUTO")),
                        EngineSettings.BY_HEAP),
                ports.asForgetfulEnginePorts()); // what tests look up later would be counted as the engine's memory
        var input = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        for (var line = input.readLine(); line != null; line = input.readLine()) {
            tell(engine.statistics());
            System.out.println(line);
        }
        engine.stop(Duration.ofSeconds(5));
    }

    private static void tell(EngineStatistics statistics) {
        System.out.println("dunlin_messages_dropped_total " + statistics.messagesDropped());
        statistics
                .incidents()
                .forEach((reason, count) -> System.out.printf(
                        "dunlin_incidents_total{reason=\"%s\"} %d%n",
                        reason.name().toLowerCase(Locale.ROOT), count));
    }
}
