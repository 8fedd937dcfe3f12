package dev.dunlin.engine.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.TenantMemory;
import dev.dunlin.engine.port.Transport;
import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.TestBroker;
import dev.dunlin.engine.testkit.WireClient;
import dev.dunlin.engine.testkit.WireConnect;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The memory of one process is shared by tenants whose plans have no limit: the heaviest is the first that gets no more. */
class MessageMemoryTest {
    private static final MqttVersion V5 = MqttVersion.V5;
    private static final long MOST = 1_000_000;
    private static final String PAYLOAD = "x".repeat(9_850);

    private final TestBroker broker = TestBroker.startWithMessageMemory(MOST);
    private final List<WireClient> clients = new ArrayList<>();

    @AfterEach
    void stop() {
        clients.forEach(WireClient::close);
        broker.close();
    }

    private WireClient connect(WireConnect connect) {
        var client = WireClient.open(broker.port(Transport.TCP));
        clients.add(client);
        return client.connect(connect);
    }

    private WireConnect of(String tenant, String clientId) {
        return WireConnect.of(V5, clientId).as(broker.tenant(tenant).credential("boiler-7"));
    }

    private void subscribeAndLeave(String tenant) {
        var absent = connect(of(tenant, "absent").resuming().sessionExpiry(3_600));
        absent.subscribe(1, "plant/#");
        absent.disconnect();
    }

    private void publish(String tenant, int messages) {
        var publisher = connect(of(tenant, "pub"));
        for (int i = 0; i < messages; i++) {
            publisher.publish("plant/a", PAYLOAD, 1, false);
        }
    }

    private long of(String tenant, ToLongFunction<TenantMemory> bytes) {
        return broker.engine().memory().stream()
                .filter(memory -> memory.slug().equals(tenant))
                .mapToLong(bytes)
                .sum();
    }

    private void assertToldOf(Incident.Kind kind) {
        await().untilAsserted(() -> assertThat(broker.ports().incidents())
                .anyMatch(incident -> incident.reason() == Incident.Reason.MEMORY_FULL && incident.kind() == kind));
    }

    @Test
    void leavesTheOthersSomethingHoweverMuchOneTenantQueues() {
        // given a tenant for which more waits than the process can hold
        subscribeAndLeave("acme");
        publish("acme", 150);
        assertToldOf(Incident.Kind.DELIVER);
        assertThat(of("acme", TenantMemory::queuedBytes)).isBetween(MOST / 2 - 20_000, MOST / 2);
        // when another comes
        subscribeAndLeave("globex");
        publish("globex", 20);
        // then all of its messages are kept
        var absent = connect(of("globex", "absent").resuming().sessionExpiry(3_600));
        for (int i = 0; i < 20; i++) {
            assertThat(absent.receiveMessage().payload()).isEqualTo(PAYLOAD);
        }
        assertThat(absent.ping()).isEmpty();
        assertThat(of("globex", TenantMemory::queuedBytes)).isZero();
        // and a session that ends gives back what it had
        connect(of("acme", "absent")).ping();
        assertThat(of("acme", TenantMemory::queuedBytes)).isZero();
    }

    @Test
    void countsRetainedMessagesAmongThem() {
        var publisher = connect(of("acme", "pub"));
        int kept = 0;
        while (publisher.publish("plant/" + kept, PAYLOAD, 1, true) == 0) {
            kept++;
        }
        assertThat(publisher.publish("plant/more", PAYLOAD, 1, true)).isEqualTo(0x97);
        assertToldOf(Incident.Kind.PUBLISH);
        assertThat(of("acme", TenantMemory::retainedBytes)).isBetween(MOST / 2 - 20_000, MOST / 2);
        // and one that goes makes room
        publisher.publish("plant/0", "", 1, true);
        assertThat(publisher.publish("plant/more", PAYLOAD, 1, true)).isZero();
    }
}
