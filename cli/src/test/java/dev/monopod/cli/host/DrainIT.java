package dev.monopod.cli.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.monopod.cli.terminal.CliException;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.client.BriskClient;
import dev.monopod.model.names.Names;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Drains against a real Eviction API, with a clock that is stepped. There is no agent and nobody
/// counts the pods of a budget: the test does both.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class DrainIT {
    private static final Drain.Terms USUAL = new Drain.Terms(false, OptionalInt.empty(), false);
    private static final String OWNED =
            ", ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: u, controller: true}]";

    private final List<String> said = new ArrayList<>();
    private ApiServer apiServer;
    private KubernetesClient usual;
    private KubernetesClient client;
    private long nanos;

    @BeforeAll
    void start() throws IOException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        usual = apiServer.client();
        client = BriskClient.of(usual);
        define("Host", "hosts", "");
        define("Machine", "machines", "selectableFields: [{jsonPath: .spec.host}]");
        Awaitility.await()
                .ignoreExceptions()
                .until(() -> machines("one").isEmpty() && Hosts.all(client).isEmpty());
        create(HasMetadata.class, "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
        create(
                HasMetadata.class,
                "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}");
    }

    @AfterAll
    void stop() {
        if (client != null) {
            client.close();
            usual.close();
        }
        if (apiServer != null) {
            apiServer.close();
        }
    }

    @BeforeEach
    void clean() {
        client.pods().inNamespace("shop").withGracePeriod(0).delete();
        client.policy().v1().podDisruptionBudget().inNamespace("shop").delete();
        client.resources(Machine.class).delete();
        client.resources(Host.class).delete();
        said.clear();
    }

    @Test
    void evictsThePodsOfTheHostAndWaitsForTheirMachines() {
        var here = pod("a", "one", OWNED);
        var there = pod("b", "two", OWNED);
        var drain = drain(USUAL);
        drain.check();

        assertThat(drain.pass()).isFalse();
        assertThat(leaving(here)).isTrue();
        assertThat(leaving(there)).isFalse();
        assertThat(drain.pass()).isFalse();
        assertThat(drain.left()).startsWith("shop/a (is being deleted since 20");
        gone(here);
        assertThat(drain.pass()).as("its machine is still there").isFalse();
        assertThat(drain.left())
                .isEqualTo("shop/a (its pod is gone, and its machine is being taken down)");
        removeMachine(here);

        assertThat(drain.pass()).isTrue();
        assertThat(said).containsExactly("evicting pod shop/a", "pod shop/a evicted");
        assertThat(drain.evicted()).containsExactly("shop/a");
    }

    @Test
    void aPodThatItsBudgetHoldsIsTriedAgainAfterFiveSeconds() {
        var pod = pod("a", "one", OWNED);
        var budget = budget(0, 1);
        var drain = drain(USUAL);

        assertThat(drain.pass()).isFalse();
        var refused =
                "Cannot evict pod as it would violate the pod's disruption budget (web: never allows any)";
        assertThat(drain.left()).isEqualTo("shop/a (" + refused + ")");
        assertThat(said)
                .containsExactly(
                        "evicting pod shop/a",
                        "pod shop/a stays, and is tried again every 5 s: " + refused);
        allow(budget, 1, 0);
        nanos += Drain.RETRY.toNanos() - 1;
        assertThat(drain.pass()).isFalse();
        assertThat(leaving(pod)).as("a nanosecond early").isFalse();
        nanos++;
        assertThat(drain.pass()).isFalse();
        assertThat(leaving(pod)).isTrue();
        assertThat(said).as("nothing is said twice").hasSize(2);
    }

    @Test
    void podsThatNobodyMakesAgainAreRefusedByNameUnlessForced() {
        var pod = pod("alone", "one", "");
        pod("owned", "one", OWNED);
        pod("elsewhere", "two", "");

        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> drain(USUAL).check())
                .withMessage("nobody makes these pods again once they are evicted: shop/alone");
        var later = drain(USUAL);
        assertThat(later.pass()).isFalse();
        assertThat(leaving(pod)).as("it came after the check").isFalse();
        assertThat(later.left()).contains("shop/alone (nobody makes it again: --force evicts it)");

        var forced = drain(new Drain.Terms(true, OptionalInt.empty(), false));
        forced.check();
        assertThat(forced.pass()).isFalse();
        assertThat(leaving(pod)).isTrue();
    }

    /// As by `kubectl drain`.
    @Test
    void completedPodsAreRemovedWhoeverMadeThem() {
        var done = pod("done", "one", "");
        done.getStatus().setPhase("Succeeded");
        client.resource(done).updateStatus();
        budget(0, 1);
        var drain = drain(USUAL);
        drain.check();

        assertThat(drain.pass()).isFalse();

        assertThat(client.resource(done).get()).as("it has no grace").isNull();
    }

    @Test
    void theGraceThatWasAskedForIsThePods() {
        var pod = pod("a", "one", OWNED);

        assertThat(drain(new Drain.Terms(false, OptionalInt.of(7), false)).pass()).isFalse();

        assertThat(client.resource(pod).get().getMetadata().getDeletionGracePeriodSeconds())
                .isEqualTo(7);
    }

    @Test
    void withoutEvictionNoBudgetIsAsked() {
        var pod = pod("a", "one", OWNED);
        budget(0, 1);

        assertThat(drain(new Drain.Terms(false, OptionalInt.empty(), true)).pass()).isFalse();

        assertThat(leaving(pod)).isTrue();
        assertThat(said).containsExactly("deleting pod shop/a");
    }

    @Test
    void aDryRunSaysWhatBudgetsSayAndDoesNothing() {
        var pod = pod("a", "one", OWNED);
        budget(1, 0);

        drain(USUAL).show();

        assertThat(said).containsExactly("evicting pod shop/a (dry run; budget web: allows 1 now)");
        assertThat(leaving(pod)).isFalse();
    }

    @Test
    void aHostIsCordonedOnceAndAnUnknownOneNamesThoseThereAre() {
        host("one", "");
        host("two", "");
        assertThat(Hosts.cordon(client, Hosts.named(client, "one"), true)).isTrue();
        assertThat(Hosts.cordon(client, Hosts.named(client, "one"), true)).isFalse();
        assertThat(Hosts.table(Hosts.all(client), machines("one"), Clock.systemUTC()).toString())
                .containsPattern("one +NotReady,SchedulingDisabled")
                .containsPattern("two +NotReady ");
        assertThat(Hosts.cordon(client, Hosts.named(client, "one"), false)).isTrue();
        assertThat(Hosts.cordoned(Hosts.named(client, "one"))).isFalse();

        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> Hosts.named(client, "three"))
                .withMessage("there is no host `three`; there are: one, two");
    }

    @Test
    void aRevokedHostGetsNoMachinesAgain() {
        host("one", ", annotations: {" + Names.REVOKED_ANNOTATION + ": '2026-01-01T00:00:00Z'}");
        var host = Hosts.named(client, "one");
        assertThat(Hosts.cordon(client, host, true)).isTrue();

        assertThatExceptionOfType(CliException.class)
                .isThrownBy(() -> Hosts.cordon(client, Hosts.named(client, "one"), false))
                .withMessage(
                        "host one was revoked at 2026-01-01T00:00:00Z: it has no rights, and takes no machine");
    }

    private Drain drain(Drain.Terms terms) {
        return new Drain(client, "one", terms, said::add, () -> nanos);
    }

    private List<Machine> machines(String host) {
        return client.resources(Machine.class).withField("spec.host", host).list().getItems();
    }

    private boolean leaving(Pod pod) {
        @Nullable Pod found = client.resource(pod).get();
        return found != null && found.getMetadata().getDeletionTimestamp() != null;
    }

    private void gone(Pod pod) {
        client.resource(pod).withGracePeriod(0).delete();
    }

    private void removeMachine(Pod pod) {
        client.resources(Machine.class)
                .withName(Names.machine(pod.getMetadata().getUid()))
                .delete();
    }

    private void host(String name, String meta) {
        create(
                Host.class,
                "{apiVersion: monopod.dev/v1, kind: Host, metadata: {name: %s%s}, spec: {}}"
                        .formatted(name, meta));
    }

    private Pod pod(String name, String host, String meta) {
        var pod =
                create(
                        Pod.class,
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: %s, namespace: shop, labels: {app: web}%s}
                        spec:
                          schedulerName: fargate-scheduler
                          nodeName: fargate-ip-10-0-0-9
                          automountServiceAccountToken: false
                          containers: [{name: c, image: i}]
                        """
                                .formatted(name, meta));
        create(
                Machine.class,
                "{apiVersion: monopod.dev/v1, kind: Machine, metadata: {name: %s}, spec: {host: %s, pod: {namespace: shop, name: %s, uid: %s}}}"
                        .formatted(
                                Names.machine(pod.getMetadata().getUid()),
                                host,
                                name,
                                pod.getMetadata().getUid()));
        pod.setStatus(
                Serialization.unmarshal(
                                "---\n{apiVersion: v1, kind: Pod, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}",
                                Pod.class)
                        .getStatus());
        return client.resource(pod).updateStatus();
    }

    private PodDisruptionBudget budget(int allowed, int desired) {
        var budget =
                create(
                        PodDisruptionBudget.class,
                        """
                        apiVersion: policy/v1
                        kind: PodDisruptionBudget
                        metadata: {name: web, namespace: shop}
                        spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
                        """);
        budget.setStatus(
                new PodDisruptionBudgetStatusBuilder()
                        .withObservedGeneration(budget.getMetadata().getGeneration())
                        .withDisruptionsAllowed(allowed)
                        .withDesiredHealthy(desired)
                        .withExpectedPods(1)
                        .withCurrentHealthy(1)
                        .build());
        return client.resource(budget).updateStatus();
    }

    private void allow(PodDisruptionBudget budget, int allowed, int desired) {
        var found = client.resource(budget).get();
        found.getStatus().setDisruptionsAllowed(allowed);
        found.getStatus().setDesiredHealthy(desired);
        client.resource(found).updateStatus();
    }

    private void define(String kind, String plural, String more) {
        create(
                HasMetadata.class,
                """
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata: {name: %2$s.monopod.dev}
                spec:
                  group: monopod.dev
                  names: {kind: %1$s, plural: %2$s}
                  scope: Cluster
                  versions:
                  - name: v1
                    served: true
                    storage: true
                    subresources: {status: {}}
                    %3$s
                    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {spec: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {host: {type: string}}}}}}
                """
                        .formatted(kind, plural, more));
    }

    private <T extends HasMetadata> T create(Class<T> type, String yaml) {
        return client.resource(Serialization.unmarshal("---\n" + yaml, type)).create();
    }
}
