package dev.dunlin.engine.testkit;

import dev.dunlin.engine.BrokerEngine;
import dev.dunlin.engine.EnginePorts;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.settings.EngineSettings;
import dev.dunlin.engine.settings.EngineStartException;
import dev.dunlin.engine.settings.NetworkIo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Comparator;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The real engine on free ports of the loopback, with all four listeners and {@link MemoryPorts}. Two tenants are there,
 * {@code acme} and {@code globex}, each with a credential {@code boiler-7} that may do everything.
 */
public final class TestBroker implements AutoCloseable {
    /** Another than the machine's best by {@code -Ddunlin.test.io=NIO}. */
    private static final NetworkIo IO = NetworkIo.valueOf(System.getProperty("dunlin.test.io", "AUTO"));

    public static final String SECRET = "a-secret-for-tests";

    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);

    /** Long enough for the engine to leave its clients, and no time for these to close first. */
    private static final Duration RESTART_TIMEOUT = Duration.ofMillis(200);

    private final Path directory;
    private final MemoryPorts ports = new MemoryPorts();
    private final int failedLogins;
    private final Set<Transport> proxyProtocol;
    private final Function<MemoryPorts, EnginePorts> asPorts;
    private final long messageMemoryBytes;
    private BrokerEngine engine;

    private TestBroker(int failedLogins, Set<Transport> proxyProtocol, Function<MemoryPorts, EnginePorts> asPorts) {
        this(failedLogins, proxyProtocol, asPorts, EngineSettings.BY_HEAP);
    }

    private TestBroker(
            int failedLogins,
            Set<Transport> proxyProtocol,
            Function<MemoryPorts, EnginePorts> asPorts,
            long messageMemoryBytes) {
        this.messageMemoryBytes = messageMemoryBytes;
        this.failedLogins = failedLogins;
        this.proxyProtocol = proxyProtocol;
        this.asPorts = asPorts;
        for (var slug : new String[] {"acme", "globex"}) {
            ports.tenant(slug).addCredential("boiler-7", SECRET);
        }
        try {
            directory = Files.createTempDirectory("dunlin-test-");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        engine = newEngine();
    }

    private BrokerEngine newEngine() {
        try {
            return BrokerEngine.start(
                    new EngineSettings(
                            "127.0.0.1",
                            0,
                            0,
                            0,
                            0,
                            null,
                            null,
                            directory,
                            "localhost",
                            0,
                            failedLogins,
                            2,
                            proxyProtocol,
                            IO,
                            messageMemoryBytes),
                    asPorts.apply(ports));
        } catch (EngineStartException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** Another engine takes the place of this one, on other ports; what is stored is all that it finds. */
    public void restart() {
        engine.stop(RESTART_TIMEOUT);
        engine = newEngine();
    }

    /** Starts a broker with two event loops and no guard before log-in. */
    public static TestBroker start() {
        return new TestBroker(0, Set.of(), MemoryPorts::asEnginePorts);
    }

    /** As {@link #start()}, and nothing that the engine tells is kept: for long runs. */
    public static TestBroker startForgetful() {
        return new TestBroker(0, Set.of(), MemoryPorts::asForgetfulEnginePorts);
    }

    /** As {@link #start()}, with so much memory for messages that wait or are retained. */
    public static TestBroker startWithMessageMemory(long bytes) {
        return new TestBroker(0, Set.of(), MemoryPorts::asEnginePorts, bytes);
    }

    /** As {@link #start()}, with so many refused log-ins answered a second. */
    public static TestBroker startAnswering(int failedLogins) {
        return new TestBroker(failedLogins, Set.of(), MemoryPorts::asEnginePorts);
    }

    /** As {@link #startAnswering}, with the PROXY protocol on some listeners. */
    public static TestBroker startBehindProxy(int failedLogins, Set<Transport> proxyProtocol) {
        return new TestBroker(failedLogins, proxyProtocol, MemoryPorts::asEnginePorts);
    }

    public MemoryPorts ports() {
        return ports;
    }

    public MemoryPorts.Tenant tenant(String slug) {
        return ports.tenant(slug);
    }

    /** The credential that tests use when it does not matter which: {@code boiler-7} of {@code acme}. */
    public MemoryPorts.Credential device() {
        return tenant("acme").credential("boiler-7");
    }

    public BrokerEngine engine() {
        return engine;
    }

    public int port(Transport transport) {
        return Objects.requireNonNull(engine.listeners().get(transport));
    }

    /** The certificate that the TLS listeners show, as PEM; it is valid for {@code localhost} and {@code 127.0.0.1}. */
    public Path certificate() {
        return directory.resolve("certificate.pem");
    }

    /** Trusts {@link #certificate} alone. */
    public TrustManagerFactory trust() {
        try (var pem = Files.newInputStream(certificate())) {
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            store.setCertificateEntry(
                    "broker", CertificateFactory.getInstance("X.509").generateCertificate(pem));
            var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            return trust;
        } catch (IOException | GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** A connection over TCP on which nothing has been sent. */
    public WireClient open() {
        return WireClient.open(port(Transport.TCP));
    }

    /** The same from another address of the loopback, {@code 127.x.y.z}. */
    public WireClient openFrom(String address) {
        return WireClient.openFrom(address, port(Transport.TCP));
    }

    /** A connection over any listener on which nothing has been sent but what {@code transport} needs itself. */
    public WireClient open(Transport transport) {
        int port = port(transport);
        return switch (transport) {
            case TCP -> WireClient.open(port);
            case TLS -> WireClient.open(port, tlsSockets());
            case WS -> WireClient.openWebSocket(port, SocketFactory.getDefault());
            case WSS -> WireClient.openWebSocket(port, tlsSockets());
        };
    }

    private SocketFactory tlsSockets() {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, trust().getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (GeneralSecurityException failed) {
            throw new IllegalStateException(failed);
        }
    }

    /** A client of MQTT {@code version} with Clean Session (Clean Start), logged in as {@link #device()}. */
    public WireClient connect(MqttVersion version, String clientId) {
        return connect(version, clientId, device());
    }

    public WireClient connect(MqttVersion version, String clientId, MemoryPorts.Credential credential) {
        return open().connect(WireConnect.of(version, clientId).as(credential));
    }

    /** Stops the broker, and fails if it lost a buffer. */
    @Override
    public void close() {
        engine.stop(STOP_TIMEOUT);
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        LeakRecorder.assertNoLeaks();
    }
}
