package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.BrokerEngine;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.testkit.MemoryPorts;
import dev.dunlin.engine.testkit.TestBroker;
import java.nio.file.Path;
import java.time.Duration;

/** The engine as a process: prints its port, and ends when its input does. */
final class EngineMain {
    private EngineMain() {}

    public static void main(String[] arguments) throws Exception {
        var ports = new MemoryPorts();
        ports.tenant("acme").addCredential("boiler-7", TestBroker.SECRET);
        var engine = BrokerEngine.start(
                new EngineSettings("127.0.0.1", 0, -1, -1, -1, null, null, Path.of("."), "localhost", 0, 0, 0),
                ports.asEnginePorts());
        System.out.println(engine.listeners().get(Transport.TCP));
        while (System.in.read() >= 0) {
            // whoever started this is still there
        }
        engine.stop(Duration.ofSeconds(5));
    }
}
