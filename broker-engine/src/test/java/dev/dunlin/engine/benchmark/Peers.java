package dev.dunlin.engine.benchmark;

import dev.dunlin.engine.testkit.TestTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How the other brokers are started. Those in Java have class paths of their own: Maven resolves the {@code pom.xml} in their
 * folder of {@code src/test/peers}, and Java runs the one source file that lies there.
 */
final class Peers {
    private static final String DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0";

    private Peers() {}

    /** With a password file and an access list, without persistence, and with queues that drop nothing. */
    static List<String> mosquitto(Path directory, int port) throws IOException, InterruptedException {
        var passwords = Files.writeString(directory.resolve("passwords"), Accounts.MAIN + ":" + Accounts.SECRET + "\n");
        var program = TestTools.mosquitto();
        // replaces the secrets in the file by hashes; a part of mosquitto's package
        run("mosquitto_passwd", "-U", passwords.toString());
        var access = Files.writeString(directory.resolve("access"), "user " + Accounts.MAIN + "\ntopic readwrite #\n");
        var configuration =
                Files.writeString(directory.resolve("mosquitto.conf"), """
                user root
                listener %d 127.0.0.1
                persistence false
                allow_anonymous false
                password_file %s
                acl_file %s
                set_tcp_nodelay true
                max_inflight_messages 0
                max_queued_messages 0
                log_type error
                """.formatted(port, passwords, access));
        return List.of(program.toString(), "-c", configuration.toString());
    }

    /** Community Edition, with persistence in memory and an extension that checks name and password. */
    static List<String> hiveMq(Path directory, int port) throws IOException, InterruptedException {
        return java("hivemq", "HiveMqMain.java", directory, port);
    }

    /** With a password file and an access list, without persistence. */
    static List<String> moquette(Path directory, int port) throws IOException, InterruptedException {
        return java("moquette", "MoquetteMain.java", directory, port);
    }

    private static List<String> java(String peer, String source, Path directory, int port)
            throws IOException, InterruptedException {
        var folder = ProjectFiles.module().resolve("src/test/peers").resolve(peer);
        var command = new ArrayList<>(List.of(Launcher.java(), "-cp", classPath(peer, folder.resolve("pom.xml"))));
        command.add(folder.resolve(source).toString());
        command.addAll(List.of(directory.toString(), Integer.toString(port), Accounts.MAIN, Accounts.SECRET));
        return command;
    }

    /** Asks Maven once; what it answered stays in the target folder. */
    private static String classPath(String peer, Path pom) throws IOException, InterruptedException {
        var answer = ProjectFiles.module().resolve("target/peers").resolve(peer + ".classpath");
        if (!Files.exists(answer) || Files.getLastModifiedTime(answer).compareTo(Files.getLastModifiedTime(pom)) < 0) {
            run(
                    "mvn",
                    "-q",
                    "-f",
                    pom.toString(),
                    DEPENDENCY_PLUGIN + ":build-classpath",
                    "-Dmdep.outputFile=" + answer);
        }
        return Files.readString(answer);
    }

    private static void run(String... command) throws IOException, InterruptedException {
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IllegalStateException(String.join(" ", command) + " failed");
        }
    }
}
