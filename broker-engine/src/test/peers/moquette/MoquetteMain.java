import io.moquette.broker.Server;
import io.moquette.broker.config.FileResourceLoader;
import io.moquette.broker.config.ResourceLoaderConfig;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;

/**
 * Moquette without persistence, with a password file and an access list that permits all topics.
 * Arguments: directory, port, user name, password.
 */
public final class MoquetteMain {
    private MoquetteMain() {}

    public static void main(String[] arguments) throws Exception {
        var directory = Path.of(arguments[0]);
        var hash = MessageDigest.getInstance("SHA-256").digest(arguments[3].getBytes(StandardCharsets.UTF_8));
        Files.writeString(
                directory.resolve("passwords"), arguments[2] + ":" + HexFormat.of().formatHex(hash) + "\n");
        // for all users: Moquette reads names in this file up to the first dot, and a lone # as a comment
        Files.writeString(directory.resolve("access"), "pattern readwrite +/#\n");
        Files.writeString(directory.resolve("moquette.conf"), """
                host 127.0.0.1
                port %s
                allow_anonymous false
                password_file passwords
                acl_file access
                data_path %s
                persistence_enabled false
                telemetry_enabled false
                """.formatted(arguments[1], directory));
        // the files are looked up in this directory
        var loader = new FileResourceLoader(directory.resolve("moquette.conf").toFile(), directory.toString());
        new Server().startServer(new ResourceLoaderConfig(loader));
        Thread.currentThread().join();
    }
}
