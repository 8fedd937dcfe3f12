package dev.dunlin.engine.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The statements of one version of MQTT that a test can name, in the order of the document.
 *
 * @param byName the name begins with the version, e.g. {@code MQTT 5 [MQTT-3.3.4-9]}
 */
record Statements(String version, Map<String, Statement> byName) {

    /**
     * @param summary in our own words
     * @param reason why no test shows it; null if one has to
     */
    record Statement(String summary, @Nullable String reason) {}

    private static final Pattern LINE = Pattern.compile(
            "(\\[MQTT-\\d+\\.\\d+\\.\\d+-\\d+]|§[\\dA](?:\\.\\d+)*(?:-\\d+)?) \\| ([^|]+)(?: \\| ([^|]+))?");

    /** Reads {@code mqtt-<version>.txt}. */
    static Statements of(String version) throws IOException {
        var byName = new LinkedHashMap<String, Statement>();
        var resource = "mqtt-" + version + ".txt";
        try (var in = Objects.requireNonNull(Statements.class.getResourceAsStream(resource), resource)) {
            for (var line : new String(in.readAllBytes(), UTF_8).lines().toList()) {
                if (line.startsWith("#")) {
                    continue;
                }
                var parts = LINE.matcher(line);
                if (!parts.matches()) {
                    throw new IOException("Not a statement in " + resource + ": " + line);
                }
                var name = "MQTT " + version + " " + parts.group(1);
                if (byName.put(name, new Statement(parts.group(2), parts.group(3))) != null) {
                    throw new IOException("Twice in " + resource + ": " + line);
                }
            }
        }
        return new Statements(version, byName);
    }
}
