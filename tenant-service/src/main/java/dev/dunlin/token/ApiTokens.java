package dev.dunlin.token;

import dev.dunlin.engine.port.TenantId;
import dev.dunlin.secret.ServerKeys;
import dev.dunlin.tenant.Role;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;

/** The tokens of tenants' scripts. */
@Service
public class ApiTokens {
    private static final String KEY = "api-token";

    private final JdbcClient jdbc;
    private final ServerKeys keys;

    ApiTokens(JdbcClient jdbc, ServerKeys keys) {
        this.jdbc = jdbc;
        this.keys = keys;
    }

    /** Whom a presented token speaks for; empty if there is no such token. */
    public Optional<ApiToken> verify(String token) {
        return jdbc.sql("select tenant_id, name, role from api_token where hash = ?")
                .param(hash(token))
                .query((row, number) -> new ApiToken(
                        new TenantId(row.getObject("tenant_id", UUID.class)),
                        row.getString("name"),
                        Role.valueOf(row.getString("role"))))
                .optional();
    }

    /** Reads the key now, before a transaction begins. */
    public void load() {
        keys.load(KEY);
    }

    /** What the database keeps of a token, and finds it by. */
    public String hash(String token) {
        return HexFormat.of().formatHex(keys.hmac(KEY, token.getBytes(StandardCharsets.UTF_8)));
    }
}
