package dev.dunlin;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import jakarta.persistence.Entity;

@AnalyzeClasses(packages = "dev.dunlin", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().matching("dev.dunlin.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule theEngineIsKnownByItsPortsAlone = noClasses()
            .that()
            .resideOutsideOfPackage("dev.dunlin.engine..")
            .should()
            .dependOnClassesThat(com.tngtech.archunit.base.DescribedPredicate.describe(
                    "are of the engine, but not of its port package",
                    type -> type.getPackageName().startsWith("dev.dunlin.engine")
                            && !type.getPackageName().startsWith("dev.dunlin.engineport")
                            && !type.getPackageName().equals("dev.dunlin.engine.port")))
            .orShould()
            .dependOnClassesThat()
            .resideInAnyPackage("io.netty..", "dev.dunlin.console..", "org.springframework.web..");

    @ArchTest
    static final ArchRule entitiesStayInTheirPackage =
            noClasses().that().areAnnotatedWith(Entity.class).should().bePublic();
}
