package dev.monopod.controller.admission;

import static dev.monopod.controller.admission.AdmissionRig.pod;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.monopod.kube.api.FargateProfile;
import io.fabric8.kubernetes.api.model.Binding;
import io.fabric8.kubernetes.api.model.EphemeralContainer;
import io.fabric8.kubernetes.api.model.EphemeralContainerBuilder;
import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/// The definitions and the webhooks against a real API server. Rows F3, F7, F9, F10, F14.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class AdmissionIT {
    private AdmissionRig rig;
    private KubernetesClient client;
    private WebhookInstaller installer;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        rig = AdmissionRig.start();
        client = rig.client();
        installer = rig.installer();
    }

    @AfterAll
    void stop() {
        if (rig != null) {
            rig.close();
        }
    }

    @Test
    @Order(1)
    void refusesObjectsThatBreakTheSchema() {
        assertRefused("Vpc", "v", "{cidrs: [10.0.0.1/16], region: x}", "An IPv4 range such as");
        assertRefused(
                "Vpc", "v", "{cidrs: [10.0.0.0/16, 10.0.1.0/24], region: x}", "must not overlap");
        assertRefused("Subnet", "s", "{vpc: default, cidr: nonsense, zone: a}", "An IPv4 range");
        assertRefused("FargateProfile", "p", "{selectors: [], subnets: [private-a]}", "selectors");
        assertRefused(
                "FargateProfile",
                "eks-p",
                "{selectors: [{namespace: a}], subnets: [private-a]}",
                "starts with the reserved prefix: 'eks-'");
        assertRefused(
                "FargateProfile",
                "a.b",
                "{selectors: [{namespace: a}], subnets: [private-a]}",
                "set spec.profileName");
    }

    @Test
    @Order(2)
    void judgesProfilesAndSubnetsByWebhook() {
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertRefused(
                                "FargateProfile",
                                "p",
                                "{selectors: [{namespace: a}], subnets: [public-a]}",
                                "Subnet public-a provided in Fargate Profile is not a private"
                                        + " subnet"));
        assertRefused(
                "Subnet",
                "s",
                "{vpc: default, cidr: 192.168.112.0/24, zone: a}",
                "conflicts with another subnet: private-a");
    }

    @Test
    @Order(3)
    void completesAndRefusesPodsThatAnActiveProfileSelects() {
        rig.activate(
                "web",
                "{selectors: [{namespace: shop}, {namespace: 'team-*', labels: {'app*': 'web-?'}}],"
                        + " subnets: [private-a]}",
                "shop");

        Pod created = client.resource(pod("shop", "{}", "{}")).create();

        assertThat(created.getMetadata().getLabels())
                .containsEntry("eks.amazonaws.com/fargate-profile", "web");
        assertThat(created.getMetadata().getAnnotations())
                .containsEntry("CapacityProvisioned", "0.25vCPU 0.5GB")
                .containsEntry("Logging", "LoggingDisabled: LOGGING_CONFIGMAP_NOT_FOUND");
        assertThat(created.getSpec().getPriority()).isEqualTo(2_000_001_000);
        assertThat(created.getSpec().getPriorityClassName()).isEqualTo("system-node-critical");
        assertThat(created.getSpec().getTolerations())
                .noneMatch(
                        toleration -> "eks.amazonaws.com/compute-type".equals(toleration.getKey()));
        assertThat(created.getSpec().getContainers().getFirst().getEnv())
                .extracting(variable -> variable.getName())
                .contains("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_REGION");
        assertThat(created.getSpec().getVolumes())
                .extracting(volume -> volume.getName())
                .contains("aws-iam-token");
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(
                        () -> client.resource(pod("shop", "{}", "{hostNetwork: true}")).create())
                .satisfies(refusal -> assertThat(refusal.getCode()).isEqualTo(403))
                .withMessageContaining(
                        "Pod not supported on Fargate: fields not supported: HostNetwork")
                .withMessageContaining("spec.hostNetwork: remove it or set it to false");
    }

    /// By where the pod runs: neither labels that no profile selects any more nor the annotation of
    /// those that are kept off Fargate open it to a debugger that Fargate excludes.
    @Test
    @Order(4)
    void judgesDebuggersByTheNodeOfTheirPod() {
        var pod = client.resource(pod("other", "{}", "{}")).create();
        bind(pod, "fargate-ip-192-168-96-7.us-west-2.compute.internal", "{}");
        var opted = client.resource(pod("shop", "{}", "{}")).create();
        bind(opted, "fargate-ip-192-168-96-8.us-west-2.compute.internal", "{}");
        client.resource(opted)
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        "{\"metadata\":{\"labels\":null,\"annotations\":"
                                + "{\"eks.amazonaws.com/compute-type\":\"ec2\"}}}");
        var ordinary = client.resource(pod("other", "{}", "{}")).create();
        bind(ordinary, "ip-192-168-96-9.us-west-2.compute.internal", "{}");

        for (var onFargate : List.of(pod, opted)) {
            assertThatExceptionOfType(KubernetesClientException.class)
                    .isThrownBy(() -> debug(onFargate))
                    .withMessageContaining(
                            "spec.ephemeralContainers[0].securityContext.privileged");
        }
        assertThat(debug(ordinary).getSpec().getEphemeralContainers()).hasSize(1);
    }

    private Pod debug(Pod pod) {
        return client.pods()
                .resource(client.resource(pod).get())
                .ephemeralContainers()
                .edit(found ->
                        new PodBuilder(found)
                                .editSpec()
                                .addToEphemeralContainers(privilegedDebugger())
                                .endSpec()
                                .build());
    }

    /// A pod that was exported carries what belongs to the one that it was.
    @Test
    @Order(4)
    void replacesWhatAnExportedPodBringsAlong() {
        var exported =
                pod(
                        "shop",
                        "{monopod.dev/host: one, monopod.dev/machine: m-1, app: web}",
                        "{schedulerName: fargate-scheduler}");
        exported.getMetadata()
                .setAnnotations(
                        Map.of(
                                "CapacityProvisioned",
                                "16vCPU 120GB",
                                "fargate.amazonaws.com/pod-sg",
                                "sg-bank"));

        var created = client.resource(exported).create().getMetadata();

        assertThat(created.getLabels())
                .containsOnlyKeys("app", "eks.amazonaws.com/fargate-profile");
        assertThat(created.getAnnotations())
                .containsEntry("CapacityProvisioned", "0.25vCPU 0.5GB")
                .containsEntry("fargate.amazonaws.com/pod-sg", "sg-cluster-default");
    }

    @Test
    @Order(4)
    void expressesWildcardsToTheApiServer() {
        assertThat(scheduler(pod("team-a", "{app: web-1}", "{}"))).isEqualTo("fargate-scheduler");
        assertThat(scheduler(pod("team-a", "{app: db}", "{}"))).isEqualTo("default-scheduler");
        assertThat(scheduler(pod("other", "{app: web-1}", "{}"))).isEqualTo("default-scheduler");
    }

    @Test
    @Order(5)
    void refusesChangesOfAProfile() {
        GenericKubernetesResource profile = generic("FargateProfile", "web");
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() ->
                        client.genericKubernetesResources("monopod.dev/v1", "FargateProfile")
                                .withName("web")
                                .edit(found -> {
                                    Map<String, Object> spec = found.get("spec");
                                    spec.put("subnets", List.of("private-b"));
                                    return found;
                                }))
                .withMessageContaining("A Fargate profile is immutable");
        assertThat(profile).isNotNull();
    }

    @Test
    @Order(6)
    void writesConfigurationsOnlyWhenTheyDiffer() {
        String before = version();
        installer.install(client.resources(FargateProfile.class).list().getItems());

        assertThat(version()).isEqualTo(before);
    }

    @Test
    @Order(7)
    void letsOnlyTheFargateSchedulerBindToFargateNodes() {
        installer.installPolicies();
        String fargate = "fargate-ip-192-168-96-9.us-west-2.compute.internal";

        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThatExceptionOfType(KubernetesClientException.class)
                                .isThrownBy(() -> bind(fargate, "{}"))
                                .withMessageContaining(BindingPolicy.MESSAGE)
                                .satisfies(e -> assertThat(e.getCode()).isEqualTo(403)));
        bind("ip-192-168-96-9.us-west-2.compute.internal", "{}");
        bind(fargate, "{monopod.dev/machine: m-1}");
    }

    private void bind(String node, String labels) {
        bind(client.resource(pod("other", "{}", "{}")).create(), node, labels);
    }

    private void bind(Pod pod, String node, String labels) {
        String name = pod.getMetadata().getName();
        client.raw(
                "/api/v1/namespaces/"
                        + pod.getMetadata().getNamespace()
                        + "/pods/"
                        + name
                        + "/binding",
                "POST",
                Serialization.asJson(
                        Serialization.unmarshal(
                                "---\n{apiVersion: v1, kind: Binding, metadata: {name: %s, labels: %s}, target: {apiVersion: v1, kind: Node, name: %s}}"
                                        .formatted(name, labels, node),
                                Binding.class)));
    }

    @Test
    @Order(8)
    void locksNobodyElseUpWhenItIsDown() {
        rig.admission().close();

        assertThat(client.resource(pod("other", "{}", "{}")).create()).isNotNull();
        assertThat(client.resource(pod("team-a", "{app: db}", "{}")).create()).isNotNull();
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() -> client.resource(pod("shop", "{}", "{}")).create())
                .withMessageContaining("pods.mutate.monopod.dev");
        client.resources(FargateProfile.class).withName("web").delete();
    }

    private static EphemeralContainer privilegedDebugger() {
        return new EphemeralContainerBuilder()
                .withName("debugger")
                .withImage("image")
                .withNewSecurityContext()
                .withPrivileged(true)
                .endSecurityContext()
                .build();
    }

    private String scheduler(Pod pod) {
        return client.resource(pod).create().getSpec().getSchedulerName();
    }

    private String version() {
        return client.admissionRegistration()
                .v1()
                .mutatingWebhookConfigurations()
                .withName("monopod")
                .get()
                .getMetadata()
                .getResourceVersion();
    }

    private void assertRefused(String kind, String name, String spec, String message) {
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() ->
                        client.resource(
                                        FixedReads.read(
                                                kind, name, spec, GenericKubernetesResource.class))
                                .dryRun()
                                .create())
                .withMessageContaining(message);
    }

    private GenericKubernetesResource generic(String kind, String name) {
        return client.genericKubernetesResources("monopod.dev/v1", kind).withName(name).get();
    }
}
