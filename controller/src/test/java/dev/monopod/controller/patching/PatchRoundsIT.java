package dev.monopod.controller.patching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.kube.api.Machine;
import dev.monopod.kube.api.MachineStatus;
import dev.monopod.kube.api.PatchRun;
import dev.monopod.kube.api.PatchRunSpec;
import dev.monopod.kube.api.PatchRunSpec.Pods;
import dev.monopod.kube.api.PatchRunStatus;
import dev.monopod.kube.client.BriskClient;
import dev.monopod.model.loop.Loops;
import dev.monopod.model.time.Clocks;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.admissionregistration.v1.ValidatingWebhookConfiguration;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudget;
import io.fabric8.kubernetes.api.model.policy.v1.PodDisruptionBudgetStatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// Rounds against a real Eviction API, with a clock that is stepped. Nobody counts the pods of a
/// budget here: the test writes its status.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class PatchRoundsIT {
    private final List<String> told = new ArrayList<>();
    private final List<Machine> machines = new ArrayList<>();
    private ApiServer apiServer;
    private KubernetesClient usual;
    private KubernetesClient client;
    private Webhook webhook;
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private PatchRounds rounds;
    private int addresses = 10;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        usual = apiServer.client();
        client = BriskClient.of(usual);
        new CrdInstaller(usual).install(Duration.ofSeconds(30));
        create(HasMetadata.class, "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
        create(
                HasMetadata.class,
                "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}");
        webhook = new Webhook(new Loops(InstantSource.system(), new Random()), () -> now);
    }

    @AfterAll
    void stop() {
        if (webhook != null) {
            webhook.close();
        }
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
        client.resources(PatchRun.class).delete();
        client.resources(Machine.class).delete();
        machines.clear();
        told.clear();
        rounds = rounds();
    }

    /// As when a webhook of one tenant's namespace does not answer.
    @Test
    void aPodOfWhichTheApiServerCannotTellHoldsUpNoOther() {
        var pods = List.of(pod("a", "one"), pod("b", "one"));
        var deaf =
                create(
                        ValidatingWebhookConfiguration.class,
                        """
                        apiVersion: admissionregistration.k8s.io/v1
                        kind: ValidatingWebhookConfiguration
                        metadata: {name: deaf}
                        webhooks:
                        - name: deaf.example.com
                          clientConfig: {url: 'https://127.0.0.1:1/'}
                          rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods/eviction]}]
                          matchConditions: [{name: a, expression: "request.name == 'a'"}]
                          sideEffects: None
                          admissionReviewVersions: [v1]
                        """);
        try {
            // The API server takes a moment to hear of it.
            Awaitility.await()
                    .untilAsserted(() ->
                            assertThatExceptionOfType(KubernetesClientException.class)
                                    .isThrownBy(() -> tryEviction("a"))
                                    .withMessageContaining("deaf.example.com"));
            var run = run(new PatchRunSpec(Pods.All, 60L, null));

            pass(run);

            assertThat(leaving(pods)).containsExactly("b");
            assertThat(status(run).message()).isEqualTo("shop/a could not be evicted yet");
            assertThat(status(run).evicted()).isEqualTo(1);
        } finally {
            client.resource(deaf).delete();
        }
    }

    @Test
    void evictsZoneByZoneOneAfterAnotherAsTheBudgetAllows() {
        var pods = List.of(pod("a", "one"), pod("b", "one"), pod("c", "two"));
        var budget = budget("web", 1, 1, 2);
        var run = run(new PatchRunSpec(Pods.All, 60L, null));

        pass(run);
        assertThat(leaving(pods)).containsExactly("a");
        assertThat(allowed(budget)).as("the Eviction API counts").isZero();
        pass(run);
        assertThat(leaving(pods)).as("the budget is spent").containsExactly("a");
        assertThat(status(run).message()).isEqualTo("shop/b waits for its budget");
        assertThat(status(run).zone()).isEqualTo("one");
        gone(pods.get(0));
        allow(budget, 1, 1);
        pass(run);
        assertThat(leaving(pods)).containsExactly("b");
        allow(budget, 1, 1);
        pass(run);
        assertThat(leaving(pods)).as("another zone, while b leaves").containsExactly("b");
        gone(pods.get(1));
        pass(run);
        assertThat(leaving(pods)).containsExactly("c");
        gone(pods.get(2));
        pass(run);

        assertThat(status(run).phase()).isEqualTo(PatchRunStatus.Phase.Done);
        assertThat(status(run).pods()).isEqualTo(3);
        assertThat(status(run).evicted()).isEqualTo(3);
        assertThat(status(run).remaining()).isZero();
        assertThat(told).isEmpty();
    }

    @Test
    void tellsOfARefusalOnceAndDeletesThePodAtItsDeadlineWhoeverWorksThen() {
        var stuck = pod("stuck", "one");
        budget("never", 0, 1, 1);
        var run = run(new PatchRunSpec(Pods.All, 60L, null));

        pass(run);
        assertThat(told).as("what is not written down yet").isEmpty();
        var refused = status(run).refusals().getFirst();
        assertThat(refused.name()).isEqualTo("stuck");
        assertThat(refused.scheduledTerminationTime()).isEqualTo(now.plusSeconds(60).toString());
        pass(run);
        pass(run);
        assertThat(told).hasSize(1);
        assertThat(told.getFirst())
                .startsWith("stuck EKSFargatePodScheduledTermination {\"version\":\"0\"")
                .contains(
                        "\"resources\":[\"shop/stuck\"]",
                        "Cannot evict pod as it would violate the pod's disruption budget\"",
                        "Z[UTC]\"");
        assertThat(status(run).refusals().getFirst().notified()).isTrue();

        rounds = rounds();
        now = now.plusSeconds(59);
        pass(run);
        assertThat(leaving(List.of(stuck))).isEmpty();
        now = now.plusSeconds(2);
        pass(run);
        assertThat(leaving(List.of(stuck))).containsExactly("stuck");
        assertThat(status(run).deleted()).isEqualTo(1);
        gone(stuck);
        pass(run);
        assertThat(status(run).phase()).isEqualTo(PatchRunStatus.Phase.Done);
        assertThat(told).hasSize(1);
    }

    @Test
    void aRefusedPodWhoseBudgetAllowsItLaterIsEvictedAndNotDeleted() {
        var pod = pod("late", "one");
        var budget = budget("later", 0, 1, 1);
        var run = run(new PatchRunSpec(Pods.All, 60L, null));
        pass(run);
        allow(budget, 1, 0);

        now = now.plusSeconds(61);
        pass(run);

        assertThat(leaving(List.of(pod))).containsExactly("late");
        assertThat(status(run).deleted()).isZero();
        assertThat(status(run).evicted()).isEqualTo(1);
    }

    @Test
    void twoBudgetsAreTheRefusalThatEksNames() {
        pod("twice", "one");
        budget("first", 1, 0, 1);
        budget("second", 1, 0, 1);
        var run = run(new PatchRunSpec(Pods.All, 60L, null));

        pass(run);

        assertThat(status(run).refusals().getFirst().evictErrorMessage())
                .isEqualTo(
                        "This pod has multiple PodDisruptionBudget, which the eviction subresource does not support");
    }

    @Test
    void theApiServerRefusesARunThatCannotBe() {
        assertThatThrownBy(() -> run(new PatchRunSpec(Pods.All, 59L, null)))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining("spec.deadlineSeconds")
                .hasMessageContaining("60");
        assertThatThrownBy(() -> run(new PatchRunSpec(Pods.All, 60L, "file:///etc/passwd")))
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining("spec.notifyUrl");
        var run = run(new PatchRunSpec(Pods.All, 60L, "https://example.com/hook?a=b"));
        run.setSpec(new PatchRunSpec(Pods.All, 61L, null));
        assertThatThrownBy(() -> client.resource(run).update())
                .isInstanceOf(KubernetesClientException.class)
                .hasMessageContaining("immutable");
    }

    private PatchRounds rounds() {
        return new PatchRounds(
                client,
                new PatchRounds.Cached(
                        () -> client.pods().inNamespace("shop").list().getItems(),
                        () -> machines,
                        List::of),
                new PatchRounds.Notices(
                        (about, _, reason, message, _) ->
                                told.add(
                                        "%s %s %s"
                                                .formatted(
                                                        about.getMetadata().getName(),
                                                        reason,
                                                        message)),
                        webhook,
                        new TerminationEvent.Origin("000000000000", "us-west-2", "monopod")),
                Clocks.of(((InstantSource) () -> now).withZone(ZoneOffset.UTC)));
    }

    private void tryEviction(String pod) {
        client.raw(
                "/api/v1/namespaces/shop/pods/%s/eviction?dryRun=All".formatted(pod),
                "POST",
                "{\"apiVersion\": \"policy/v1\", \"kind\": \"Eviction\", \"metadata\": {\"name\": \"%s\"}}"
                        .formatted(pod));
    }

    private void pass(PatchRun run) {
        rounds.pass(client.resource(run).get());
    }

    private PatchRunStatus status(PatchRun run) {
        return client.resource(run).get().getStatus();
    }

    private List<String> leaving(List<Pod> pods) {
        var names = new ArrayList<String>();
        for (var pod : pods) {
            @Nullable Pod found = client.resource(pod).get();
            if (found != null && found.getMetadata().getDeletionTimestamp() != null) {
                names.add(found.getMetadata().getName());
            }
        }
        return names;
    }

    private void gone(Pod pod) {
        client.resource(pod).withGracePeriod(0).delete();
    }

    private PatchRun run(PatchRunSpec spec) {
        var run = new PatchRun();
        run.getMetadata().setName("now");
        run.setSpec(spec);
        return client.resource(run).create();
    }

    private Pod pod(String name, String zone) {
        var pod =
                create(
                        Pod.class,
                        """
                        apiVersion: v1
                        kind: Pod
                        metadata: {name: %s, namespace: shop, labels: {app: web}}
                        spec:
                          schedulerName: fargate-scheduler
                          nodeName: fargate-ip-10-0-0-9
                          automountServiceAccountToken: false
                          containers: [{name: c, image: i}]
                        """
                                .formatted(name));
        pod.setStatus(
                Serialization.unmarshal(
                                "---\n{apiVersion: v1, kind: Pod, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}",
                                Pod.class)
                        .getStatus());
        var machine =
                create(
                        Machine.class,
                        """
                        apiVersion: monopod.dev/v1
                        kind: Machine
                        metadata: {name: m-%1$s}
                        spec:
                          host: h
                          pod: {namespace: shop, name: %2$s, uid: %1$s}
                          nodeName: fargate-ip-10-0-0-9
                          profile: web
                          size: {milliCpu: 250, memoryMebiBytes: 512, storageMebiBytes: 20480}
                          network: {vpc: default, subnet: a, zone: %3$s, address: 10.0.0.%4$d, gateway: 10.0.0.1, mac: '02:00:0a:00:00:05'}
                        """
                                .formatted(pod.getMetadata().getUid(), name, zone, addresses++));
        machine.setStatus(
                new MachineStatus(MachineStatus.Phase.Running, null, null, null, null, null, null));
        machines.add(machine);
        return client.resource(pod).updateStatus();
    }

    private PodDisruptionBudget budget(String name, int allowed, int desired, int expected) {
        var budget =
                create(
                        PodDisruptionBudget.class,
                        """
                        apiVersion: policy/v1
                        kind: PodDisruptionBudget
                        metadata: {name: %s, namespace: shop}
                        spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
                        """
                                .formatted(name));
        budget.setStatus(
                new PodDisruptionBudgetStatusBuilder()
                        .withObservedGeneration(budget.getMetadata().getGeneration())
                        .withDisruptionsAllowed(allowed)
                        .withDesiredHealthy(desired)
                        .withExpectedPods(expected)
                        .withCurrentHealthy(expected)
                        .build());
        return client.resource(budget).updateStatus();
    }

    private void allow(PodDisruptionBudget budget, int allowed, int desired) {
        var found = client.resource(budget).get();
        found.getStatus().setDisruptionsAllowed(allowed);
        found.getStatus().setDesiredHealthy(desired);
        client.resource(found).updateStatus();
    }

    private int allowed(PodDisruptionBudget budget) {
        return client.resource(budget).get().getStatus().getDisruptionsAllowed();
    }

    private <T extends HasMetadata> T create(Class<T> type, String yaml) {
        return client.resource(Serialization.unmarshal("---\n" + yaml, type)).create();
    }
}
