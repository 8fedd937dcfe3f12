package dev.dunlin.console;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Who may know whom in the console, and what was taken over from others. */
@AnalyzeClasses(packages = "dev.dunlin.console", importOptions = ImportOption.DoNotIncludeTests.class)
class HouseTest {
    @ArchTest
    static final ArchRule only_one_class_knows_the_engine_beyond_its_ports = noClasses()
            .that()
            .doNotHaveFullyQualifiedName("dev.dunlin.console.process.EngineProcess")
            .should()
            .dependOnClassesThat(
                    resideInAPackage("dev.dunlin.engine..").and(not(resideInAPackage("dev.dunlin.engine.port.."))));

    @ArchTest
    static final ArchRule no_page_knows_tables = noClasses()
            .that()
            .resideOutsideOfPackage("dev.dunlin.console.process..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("jakarta.persistence..", "java.sql..", "org.hibernate..", "org.springframework.data..");

    @ArchTest
    static final ArchRule packages_have_no_cycle =
            slices().matching("dev.dunlin.console.(*)..").should().beFreeOfCycles();

    @Test
    void keepsFilesOfOthersAsTheyWerePublished() throws IOException, NoSuchAlgorithmException {
        try (var file =
                Objects.requireNonNull(getClass().getResourceAsStream("/static/vendor/mqtt-5.16.0/mqtt.min.js"))) {
            var digest = MessageDigest.getInstance("SHA-256").digest(file.readAllBytes());
            var readMe = new String(
                    Objects.requireNonNull(getClass().getResourceAsStream("/static/vendor/README.md"))
                            .readAllBytes(),
                    java.nio.charset.StandardCharsets.UTF_8);
            assertThat(readMe).contains(HexFormat.of().formatHex(digest)).contains("5.16.0", "MIT");
        }
        assertThat(getClass().getResource("/static/vendor/mqtt-5.16.0/LICENSE.md"))
                .isNotNull();
    }
}
