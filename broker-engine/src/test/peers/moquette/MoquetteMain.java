import io.moquette.broker.Server;
import io.moquette.broker.config.MemoryConfig;
import io.moquette.broker.security.IAuthenticator;
import io.moquette.broker.security.IAuthorizatorPolicy;
import io.moquette.broker.subscriptions.Topic;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Properties;

/**
 * Moquette without persistence: checks name and password, and permits all topics to that name.
 * Arguments: directory, port, user name, password.
 */
public final class MoquetteMain {
    private MoquetteMain() {}

    public static void main(String[] arguments) throws Exception {
        var settings = new Properties();
        settings.setProperty("host", "127.0.0.1");
        settings.setProperty("port", arguments[1]);
        settings.setProperty("allow_anonymous", "false");
        settings.setProperty("data_path", arguments[0]);
        settings.setProperty("persistence_enabled", "false");
        settings.setProperty("telemetry_enabled", "false");
        var logIn = new LogIn(arguments[2], arguments[3]);
        new Server().startServer(new MemoryConfig(settings), List.of(), null, logIn, logIn);
        Thread.currentThread().join();
    }

    private static final class LogIn implements IAuthenticator, IAuthorizatorPolicy {
        private final String userName;
        private final byte[] password;

        LogIn(String userName, String password) {
            this.userName = userName;
            this.password = password.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public boolean checkValid(String clientId, String givenName, byte[] givenPassword) {
            return userName.equals(givenName) && MessageDigest.isEqual(password, givenPassword);
        }

        @Override
        public boolean canWrite(Topic topic, String user, String client) {
            return userName.equals(user);
        }

        @Override
        public boolean canRead(Topic topic, String user, String client) {
            return userName.equals(user);
        }
    }
}
