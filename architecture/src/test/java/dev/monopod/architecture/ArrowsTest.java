package dev.monopod.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// The arrows of the design: `controller, agent, cli → kube → model`; roles never see each other;
/// no cycles.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ArrowsTest {
    private JavaClasses monopod;

    @BeforeAll
    void readClasses() {
        monopod =
                new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("dev.monopod");
    }

    @Test
    void rolesNeverSeeEachOther() {
        for (String role : new String[] {"controller", "agent", "cli"}) {
            for (String other : new String[] {"controller", "agent", "cli"}) {
                if (!role.equals(other)) {
                    noClasses()
                            .that()
                            .resideInAPackage("dev.monopod." + role + "..")
                            .should()
                            .dependOnClassesThat()
                            .resideInAPackage("dev.monopod." + other + "..")
                            .check(monopod);
                }
            }
        }
    }

    @Test
    void modelKnowsNothingButKubernetesDataClasses() {
        classes()
                .that()
                .resideInAPackage("dev.monopod.model..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.monopod.model..",
                        "java.lang..",
                        "java.math..",
                        "java.net..",
                        "java.time..",
                        "java.util..",
                        "io.fabric8.kubernetes.api.model..",
                        // What those are read with: annotations hold JSON.
                        "com.fasterxml.jackson..",
                        "org.jspecify.annotations..")
                .check(monopod);
    }

    @Test
    void kubeDoesNotKnowItsUsers() {
        noClasses()
                .that()
                .resideInAPackage("dev.monopod.kube..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "dev.monopod.controller..",
                        "dev.monopod.agent..",
                        "dev.monopod.cli..",
                        "dev.monopod.protocol..")
                .check(monopod);
    }

    @Test
    void theAgentsMachineryIsIndependent() {
        String[] independent = {"image", "machine", "network", "guest"};
        for (String one : independent) {
            for (String other :
                    new String[] {
                        "image", "machine", "network", "guest", "pod", "kubelet", "host"
                    }) {
                if (!one.equals(other)) {
                    noClasses()
                            .that()
                            .resideInAPackage("dev.monopod.agent." + one + "..")
                            .should()
                            .dependOnClassesThat()
                            .resideInAPackage("dev.monopod.agent." + other + "..")
                            .allowEmptyShould(true)
                            .check(monopod);
                }
            }
        }
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.monopod.(*).(*)..").should().beFreeOfCycles().check(monopod);
    }
}
