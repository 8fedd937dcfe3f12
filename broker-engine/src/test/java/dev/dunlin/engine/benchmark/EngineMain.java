package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.BrokerEngine;
import dev.dunlin.engine.EnginePorts;
import dev.dunlin.engine.port.ConnectedClient;
import dev.dunlin.engine.port.Presence;
import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.settings.NetworkIo;
import dev.dunlin.engine.testkit.MemoryPorts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;

/**
 * The engine as a process that knows the {@link Accounts}, and ends when its input does. Arguments: port, number of tenants
 * beside the first.
 */
final class EngineMain {
    private EngineMain() {}

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        int tenants = Integer.parseInt(arguments[1]);
        var ports = new MemoryPorts();
        ports.tenant(Accounts.TENANT).addCredential(Accounts.DEVICE, Accounts.SECRET);
        for (int i = 0; i < tenants; i++) {
            var tenant = ports.tenant(Accounts.slug(i));
            for (int j = 0; j < Accounts.DEVICES_OF_TENANT; j++) {
                tenant.addCredential(Accounts.device(j), Accounts.SECRET);
            }
        }
        var all = ports.asEnginePorts();
        // what tests look up later would be counted as the engine's memory
        var forgetful = new EnginePorts(
                all.authenticator(),
                all.enhancedAuthentication(),
                all.accessChanges(),
                incident -> {},
                new NobodyListens(),
                usage -> {},
                all.taps());
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
                        0,
                        Integer.getInteger("dunlin.mqtt.event-loops", 0),
                        Set.of(),
                        NetworkIo.valueOf(System.getProperty("dunlin.mqtt.io", "AUTO"))),
                forgetful);
        while (System.in.read() >= 0) {
            // whoever started this is still there
        }
        engine.stop(Duration.ofSeconds(5));
    }

    private static final class NobodyListens implements Presence {
        @Override
        public void connected(ConnectedClient client) {}

        @Override
        public void disconnected(ConnectedClient client) {}
    }
}
