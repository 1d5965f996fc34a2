package dev.monopod.controller.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.Binding;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.authorization.v1.SelfSubjectAccessReviewBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a user who may `edit` a namespace can write on pods, against a real API server and with no
/// webhook there: the policies judge alone. Threat model, user → user.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class PodPolicyIT {
    private static final String FARGATE = "fargate-ip-192-168-96-9.us-west-2.compute.internal";

    private ApiServer apiServer;
    private KubernetesClient admin;
    private KubernetesClient mallory;
    private KubernetesClient controller;
    private int pods;

    @BeforeAll
    void start() throws IOException, InterruptedException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        admin = apiServer.client();
        mallory = as("mallory");
        controller = as("monopod:controller");
        new CrdInstaller(admin).install(Duration.ofSeconds(30));
        apply("{apiVersion: v1, kind: Namespace, metadata: {name: mallory}}");
        apply(
                "{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: mallory}}");
        // What the roles `edit` and `view` are made of, for no controller aggregates them here.
        for (var role : List.of("system:aggregate-to-edit", "system:aggregate-to-view")) {
            apply(
                    "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: '%1$s', namespace: mallory},"
                                    .formatted(role)
                            + " roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: '%1$s'},"
                                    .formatted(role)
                            + " subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: mallory}]}");
        }
        apply(
                "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: c}, rules: [{apiGroups: ['', monopod.dev],"
                        + " resources: ['*'], verbs: ['*']}]}");
        apply(
                "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: c}, roleRef: {apiGroup:"
                        + " rbac.authorization.k8s.io, kind: ClusterRole, name: c}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind:"
                        + " User, name: 'monopod:controller'}]}");
        Policies.objects().forEach(object -> admin.resource(object).create());
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .untilAsserted(() ->
                        refused(
                                () -> create(mallory, "annotations: {CapacityProvisioned: x}", ""),
                                PodPolicy.MARKS));
    }

    private KubernetesClient as(String user) throws IOException {
        var config =
                new ConfigBuilder(Config.fromKubeconfig(Files.readString(apiServer.kubeconfig())))
                        .withMasterUrl(admin.getMasterUrl().toString())
                        .withImpersonateUsername(user)
                        .withImpersonateGroups("system:authenticated")
                        .build();
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    @AfterAll
    void stop() {
        for (var client : new KubernetesClient[] {admin, mallory, controller}) {
            if (client != null) {
                client.close();
            }
        }
        if (apiServer != null) {
            apiServer.close();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "annotations: {CapacityProvisioned: 16vCPU 120GB}",
                "annotations: {fargate.amazonaws.com/pod-sg: sg-bank}",
            })
    void refusesTheMarksOfAMachineOnPodsOfOthersSchedulers(String metadata) {
        refused(() -> create(mallory, metadata, ""), PodPolicy.MARKS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "labels: {monopod.dev/host: one}",
                "labels: {monopod.dev/machine: m-1}",
                "annotations: {monopod.dev/x: y}",
                "finalizers: [monopod.dev/agent]",
            })
    void refusesKeysOfTheSystemsOwnWhateverTheScheduler(String metadata) {
        refused(() -> create(mallory, metadata, ""), PodPolicy.OWN_KEYS);
        refused(
                () -> create(mallory, metadata, "schedulerName: fargate-scheduler"),
                PodPolicy.OWN_KEYS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "labels: {monopod.dev/host: two}",
                "labels: {monopod.dev/machine: null}",
                "labels: {monopod.dev/target-health: 'true'}",
                "annotations: {monopod.dev/x: y}",
                "finalizers: [monopod.dev/agent]",
            })
    void refusesThatKeysOfTheSystemsOwnChange(String change) {
        refused(() -> patch(mallory, onFargate(), change), PodPolicy.OWN_KEYS);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "annotations: {CapacityProvisioned: 16vCPU 120GB}",
                "annotations: {CapacityProvisioned: null}",
                "annotations: {fargate.amazonaws.com/pod-sg: sg-bank}",
                "annotations: {fargate.amazonaws.com/pod-sg: null}",
                "annotations: {Logging: x}",
            })
    void refusesThatTheMarksOfAMachineChange(String change) {
        refused(() -> patch(mallory, onFargate(), change), PodPolicy.MARKS);
        refused(() -> patch(mallory, held(), change), PodPolicy.MARKS);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bank", "null"})
    void refusesThatTheProfileOfAPodOfFargateChanges(String profile) {
        var change = "labels: {eks.amazonaws.com/fargate-profile: %s}".formatted(profile);
        refused(() -> patch(mallory, onFargate(), change), PodPolicy.PROFILE);
        refused(() -> patch(mallory, held(), change), PodPolicy.PROFILE);
    }

    /// `{}` stands for a pod of the default scheduler, or of ours.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "labels: {app: web, eks.amazonaws.com/fargate-profile: web} | schedulerName: fargate-scheduler",
                "labels: {eks.amazonaws.com/fargate-profile: web} | hostNetwork: false",
                "annotations: {eks.amazonaws.com/compute-type: ec2, monopod.dev/adopt: 'false'} | hostNetwork: false",
                "annotations: {Logging: my own} | hostNetwork: false",
                // As the webhook leaves it, and as an exported pod is once the webhook has seen it.
                "labels: {monopod.dev/target-health: 'true'}, annotations: {CapacityProvisioned: x, fargate.amazonaws.com/pod-sg: y, Logging: z} | schedulerName: fargate-scheduler",
            })
    void letsUsersCreateWhatIsTheirs(String metadata, String spec) {
        assertThatCode(() -> create(mallory, metadata, spec)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "labels: {app: other}",
                "annotations: {a: b, monopod.dev/adopt: 'false'}",
                "annotations: {eks.amazonaws.com/compute-type: ec2}",
                "finalizers: [example.com/mine]",
            })
    void letsUsersEditWhatIsTheirs(String change) {
        assertThatCode(() -> patch(mallory, onFargate(), change)).doesNotThrowAnyException();
        assertThatCode(() -> patch(mallory, held(), change)).doesNotThrowAnyException();
    }

    @Test
    void letsALateLabelPickAProfileForAPodOfAnotherScheduler() {
        var pod = create(mallory, "labels: {app: web}", "");

        assertThatCode(() ->
                        patch(mallory, pod, "labels: {eks.amazonaws.com/fargate-profile: web}"))
                .doesNotThrowAnyException();
    }

    @Test
    void letsTheSystemWriteWhatIsItsOwn() {
        var pod = create(mallory, "labels: {app: web}", "");

        assertThatCode(() ->
                        patch(
                                controller,
                                pod,
                                "labels: {monopod.dev/host: one, eks.amazonaws.com/fargate-profile: web},"
                                        + " annotations: {CapacityProvisioned: x}"))
                .doesNotThrowAnyException();
        assertThatCode(() -> patch(controller, pod, "annotations: {CapacityProvisioned: y}"))
                .doesNotThrowAnyException();
    }

    /// A victim is told of it before it is deleted; what is not told is not done.
    @Test
    void letsNobodyPreemptAPodOnFargate() {
        var condition =
                "{status: {conditions: [{type: DisruptionTarget, status: 'True', reason: %s}]}}";

        refused(
                () -> status(onFargate(), condition.formatted("PreemptionByScheduler")),
                PodPolicy.PREEMPTION);
        assertThatCode(() -> status(onFargate(), condition.formatted("EvictionByEvictionAPI")))
                .doesNotThrowAnyException();
        assertThatCode(() ->
                        status(
                                create(mallory, "labels: {a: b}", "nodeName: ordinary"),
                                condition.formatted("PreemptionByScheduler")))
                .doesNotThrowAnyException();
    }

    @Test
    void letsNobodyElseBindToAFargateNodeEvenWithTheMachinesLabel() {
        apply(
                "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: b, namespace: mallory}, rules: [{apiGroups: [''],"
                        + " resources: [pods/binding], verbs: [create]}]}");
        apply(
                "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: mallory}, roleRef: {apiGroup:"
                        + " rbac.authorization.k8s.io, kind: Role, name: b}, subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User,"
                        + " name: mallory}]}");
        var pod = create(mallory, "labels: {a: b}", "");

        Awaitility.await()
                .atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> refused(() -> bind(mallory, pod), BindingPolicy.MESSAGE));
        assertThatCode(() -> bind(controller, pod)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @CsvSource({
        "monopod.dev,machines,create",
        "monopod.dev,machines,patch",
        "monopod.dev,fargateprofiles,create",
        "monopod.dev,fargateprofiles,delete",
        "monopod.dev,securitygroups,update",
        "monopod.dev,hosts,patch",
        "vpcresources.k8s.aws,securitygrouppolicies,create",
        "'',nodes,patch",
        "'',pods/binding,create",
        "'',pods/status,patch",
        "admissionregistration.k8s.io,validatingadmissionpolicies,delete",
        "admissionregistration.k8s.io,mutatingwebhookconfigurations,delete",
    })
    void givesWhoMayEditANamespaceNoneOfTheSystemsObjects(
            String group, String resource, String verb) {
        var parts = resource.split("/", 2);
        var review =
                new SelfSubjectAccessReviewBuilder()
                        .withNewSpec()
                        .withNewResourceAttributes()
                        .withNamespace("mallory")
                        .withGroup(group)
                        .withResource(parts[0])
                        .withSubresource(parts.length > 1 ? parts[1] : "")
                        .withVerb(verb)
                        .endResourceAttributes()
                        .endSpec()
                        .build();

        assertThat(
                        mallory.authorization()
                                .v1()
                                .selfSubjectAccessReview()
                                .create(review)
                                .getStatus()
                                .getAllowed())
                .isFalse();
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(call)
                .withMessageContaining(message)
                .satisfies(e -> assertThat(e.getCode()).isEqualTo(403));
    }

    /// One that runs, as the system left it.
    private Pod onFargate() {
        return create(
                admin,
                "labels: {app: web, monopod.dev/host: one, monopod.dev/machine: m-1,"
                        + " eks.amazonaws.com/fargate-profile: web}, annotations:"
                        + " {CapacityProvisioned: 0.25vCPU 0.5GB, fargate.amazonaws.com/pod-sg:"
                        + " sg-mine, Logging: l}",
                "nodeName: " + FARGATE);
    }

    /// One that a gate holds.
    private Pod held() {
        return create(
                admin,
                "labels: {app: web, eks.amazonaws.com/fargate-profile: web, monopod.dev/machine: m-1},"
                        + " annotations: {CapacityProvisioned: 0.25vCPU 0.5GB,"
                        + " fargate.amazonaws.com/pod-sg: sg-mine, Logging: l}",
                "schedulerName: fargate-scheduler, schedulingGates: [{name: example.com/wait}]");
    }

    private Pod create(KubernetesClient client, String metadata, String spec) {
        Pod pod =
                Serialization.unmarshal(
                        "---\n{apiVersion: v1, kind: Pod, metadata: {name: p-%d, namespace: mallory, %s}, spec: {automountServiceAccountToken: false, containers: [{name: c, image: i}]%s}}"
                                .formatted(++pods, metadata, spec.isEmpty() ? "" : ", " + spec),
                        Pod.class);
        return client.resource(pod).create();
    }

    private static void patch(KubernetesClient client, Pod pod, String metadata) {
        client.resource(pod)
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        json("{metadata: {%s}}".formatted(metadata)));
    }

    private void status(Pod pod, String status) {
        controller
                .resource(pod)
                .subresource("status")
                .patch(PatchContext.of(PatchType.STRATEGIC_MERGE), json(status));
    }

    private static String json(String yaml) {
        return Serialization.asJson(Serialization.unmarshal("---\n" + yaml, Object.class));
    }

    private void bind(KubernetesClient client, Pod pod) {
        var name = pod.getMetadata().getName();
        client.raw(
                "/api/v1/namespaces/mallory/pods/" + name + "/binding",
                "POST",
                Serialization.asJson(
                        Serialization.unmarshal(
                                "---\n{apiVersion: v1, kind: Binding, metadata: {name: %s, labels: {monopod.dev/machine: m-1}}, target: {apiVersion: v1, kind: Node, name: %s}}"
                                        .formatted(name, FARGATE),
                                Binding.class)));
    }

    private void apply(String yaml) {
        admin.resource("---\n" + yaml).create();
    }
}
