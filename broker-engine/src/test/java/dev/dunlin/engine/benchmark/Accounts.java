package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.testkit.MqttVersion;
import dev.dunlin.engine.testkit.WireConnect;

/** Who logs in: {@value #MAIN} in most loads, and the devices of the tenants in one. All have the same secret. */
final class Accounts {
    static final String TENANT = "acme";
    static final String DEVICE = "boiler-7";
    /** The account that every broker knows. */
    static final String MAIN = TENANT + "." + DEVICE;

    /** Long enough for Dunlin to take it for a generated one. */
    static final String SECRET = "a-long-secret-of-the-benchmark-0123456789";

    /** A tenant of ours whose sessions keep so much for their clients and no more; the others have no limits. */
    static final String BOUNDED_TENANT = "globex";

    /** An account of it. */
    static final String BOUNDED = BOUNDED_TENANT + "." + DEVICE;

    /** Of the largest plan that a stranger may have; its publisher sends as fast as it can all the same. */
    static final long BOUNDED_PUBLISHES_PER_SECOND = 50_000;

    static final long BOUNDED_QUEUE_MESSAGES = 100_000;
    static final long BOUNDED_QUEUE_BYTES = 16L * 1024 * 1024;

    /** A tenant of the engine alone that attacks the others. */
    static final String ATTACKING_TENANT = "mallory";

    static final String ATTACKER = ATTACKING_TENANT + "." + DEVICE;

    /** What its subscribers are subscribed to. */
    static final String NOISE = "noise/data";

    static final long ATTACKER_QUEUE_MESSAGES = 1_000;
    static final long ATTACKER_QUEUE_BYTES = 4L * 1024 * 1024;

    /** Further tenants, which Dunlin alone knows, and in one load only: to enter them takes it its time. */
    static final int TENANTS = 1_000;

    static final int DEVICES_OF_TENANT = 5;

    private Accounts() {}

    static String slug(int tenant) {
        return "tenant-" + tenant;
    }

    static String device(int device) {
        return "device-" + device;
    }

    static String userName(int tenant, int device) {
        return slug(tenant) + "." + device(device);
    }

    /** A CONNECT packet of MQTT 3.1.1. */
    static byte[] connect(String userName, String clientId, int keepAliveSeconds, boolean isClean) {
        var connect = WireConnect.of(MqttVersion.V3_1_1, clientId)
                .as(userName, SECRET)
                .keepAlive(keepAliveSeconds);
        return (isClean ? connect : connect.resuming()).encode();
    }
}
