package dev.dunlin.console;

import dev.dunlin.console.process.MqttEndpoints;
import dev.dunlin.engine.port.Transport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.util.FileSystemUtils;

/**
 * The whole application inside the tests' JVM, with the real engine and the embedded PostgreSQL, on free ports of loopback.
 * Started once, for all tests that have a parameter of type {@link App}; each makes tenants of its own.
 */
final class RunningDunlin implements ParameterResolver {
    /** A tenant without limits, from the provisioning file. */
    static final String UNLIMITED_OWNER = "operator@example.com";

    static final String UNLIMITED_PASSWORD = "a long passphrase";
    static final String UNLIMITED_USER_NAME = "unlimited.load";
    static final String UNLIMITED_SECRET = "0123456789abcdef0123456789abcdef";
    private static final String PROVISIONING = """
            tenants:
              - slug: unlimited
                name: Unlimited
                plan: unlimited
                owner: { email: %s, password: "%s" }
                credentials:
                  - name: load
                    secret: "%s"
                    permissions:
                      - { effect: allow, action: all, topic: "#" }
            """.formatted(UNLIMITED_OWNER, UNLIMITED_PASSWORD, UNLIMITED_SECRET);

    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(RunningDunlin.class);

    /** The application, until the last test is over. */
    static final class App implements AutoCloseable {
        private final Path data;
        private final ConfigurableApplicationContext context;

        private App() {
            Path provisioning;
            try {
                data = Files.createTempDirectory("dunlin-app");
                provisioning = Files.writeString(data.resolve("provisioning.yaml"), PROVISIONING);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            DunlinProcess.prepare(data);
            var spring = new SpringApplication(DunlinApplication.class);
            spring.setRegisterShutdownHook(false);
            context = spring.run(
                    "--dunlin.data-dir=" + data,
                    "--dunlin.provisioning.file=" + provisioning,
                    "--dunlin.mqtt.host=127.0.0.1",
                    "--dunlin.mqtt.tcp.port=0",
                    "--dunlin.mqtt.tls.port=0",
                    "--dunlin.mqtt.ws.port=0",
                    "--dunlin.mqtt.wss.port=0",
                    "--dunlin.mqtt.guard.connect-rate=0",
                    "--server.address=127.0.0.1",
                    "--server.port=0",
                    "--management.server.port=0");
        }

        String console() {
            return "http://localhost:" + context.getEnvironment().getProperty("local.server.port");
        }

        int port(Transport transport) {
            return bean(MqttEndpoints.class).port(transport).orElseThrow();
        }

        <T> T bean(Class<T> type) {
            return context.getBean(type);
        }

        @Override
        public void close() throws IOException {
            context.close();
            FileSystemUtils.deleteRecursively(data);
        }
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext extension) {
        return parameter.getParameter().getType() == App.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext extension) {
        return extension.getRoot().getStore(NAMESPACE).computeIfAbsent(App.class, type -> new App(), App.class);
    }
}
