package dev.dunlin.secret;

import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Service;

/** The installation's own keys. Each is made once, kept in the database, and held in memory from its first use on. */
@Service
public class ServerKeys {
    private static final String ALGORITHM = "HmacSHA256";
    private static final int KEY_BYTES = 32;

    private final JdbcClient jdbc;
    private final Map<String, SecretKeySpec> keys = new ConcurrentHashMap<>();

    ServerKeys(JdbcClient jdbc) {
        this.jdbc = jdbc;
    }

    /** HMAC-SHA-256 of {@code parts}, one after the other, with the key of this name. */
    public byte[] hmac(String keyName, byte[]... parts) {
        try {
            var mac = Mac.getInstance(ALGORITHM);
            mac.init(key(keyName));
            for (var part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("Every JDK has " + ALGORITHM, e);
        }
    }

    /** Reads the key now, so that it is there later without the database. */
    public void load(String keyName) {
        key(keyName);
    }

    private SecretKeySpec key(String name) {
        var known = keys.get(name);
        return known != null ? known : keys.computeIfAbsent(name, this::read);
    }

    private SecretKeySpec read(String name) {
        var fresh = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(fresh);
        // Of two nodes that start at once, one inserts and both read
        jdbc.sql("insert into server_key (name, key) values (?, ?) on conflict do nothing")
                .params(name, fresh)
                .update();
        var key = jdbc.sql("select key from server_key where name = ?")
                .param(name)
                .query((row, number) -> row.getBytes(1))
                .single();
        return new SecretKeySpec(key, ALGORITHM);
    }
}
