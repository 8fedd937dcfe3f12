package dev.dunlin.console.device;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Code that connects a device and runs as it stands, with the real values quoted as each language wants them. A device that may
 * not publish gets code that listens.
 */
final class Snippets {
    /** One tab: {@code id} names its texts; {@code command} is for a shell and may wrap. */
    record Snippet(String id, boolean command, List<Code> code) {}

    record Code(String id, String text) {}

    /**
     * What a snippet needs.
     *
     * @param tls whether {@code port} is that of the TLS listener
     * @param secret absent once it is not shown any more: a place-holder stands there then
     * @param clientId the only one allowed; absent if any is
     */
    record Values(
            String host,
            int port,
            boolean tls,
            String userName,
            @Nullable String secret,
            @Nullable String clientId,
            ExampleTopic topic,
            String device) {
        String secretOrPlace() {
            return secret == null ? "YOUR-SECRET" : secret;
        }

        Optional<String> client() {
            return Optional.ofNullable(clientId);
        }
    }

    private static final String MESSAGE = "Hello from %s";

    private Snippets() {}

    static List<Snippet> of(Values values) {
        return List.of(
                new Snippet("mosquitto", true, mosquitto(values)),
                new Snippet("python", false, List.of(new Code("code-python", python(values)))),
                new Snippet("javascript", false, List.of(new Code("code-javascript", javascript(values)))),
                new Snippet("arduino", false, List.of(new Code("code-arduino", arduino(values)))));
    }

    private static List<Code> mosquitto(Values values) {
        var codes = new ArrayList<Code>();
        values.topic()
                .publish()
                .ifPresent(topic -> codes.add(new Code(
                        "code-mosquitto-pub",
                        mosquitto("mosquitto_pub", values) + " -t " + shell(topic) + " -m " + shell(message(values))
                                + " -q 1")));
        values.topic()
                .subscribe()
                .ifPresent(filter -> codes.add(new Code(
                        "code-mosquitto-sub", mosquitto("mosquitto_sub", values) + " -t " + shell(filter) + " -v")));
        if (codes.isEmpty()) {
            codes.add(new Code(
                    "code-mosquitto-pub",
                    mosquitto("mosquitto_pub", values) + " -t " + shell(values.device() + "/hello") + " -m "
                            + shell(message(values)) + " -q 1"));
        }
        return codes;
    }

    private static String mosquitto(String command, Values values) {
        return command + " -V 5 -h " + shell(values.host()) + " -p " + values.port()
                + (values.tls() ? " --tls-use-os-certs" : "")
                + " -u " + shell(values.userName()) + " -P " + shell(values.secretOrPlace())
                + values.client().map(id -> " -i " + shell(id)).orElse("");
    }

    private static String python(Values values) {
        var lines = new ArrayList<String>();
        lines.add("# pip install \"paho-mqtt>=2\"");
        lines.add("import paho.mqtt.client as mqtt");
        lines.add("");
        lines.add("client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2"
                + values.client().map(id -> ", client_id=" + quoted(id)).orElse("") + ", protocol=mqtt.MQTTv5)");
        lines.add("client.username_pw_set(" + quoted(values.userName()) + ", " + quoted(values.secretOrPlace()) + ")");
        if (values.tls()) {
            lines.add("client.tls_set()");
        }
        var publish = publishing(values);
        lines.add("");
        lines.add("def on_connect(client, userdata, flags, reason, properties):");
        lines.add("    print(\"Connected:\", reason)");
        if (publish != null) {
            lines.add("    client.publish(" + quoted(publish) + ", " + quoted(message(values)) + ", qos=1)");
            lines.add("");
            lines.add("def on_publish(client, userdata, mid, reason, properties):");
            lines.add("    print(\"Published:\", reason)");
            lines.add("    client.disconnect()");
            lines.add("");
            lines.add("client.on_publish = on_publish");
        } else {
            lines.add("    client.subscribe(" + quoted(listening(values)) + ")");
            lines.add("");
            lines.add("def on_message(client, userdata, message):");
            lines.add("    print(message.topic, message.payload)");
            lines.add("");
            lines.add("client.on_message = on_message");
        }
        lines.add("client.on_connect = on_connect");
        lines.add("client.connect(" + quoted(values.host()) + ", " + values.port() + ")");
        lines.add("client.loop_forever()");
        return String.join("\n", lines);
    }

