package dev.dunlin.engine;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The rooms of the engine and the doors between them. */
@AnalyzeClasses(packages = "dev.dunlin.engine", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule hasNoCycleOfPackages =
            slices().matching("dev.dunlin.engine.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule knowsNothingOfSpringDatabasesAndServlets = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.springframework..", "jakarta..", "javax.sql..", "java.sql..", "org.hibernate..");

    @ArchTest
    static final ArchRule portsKnowNothingOfTheEngine = noClasses()
            .that()
            .resideInAPackage("dev.dunlin.engine.port")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(
                    "io.netty..",
                    "dev.dunlin.engine",
                    "dev.dunlin.engine.topic..",
                    "dev.dunlin.engine.packet..",
                    "dev.dunlin.engine.codec..",
                    "dev.dunlin.engine.session..",
                    "dev.dunlin.engine.tenant..",
                    "dev.dunlin.engine.routing..",
                    "dev.dunlin.engine.connection..",
                    "dev.dunlin.engine.transport..");

    @ArchTest
    static final ArchRule sessionsKnowNoConnection = below("dev.dunlin.engine.session..", "tenant", "routing", "codec");

    @ArchTest
    static final ArchRule tenantsKnowNoRoute = below("dev.dunlin.engine.tenant..", "routing", "codec");

    @ArchTest
    static final ArchRule routesKnowNoBytes = below("dev.dunlin.engine.routing..", "codec");

    @ArchTest
    static final ArchRule codecKnowsPacketsAlone =
            below("dev.dunlin.engine.codec..", "session", "tenant", "routing", "access", "port");

    @ArchTest
    static final ArchRule nobodyKnowsTheWiring = noClasses()
            .that()
            .resideInAPackage("dev.dunlin.engine.*..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.dunlin.engine");

    private static ArchRule below(String room, String... roomsAbove) {
        var above = new String[roomsAbove.length + 2];
        for (int i = 0; i < roomsAbove.length; i++) {
            above[i] = "dev.dunlin.engine." + roomsAbove[i] + "..";
        }
        above[roomsAbove.length] = "dev.dunlin.engine.connection..";
        above[roomsAbove.length + 1] = "dev.dunlin.engine.transport..";
        return noClasses()
                .that()
                .resideInAPackage(room)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(above);
    }
}
