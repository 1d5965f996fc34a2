package dev.monopod.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasOwner.Predicates.With.owner;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.monopod.agent.kubelet.KubeletPods;
import java.util.stream.Collectors;
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

    /// Its decisions can be tested, and simulated, without a host, a guest or an API server.
    @Test
    void theLifeOfAPodIsPure() {
        classes()
                .that()
                .resideInAPackage("dev.monopod.agent.pod.life..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.monopod.agent.pod.life..",
                        "dev.monopod.agent.pod.spec..",
                        "dev.monopod.host.image..",
                        "dev.monopod.host.json..",
                        "dev.monopod.model.time..",
                        "com.fasterxml.jackson..",
                        "io.fabric8.kubernetes.api.model..",
                        "java..",
                        "org.jspecify.annotations..")
                .check(monopod);
    }

    @Test
    void modelIsJavaAlone() {
        classes()
                .that()
                .resideInAPackage("dev.monopod.model..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("dev.monopod.model..", "java..", "org.jspecify.annotations..")
                .check(monopod);
    }

    /// What is configured, and what becomes of a record, is decided without the world.
    @Test
    void loggingIsPure() {
        classes()
                .that()
                .resideInAPackage("dev.monopod.logging..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "dev.monopod.logging..",
                        "com.fasterxml.jackson.core..",
                        "org.joni..",
                        "org.jcodings..",
                        "java..",
                        "org.jspecify.annotations..")
                .check(monopod);
    }

    @Test
    void kubeDoesNotKnowItsUsers() {
        notSeen(
                "kube",
                "dev.monopod.controller..",
                "dev.monopod.agent..",
                "dev.monopod.cli..",
                "dev.monopod.host..",
                "dev.monopod.loadbalancing..",
                "dev.monopod.protocol..");
    }

    @Test
    void hostKnowsNoKubernetes() {
        notSeen(
                "host",
                "io.fabric8..",
                "dev.monopod.kube..",
                "dev.monopod.loadbalancing..",
                "dev.monopod.controller..",
                "dev.monopod.agent..",
                "dev.monopod.cli..");
    }

    @Test
    void loadBalancingIsRulesAndText() {
        notSeen(
                "loadbalancing",
                "dev.monopod.kube..",
                "io.fabric8.kubernetes.client..",
                "dev.monopod.controller..",
                "dev.monopod.agent..",
                "dev.monopod.cli..",
                "dev.monopod.host..");
    }

    @Test
    void eksKnowsTheClusterByItsObjectsAlone() {
        notSeen(
                "eks",
                "dev.monopod.loadbalancing..",
                "dev.monopod.controller..",
                "dev.monopod.agent..",
                "dev.monopod.cli..",
                "dev.monopod.host..");
    }

    @Test
    void commandNeverBalancesLoad() {
        notSeen("cli", "dev.monopod.loadbalancing..");
    }

    @Test
    void controllerTouchesNoHost() {
        notSeen("controller", "dev.monopod.host..", "dev.monopod.protocol..");
    }

    @Test
    void roomsOfPodsHaveNoCycles() {
        slices().matching("dev.monopod.agent.pod.(*)..").should().beFreeOfCycles().check(monopod);
    }

    @Test
    void roomsOfPodsStaySmall() {
        var rooms =
                monopod.stream()
                        .filter(one -> one.getPackageName().startsWith("dev.monopod.agent.pod"))
                        .filter(one -> one.isTopLevelClass())
                        .filter(one -> !one.getSimpleName().equals("package-info"))
                        .collect(Collectors.groupingBy(JavaClass::getPackageName));
        assertThat(rooms).doesNotContainKey("dev.monopod.agent.pod");
        assertThat(rooms)
                .allSatisfy((room, classes) -> assertThat(classes).as(room).hasSizeLessThan(26));
    }

    @Test
    void livesOfPodsAreDecidedWithoutTheWorld() {
        notSeen("agent.pod.life", "io.grpc..", "io.fabric8.kubernetes.client..");
        for (String room : new String[] {"scope", "log", "status", "pull", "volume", "worker"}) {
            notSeen("agent.pod.life", "dev.monopod.agent.pod." + room + "..");
        }
    }

    private void notSeen(String module, String... hidden) {
        noClasses()
                .that()
                .resideInAPackage("dev.monopod." + module + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(hidden)
                .check(monopod);
    }

    @Test
    void theHostsRoomsAreIndependent() {
        String[] independent = {"image", "machine", "network", "guest"};
        for (String one : independent) {
            for (String other : independent) {
                if (!one.equals(other)) {
                    notSeen("host." + one, "dev.monopod.host." + other + "..");
                }
            }
        }
    }

    @Test
    void programsAreRunInOneClass() {
        noClasses()
                .that()
                .doNotHaveFullyQualifiedName("dev.monopod.host.program.HostPrograms")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(ProcessBuilder.class)
                .orShould()
                .callMethodWhere(
                        target(owner(assignableTo(Runtime.class))).and(target(name("exec"))))
                .check(monopod);
    }

    @Test
    void foreignMemoryIsTouchedInOnePackage() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.monopod.host.kernel..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.foreign..")
                .check(monopod);
        notSeen("host.kernel", "dev.monopod.host.program..");
        for (String room : new String[] {"image", "machine", "network", "guest"}) {
            notSeen("host.kernel", "dev.monopod.host." + room + "..");
            notSeen("host.program", "dev.monopod.host." + room + "..");
            notSeen("host.jail", "dev.monopod.host." + room + "..");
        }
    }

    /// Each command of `monopod` has a room; what they share knows none of them.
    @Test
    void whatCommandsShareKnowsNoCommand() {
        String[] commands = {
            "up", "down", "join", "why", "net", "image", "profile", "service", "status", "doctor",
            "aws"
        };
        for (String command : commands) {
            for (String shared : new String[] {"terminal", "installation", "cluster"}) {
                notSeen("cli." + shared, "dev.monopod.cli." + command + "..");
            }
        }
        notSeen("cli.terminal", "dev.monopod.cli.installation..", "dev.monopod.cli.cluster..");
        notSeen("cli.installation", "dev.monopod.cli.cluster..");
    }

    /// So HTTP's codes stay behind the interface.
    @Test
    void podsKnowOfTheKubeletApiItsInterfaceAlone() {
        noClasses()
                .that()
                .resideInAPackage("dev.monopod.agent.pod..")
                .should()
                .dependOnClassesThat(
                        resideInAPackage("dev.monopod.agent.kubelet")
                                .and(not(belongToAnyOf(KubeletPods.class))))
                .check(monopod);
    }

    @Test
    void onlyTestsUseTheTestkit() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.monopod.testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.monopod.testkit..")
                .check(monopod);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.monopod.(*).(*)..").should().beFreeOfCycles().check(monopod);
    }

    /// What goes on for long is a [dev.monopod.model.loop.Loop], whose health can be seen: no timer
    /// that the first exception stops, and no thread that only sleeps. Except for short, bounded
    /// waits for the kernel and for QEMU, which tell nobody when they are done, and fakes of tests.
    @Test
    void loopsAreOfOneKind() {
        noClasses()
                .that()
                .resideOutsideOfPackages("dev.monopod.host.machine..", "dev.monopod.testkit..")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.concurrent.ScheduledExecutorService")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.concurrent.ScheduledThreadPoolExecutor")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Timer")
                .orShould()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .callMethod(Thread.class, "sleep", java.time.Duration.class)
                .orShould()
                .callMethod(java.util.concurrent.TimeUnit.class, "sleep", long.class)
                .check(monopod);
    }

    /// So a process watches no kind twice: [dev.monopod.kube.client.Watches] knows who asked
    /// before.
    @Test
    void watchesAreMadeInOneClass() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.monopod.kube.client..")
                .should()
                .callMethodWhere(
                        target(name("inform"))
                                .or(target(name("runnableInformer")))
                                .and(
                                        target(
                                                owner(
                                                        assignableTo(
                                                                "io.fabric8.kubernetes.client.dsl.Informable")))))
                .check(monopod);
    }

    /// Patches, conditions and events are made in one place each, so that each has one manner. A
    /// room that watches more than a list of a kind does so with `Watches`.
    @Test
    void theApiIsWrittenToByOneHand() {
        var outside =
                noClasses()
                        .that()
                        .resideInAPackage("dev.monopod..")
                        .and()
                        .resideOutsideOfPackage("dev.monopod.kube.client..");
        for (var builder :
                new String[] {
                    "io.fabric8.kubernetes.client.dsl.base.PatchContext",
                    "io.fabric8.kubernetes.api.model.ConditionBuilder",
                    "io.fabric8.kubernetes.api.model.PodConditionBuilder",
                    "io.fabric8.kubernetes.api.model.EventBuilder",
                    "io.fabric8.kubernetes.api.model.events.v1.EventBuilder"
                }) {
            outside.should().dependOnClassesThat().haveFullyQualifiedName(builder).check(monopod);
        }
        noClasses()
                .that()
                .resideInAPackage("dev.monopod..")
                .and()
                .resideOutsideOfPackage("dev.monopod.kube.client..")
                .should()
                .callMethodWhere(
                        target(name("getCode"))
                                .and(
                                        target(
                                                owner(
                                                        assignableTo(
                                                                "io.fabric8.kubernetes.client.KubernetesClientException")))))
                .check(monopod);
    }
}
