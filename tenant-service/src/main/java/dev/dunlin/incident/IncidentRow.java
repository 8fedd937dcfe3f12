package dev.dunlin.incident;

import dev.dunlin.engine.port.Incident;
import dev.dunlin.engine.port.TenantId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Repetitions of one incident that wait to be written, folded into one. */
final class IncidentRow {
    /** What makes two incidents the same. */
    record Key(
            TenantId tenant,
            Incident.Kind kind,
            Incident.Reason reason,
            @Nullable String credential,
            @Nullable String clientId,
            @Nullable String topic) {

        byte[] digest() {
            try {
                var sha256 = MessageDigest.getInstance("SHA-256");
                for (var part : new @Nullable String[] {kind.name(), reason.name(), credential, clientId, topic}) {
                    var bytes = part == null ? new byte[0] : part.getBytes(StandardCharsets.UTF_8);
                    // The length goes before each part, so that no two lists of parts read the same
                    sha256.update(ByteBuffer.allocate(4)
                            .putInt(part == null ? -1 : bytes.length)
                            .flip());
                    sha256.update(bytes);
                }
                return sha256.digest();
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException("Every JDK has SHA-256", e);
            }
        }
    }

    private static final int MAX_TEXT = 1_000;

    final Key key;

    @Nullable
    String remoteAddress;

    @Nullable
    String decidedBy;

    long count;
    Instant firstAt;
    Instant lastAt;

    IncidentRow(Key key, Instant at) {
        this.key = key;
        this.firstAt = at;
        this.lastAt = at;
    }

    static Key keyOf(TenantId tenant, Incident incident) {
        return new Key(
                tenant,
                incident.kind(),
                incident.reason(),
                storable(incident.credential()),
                storable(incident.clientId()),
                storable(incident.topic()));
    }

    void add(Incident incident) {
        count++;
        if (!incident.at().isBefore(lastAt)) {
            lastAt = incident.at();
            remoteAddress = storable(incident.remoteAddress());
            decidedBy = storable(incident.decidedBy());
        }
        if (incident.at().isBefore(firstAt)) {
            firstAt = incident.at();
        }
    }

    void add(IncidentRow other) {
        count += other.count;
        if (other.lastAt.isAfter(lastAt)) {
            lastAt = other.lastAt;
            remoteAddress = other.remoteAddress;
            decidedBy = other.decidedBy;
        }
        if (other.firstAt.isBefore(firstAt)) {
            firstAt = other.firstAt;
        }
    }

    /** As PostgreSQL takes it: what a client sends may be ill-formed, and that is often why it was refused. */
    static @Nullable String storable(@Nullable String text) {
        if (text == null) {
            return null;
        }
        var shortened = text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "…";
        // Encoding replaces halves of surrogate pairs
        return new String(shortened.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8).replace('\0', '\uFFFD');
    }
}
