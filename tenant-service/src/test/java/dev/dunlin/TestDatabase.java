package dev.dunlin;

import dev.dunlin.database.EmbeddedPostgres;
import dev.dunlin.engine.testkit.Template;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.springframework.test.context.DynamicPropertyRegistry;
import org.springframework.util.FileSystemUtils;

/** One PostgreSQL for all tests of this JVM, empty at first. Tests keep apart by using tenants of their own. */
public final class TestDatabase {
    private static final EmbeddedPostgres POSTGRES = start();

    private TestDatabase() {}

    private static EmbeddedPostgres start() {
        try {
            var directory = Files.createTempDirectory("dunlin-test");
            prepare(directory);
            var postgres = EmbeddedPostgres.start(directory);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                postgres.close();
                FileSystemUtils.deleteRecursively(directory.toFile());
            }));
            return postgres;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Puts into the data directory what the first start makes: PostgreSQL's programs, and an empty database. */
    public static void prepare(Path dataDirectory) {
        var madeOf = List.of(Template.originOf(EmbeddedPostgres.class));
        Template.of("postgres", madeOf, made -> EmbeddedPostgres.start(made).close())
                .copyTo(dataDirectory, "programs-");
    }

    public static void register(DynamicPropertyRegistry registry) {
        registry.add("spring.datasource.url", POSTGRES::jdbcUrl);
        registry.add("spring.datasource.username", POSTGRES::userName);
        registry.add("spring.datasource.password", POSTGRES::password);
    }
}