    private static String javascript(Values values) {
        var lines = new ArrayList<String>();
        lines.add("// npm install mqtt@5, save as device.mjs, run: node device.mjs");
        lines.add("import mqtt from \"mqtt\";");
        lines.add("");
        lines.add("const client = mqtt.connect({");
        lines.add("  protocol: " + (values.tls() ? "\"mqtts\"" : "\"mqtt\"") + ",");
        lines.add("  host: " + quoted(values.host()) + ",");
        lines.add("  port: " + values.port() + ",");
        lines.add("  protocolVersion: 5,");
        lines.add("  username: " + quoted(values.userName()) + ",");
        lines.add("  password: " + quoted(values.secretOrPlace()) + ",");
        values.client().ifPresent(id -> lines.add("  clientId: " + quoted(id) + ","));
        lines.add("});");
        lines.add("client.on(\"error\", (error) => console.error(error.message));");
        var publish = publishing(values);
        if (publish != null) {
            lines.add("client.on(\"connect\", async () => {");
            lines.add("  console.log(\"Connected\");");
            lines.add("  await client.publishAsync(" + quoted(publish) + ", " + quoted(message(values))
                    + ", { qos: 1 });");
            lines.add("  console.log(\"Published\");");
            lines.add("  await client.endAsync();");
            lines.add("});");
        } else {
            lines.add("client.on(\"connect\", () => client.subscribe(" + quoted(listening(values)) + "));");
            lines.add("client.on(\"message\", (topic, payload) => console.log(topic, payload.toString()));");
        }
        return String.join("\n", lines);
    }

    private static String arduino(Values values) {
        var client = values.tls() ? "WiFiClientSecure" : "WiFiClient";
        var lines = new ArrayList<String>();
        lines.add("// Library manager: PubSubClient. Board: ESP32. Enter your Wi-Fi below.");
        lines.add("#include <WiFi.h>");
        if (values.tls()) {
            lines.add("#include <WiFiClientSecure.h>");
        }
        lines.add("#include <PubSubClient.h>");
        lines.add("");
        lines.add("const char* WIFI_NAME = \"your-wifi\";");
        lines.add("const char* WIFI_PASSWORD = \"your-wifi-password\";");
        lines.add("");
        lines.add(client + " network;");
        lines.add("PubSubClient mqtt(network);");
        lines.add("");
        lines.add("void setup() {");
        lines.add("  Serial.begin(115200);");
        lines.add("  WiFi.begin(WIFI_NAME, WIFI_PASSWORD);");
        lines.add("  while (WiFi.status() != WL_CONNECTED) delay(250);");
        if (values.tls()) {
            lines.add("  network.setInsecure(); // better: network.setCACert(...)");
        }
        lines.add("  mqtt.setServer(" + quoted(values.host()) + ", " + values.port() + ");");
        var publish = publishing(values);
        if (publish == null) {
            lines.add("  mqtt.setCallback([](char* topic, byte* payload, unsigned int length) {");
            lines.add("    Serial.printf(\"%s %.*s\\n\", topic, (int) length, (const char*) payload);");
            lines.add("  });");
        }
        lines.add("}");
        lines.add("");
        lines.add("void loop() {");
        lines.add("  if (!mqtt.connected()) {");
        lines.add("    if (!mqtt.connect(" + quoted(values.client().orElse(values.device())) + ", "
                + quoted(values.userName()) + ", " + quoted(values.secretOrPlace()) + ")) {");
        lines.add("      Serial.printf(\"Not connected: %d\\n\", mqtt.state());");
        lines.add("      delay(5000);");
        lines.add("      return;");
        lines.add("    }");
        lines.add(
                publish != null
                        ? "    mqtt.publish(" + quoted(publish) + ", " + quoted(message(values)) + ");"
                        : "    mqtt.subscribe(" + quoted(listening(values)) + ");");
        lines.add("  }");
        lines.add("  mqtt.loop();");
        lines.add("}");
        return String.join("\n", lines);
    }

    /** The topic to publish to; null if the device may only listen. */
    private static @Nullable String publishing(Values values) {
        if (values.topic().publish().isEmpty() && values.topic().subscribe().isEmpty()) {
            return values.device() + "/hello";
        }
        return values.topic().publish().orElse(null);
    }

    private static String listening(Values values) {
        return values.topic().subscribe().orElse("#");
    }

    private static String message(Values values) {
        return String.format(Locale.ROOT, MESSAGE, values.device());
    }

    /**
     * Quoted for a POSIX shell. Plain words stay as they are, and what may stand in double quotes does, which Windows
     * understands as well.
     */
    static String shell(String text) {
        if (text.matches("[A-Za-z0-9_./:@+=,-]+")) {
            return text;
        }
        if (text.matches("[A-Za-z0-9_./:@+=, #'-]+")) {
            return '"' + text + '"';
        }
        return "'" + text.replace("'", "'\\''") + "'";
    }

    /** A string literal that Python, JavaScript and C read alike: control characters as octal would differ, so they are dropped. */
    static String quoted(String text) {
        var literal = new StringBuilder("\"");
        text.chars().filter(c -> c >= ' ' && c != 0x7F).forEach(c -> {
            if (c == '"' || c == '\\') {
                literal.append('\\');
            }
            literal.append((char) c);
        });
        return literal.append('"').toString();
    }
}
