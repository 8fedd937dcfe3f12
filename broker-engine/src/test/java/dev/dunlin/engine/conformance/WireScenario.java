package dev.dunlin.engine.conformance;

import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.MemoryPorts;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.Wire;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import dev.dunlin.engine.testkit.WirePacket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** One broker for a class of tests, and for each test a tenant of its own, so that none meets what another left. */
@SuppressWarnings("NullAway.Init") // set before each test
abstract class WireScenario {
    private static final AtomicInteger TENANTS = new AtomicInteger();
    private static final String FENCE = "fence/of/the/test";

    static TestBroker broker;

    private final List<WireClient> clients = new ArrayList<>();
    MemoryPorts.Tenant acme;

    /** A credential of {@link #acme} that may do everything. */
    MemoryPorts.Credential device;

    @BeforeAll
    static void startBroker() {
        // what is awaited has mostly happened already, a hundred times a class
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        Awaitility.setDefaultPollInterval(Duration.ofMillis(5));
        broker = TestBroker.start();
    }

    @AfterAll
    static void stopBroker() {
        broker.close();
    }

    @BeforeEach
    void addTenant() {
        acme = broker.tenant("acme-" + TENANTS.incrementAndGet());
        device = acme.addCredential("boiler-7", TestBroker.SECRET);
    }

    @AfterEach
    void closeClients() {
        clients.forEach(WireClient::close);
    }

    /** A connection on which nothing was sent. */
    WireClient open() {
        var client = broker.open();
        clients.add(client);
        return client;
    }

    /** The same over any listener. */
    WireClient open(Transport transport) {
        var client = broker.open(transport);
        clients.add(client);
        return client;
    }

    /** A client with Clean Session (Clean Start), logged in as {@link #device}. */
    WireClient connect(MqttVersion version, String clientId) {
        return connect(WireConnect.of(version, clientId).as(device));
    }

    WireClient connect(MqttVersion version, String clientId, MemoryPorts.Credential credential) {
        return connect(WireConnect.of(version, clientId).as(credential));
    }

    WireClient connect(WireConnect connect) {
        return open().connect(connect);
    }

    /** A client whose session stays when it goes, and is resumed when it comes. */
    WireConnect keeping(MqttVersion version, String clientId) {
        var connect = WireConnect.of(version, clientId).as(device).resuming();
        return version.hasProperties() ? connect.sessionExpiry(3_600) : connect;
    }

    /** Fails if anything but what the test has read is on its way from {@code publisher} to {@code subscriber}. */
    static void assertNothingMore(WireClient publisher, WireClient subscriber) {
        List<WirePacket> more = moreFrom(publisher, subscriber);
        if (!more.isEmpty()) {
            throw new AssertionError("Received " + more);
        }
    }

    /** All that {@code subscriber} gets of what {@code publisher} sent up to now; nothing is acknowledged. */
    static List<WirePacket> moreFrom(WireClient publisher, WireClient subscriber) {
        subscriber.subscribe(0, FENCE);
        publisher.publish(FENCE, "", 0, false);
        var more = new ArrayList<WirePacket>();
        var packet = subscriber.receive();
        while (packet.type() != WirePacket.PUBLISH || !packet.topic().equals(FENCE)) {
            more.add(packet);
            packet = subscriber.receive();
        }
        return more;
    }

    static List<String> payloads(List<WirePacket> packets) {
        return packets.stream().map(WirePacket::payload).toList();
    }

    /** What the tenant was told so far. */
    Stream<Incident> incidents() {
        return broker.ports().incidents().stream().filter(incident -> acme.id().equals(incident.tenant()));
    }

    /** Waits until the broker has noticed that the clients of earlier tests are gone: before something is counted. */
    static void awaitQuiet() {
        await().until(() -> broker.engine().statistics().connections() == 0);
    }

    static int reasonFor(MqttVersion version, int mqtt5, int before) {
        return version.hasProperties() ? mqtt5 : before;
    }

    /** Subscription Options as a byte. */
    static int options(int qos, boolean noLocal, boolean retainAsPublished, int retainHandling) {
        return qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | retainHandling << 4;
    }

    static void unsubscribe(WireClient client, MqttVersion version, String filter) {
        client.send(Wire.unsubscribe(version, client.nextPacketId(), filter));
        client.expect(WirePacket.UNSUBACK);
    }
}
