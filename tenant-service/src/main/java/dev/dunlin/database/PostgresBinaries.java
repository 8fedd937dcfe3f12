package dev.dunlin.database;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * PostgreSQL's programs, unpacked from the class path.
 *
 * @param home holds {@code bin}, {@code lib} and {@code share}
 * @param majorVersion of PostgreSQL: data directories of different ones do not fit each other
 */
record PostgresBinaries(Path home, int majorVersion) {
    private static final Pattern VERSION = Pattern.compile("PostgreSQL\\) (\\d+)");

    Path program(String name) {
        return home.resolve("bin").resolve(name);
    }

    /** Unpacks the programs into a directory named after the archive's digest, unless they are there already. */
    static PostgresBinaries unpackInto(Path parent) throws IOException, InterruptedException {
        var archive = archiveName();
        var home = parent.resolve("programs-" + digest(archive).substring(0, 16));
        if (!Files.isDirectory(home)) {
            // Whole or not at all: what a kill leaves has another name
            var unfinished = parent.resolve(home.getFileName() + ".unfinished");
            DataDirectory.deleteTree(unfinished);
            Files.createDirectory(unfinished, DataDirectory.OWNER_ONLY_DIRECTORY);
            unpack(archive, unfinished);
            Files.move(unfinished, home, StandardCopyOption.ATOMIC_MOVE);
        }
        return new PostgresBinaries(home, majorVersion(home));
    }

    private static String archiveName() {
        var system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT).replaceAll("[^a-z].*", "");
        var machine = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        var os = system.equals("mac") ? "darwin" : system;
        var arch = switch (machine) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm_64";
            default -> machine;
        };
        var name = "postgres-" + os + "-" + arch + ".txz";
        if (PostgresBinaries.class.getResource("/" + name) == null) {
            throw new DataDirectoryException("Dunlin brings no PostgreSQL for " + System.getProperty("os.name") + " on "
                    + machine + ": give a database with spring.datasource.url.");
        }
        return name;
    }

    private static InputStream open(String archive) throws IOException {
        var stream = PostgresBinaries.class.getResourceAsStream("/" + archive);
        if (stream == null) {
            throw new IOException(archive + " is not on the class path");
        }
        return new BufferedInputStream(stream, 1 << 16);
    }

    private static String digest(String archive) throws IOException {
        try (var in = open(archive)) {
            var sha256 = MessageDigest.getInstance("SHA-256");
            var buffer = new byte[1 << 16];
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                sha256.update(buffer, 0, n);
            }
            return HexFormat.of().formatHex(sha256.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every JDK has SHA-256", e);
        }
    }

    private static void unpack(String archive, Path target) throws IOException {
        try (var tar = new TarArchiveInputStream(new XZCompressorInputStream(open(archive)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                var path = target.resolve(entry.getName()).normalize();
                if (!path.startsWith(target)) {
                    throw new IOException(archive + " holds a path outside of it: " + entry.getName());
                }
                Files.createDirectories(path.getParent(), DataDirectory.OWNER_ONLY_DIRECTORY);
                if (entry.isDirectory()) {
                    Files.createDirectories(path, DataDirectory.OWNER_ONLY_DIRECTORY);
                } else if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
                } else {
                    Files.copy(tar, path);
                    var executable = (entry.getMode() & 0100) != 0;
                    Files.setPosixFilePermissions(
                            path, PosixFilePermissions.fromString(executable ? "rwx------" : "rw-------"));
                }
            }
        }
    }

    private static int majorVersion(Path home) throws IOException, InterruptedException {
        var process = new ProcessBuilder(home.resolve("bin/postgres").toString(), "--version")
                .redirectErrorStream(true)
                .start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        var match = VERSION.matcher(said);
        if (!match.find()) {
            throw new DataDirectoryException(
                    "PostgreSQL's programs in " + home + " do not run here: " + said.strip() + ".");
        }
        return Integer.parseInt(match.group(1));
    }
}
