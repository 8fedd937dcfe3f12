package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.BrokerEngine;
import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.testkit.MemoryPorts;
import java.nio.file.Path;
import java.time.Duration;

/** The engine as a process that knows all {@link Accounts}: listens on the port of its argument until its input ends. */
final class EngineMain {
    private EngineMain() {}

    public static void main(String[] arguments) throws Exception {
        var ports = new MemoryPorts();
        ports.tenant(Accounts.TENANT).addCredential(Accounts.DEVICE, Accounts.SECRET);
        for (int i = 0; i < Accounts.TENANTS; i++) {
            var tenant = ports.tenant(Accounts.slug(i));
            for (int j = 0; j < Accounts.DEVICES_OF_TENANT; j++) {
                tenant.addCredential(Accounts.device(j), Accounts.SECRET);
            }
        }
        int port = Integer.parseInt(arguments[0]);
        var engine = BrokerEngine.start(
                new EngineSettings("127.0.0.1", port, -1, -1, -1, null, null, Path.of("."), "localhost", 0, 0, 0),
                ports.asEnginePorts());
        while (System.in.read() >= 0) {
            // whoever started this is still there
        }
        engine.stop(Duration.ofSeconds(5));
    }
}
