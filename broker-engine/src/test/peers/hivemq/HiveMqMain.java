import com.hivemq.embedded.EmbeddedExtension;
import com.hivemq.embedded.EmbeddedHiveMQ;
import com.hivemq.extension.sdk.api.ExtensionMain;
import com.hivemq.extension.sdk.api.auth.SimpleAuthenticator;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthInput;
import com.hivemq.extension.sdk.api.auth.parameter.SimpleAuthOutput;
import com.hivemq.extension.sdk.api.packets.connect.ConnackReasonCode;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStopOutput;
import com.hivemq.extension.sdk.api.services.Services;
import com.hivemq.extension.sdk.api.services.builder.Builders;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * HiveMQ CE with persistence in memory: checks name and password against a salted hash, and permits all topics.
 * Arguments: directory, port, user name, password.
 */
public final class HiveMqMain {
    private HiveMqMain() {}

    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        for (var folder : new String[] {"conf", "data", "extensions"}) {
            Files.createDirectories(directory.resolve(folder));
        }
        Files.writeString(directory.resolve("conf").resolve("config.xml"), """
                <?xml version="1.0"?>
                <hivemq>
                    <listeners>
                        <tcp-listener><port>%s</port><bind-address>127.0.0.1</bind-address></tcp-listener>
                    </listeners>
                    <persistence><mode>in-memory</mode></persistence>
                    <mqtt><queued-messages><max-queue-size>1000000</max-queue-size></queued-messages></mqtt>
                    <anonymous-usage-statistics><enabled>false</enabled></anonymous-usage-statistics>
                </hivemq>
                """.formatted(arguments[1]));
        var extension = EmbeddedExtension.builder()
                .withId("benchmark")
                .withName("benchmark")
                .withVersion("1")
                .withPriority(0)
                .withStartPriority(1000)
                .withAuthor("benchmark")
                .withExtensionMain(new LogIn(arguments[2], arguments[3]))
                .build();
        var broker = EmbeddedHiveMQ.builder()
                .withConfigurationFolder(directory.resolve("conf"))
                .withDataFolder(directory.resolve("data"))
                .withExtensionsFolder(directory.resolve("extensions"))
                .withEmbeddedExtension(extension)
                .build();
        broker.start().join();
        Thread.currentThread().join();
    }

    private static final class LogIn implements ExtensionMain, SimpleAuthenticator {
        /** As HiveMQ's own extension for users in a file hashes by default. */
        private static final int ITERATIONS = 100;

        private static final int HASH_BITS = 512;

        private final String userName;
        private final byte[] salt = new SecureRandom().generateSeed(16);
        private final byte[] hash;

        LogIn(String userName, String password) throws GeneralSecurityException {
            this.userName = userName;
            this.hash = hash(password.toCharArray());
        }

        private byte[] hash(char[] password) throws GeneralSecurityException {
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA512")
                    .generateSecret(new PBEKeySpec(password, salt, ITERATIONS, HASH_BITS))
                    .getEncoded();
        }

        @Override
        public void extensionStart(ExtensionStartInput input, ExtensionStartOutput output) {
            Services.securityRegistry().setAuthenticatorProvider(provided -> this);
        }

        @Override
        public void extensionStop(ExtensionStopInput input, ExtensionStopOutput output) {}

        @Override
        public void onConnect(SimpleAuthInput input, SimpleAuthOutput output) {
            var connect = input.getConnectPacket();
            boolean isKnown = connect.getUserName().filter(userName::equals).isPresent()
                    && connect.getPassword()
                            .filter(this::isPassword)
                            .isPresent();
            if (isKnown) {
                output.getDefaultPermissions()
                        .add(Builders.topicPermission().topicFilter("#").build());
                output.authenticateSuccessfully();
            } else {
                output.failAuthentication(ConnackReasonCode.BAD_USER_NAME_OR_PASSWORD);
            }
        }

        private boolean isPassword(ByteBuffer given) {
            try {
                return MessageDigest.isEqual(
                        hash(StandardCharsets.UTF_8.decode(given.duplicate()).toString().toCharArray()), hash);
            } catch (GeneralSecurityException noSuchHash) {
                throw new IllegalStateException(noSuchHash);
            }
        }
    }
}
