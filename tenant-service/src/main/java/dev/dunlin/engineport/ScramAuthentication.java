package dev.dunlin.engineport;

import dev.dunlin.database.DatabasePulse;
import dev.dunlin.engine.port.EnhancedAuthentication;
import dev.dunlin.engine.port.Login;
import dev.dunlin.secret.DeviceSecrets;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Base64;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Log-ins with SCRAM-SHA-256: client and server prove to each other that they know the secret, and none of them says it. */
@Component
class ScramAuthentication implements EnhancedAuthentication {
    static final String METHOD = "SCRAM-SHA-256";
    private static final int NONCE_BYTES = 24;

    final TenantAccess tenants;
    final DeviceSecrets secrets;
    final EvenRefusals refusals;
    final DatabasePulse database;
    final Clock clock;
    private final SecureRandom random = new SecureRandom();

    ScramAuthentication(
            TenantAccess tenants, DeviceSecrets secrets, EvenRefusals refusals, DatabasePulse database, Clock clock) {
        this.tenants = tenants;
        this.secrets = secrets;
        this.refusals = refusals;
        this.database = database;
        this.clock = clock;
        secrets.load();
    }

    @Override
    public @Nullable Exchange begin(String method, Login login) {
        return method.equals(METHOD) ? new ScramExchange(this, login) : null;
    }

    /** What the server adds to the client's nonce. */
    String nonce() {
        var nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        return Base64.getEncoder().encodeToString(nonce);
    }
}
