package dev.dunlin.live;

import dev.dunlin.engine.port.TenantId;
import dev.dunlin.secret.ServerKeys;
import dev.dunlin.tenant.AccountId;
import dev.dunlin.tenant.Role;
import dev.dunlin.tenant.Tenant;
import dev.dunlin.tenant.Tenants;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.springframework.stereotype.Service;

/** Issues and verifies live tokens: signed, not stored. */
@Service
public class LiveTokens {
    /** What the name in the user name of a token begins with; no credential's name may contain it. */
    public static final String MARK = "~";

    private static final String KEY = "live-token";
    private static final Duration TIME_TO_CONNECT = Duration.ofSeconds(60);
    private static final Duration CONNECTION_LIFE = Duration.ofMinutes(15);
    /** Issued at (epoch seconds), tenant, account, role; then the signature. */
    private static final Pattern FORM = Pattern.compile(
            "(\\d{1,12})\\.([0-9a-f-]{36})\\.([0-9a-f-]{36})\\.(VIEWER|OPERATOR|ADMIN|OWNER)\\.([A-Za-z0-9_-]{43})");

    private final ServerKeys keys;
    private final Tenants tenants;
    private final Clock clock;

    LiveTokens(ServerKeys keys, Tenants tenants, Clock clock) {
        this.keys = keys;
        this.tenants = tenants;
        this.clock = clock;
    }

    /** A token to subscribe to everything of the tenant, and from {@link Role#OPERATOR} on to publish everything. */
    public LiveToken issue(TenantId tenant, AccountId account, Role role) {
        var slug = tenants.find(tenant)
                .map(Tenant::slug)
                .orElseThrow(() -> new IllegalArgumentException("There is no tenant " + tenant + "."));
        var now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
        var claims = now.getEpochSecond() + "." + tenant + "." + account + "." + role;
        return new LiveToken(slug + "." + name(account), claims + "." + signature(claims), now.plus(TIME_TO_CONNECT));
    }

    /** What follows the first dot of the user name: the same for all tokens of an account. */
    private static String name(AccountId account) {
        return MARK + "live-" + account.toString().substring(0, 8);
    }

    /**
     * Checks a token in memory.
     *
     * @param name what follows the first dot of the user name
     */
    public Optional<LiveGrant> verify(String name, byte[] password) {
        var match = FORM.matcher(new String(password, StandardCharsets.UTF_8));
        if (!match.matches()) {
            return Optional.empty();
        }
        var claims = match.group().substring(0, match.start(5) - 1);
        var authentic = MessageDigest.isEqual(
                signature(claims).getBytes(StandardCharsets.US_ASCII),
                match.group(5).getBytes(StandardCharsets.US_ASCII));
        if (!authentic) {
            return Optional.empty();
        }
        var issuedAt = Instant.ofEpochSecond(Long.parseLong(match.group(1)));
        var account = new AccountId(UUID.fromString(match.group(3)));
        if (!name.equals(name(account)) || clock.instant().isAfter(issuedAt.plus(TIME_TO_CONNECT))) {
            return Optional.empty();
        }
        return Optional.of(new LiveGrant(
                new TenantId(UUID.fromString(match.group(2))),
                account,
                Role.valueOf(match.group(4)),
                clock.instant().plus(CONNECTION_LIFE)));
    }

    private String signature(String claims) {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(keys.hmac(KEY, claims.getBytes(StandardCharsets.UTF_8)));
    }

    /** Reads the key now, so that tokens are verified later without the database. */
    public void load() {
        keys.load(KEY);
    }
}
