package dev.monopod.controller.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.monopod.controller.ClusterView;
import dev.monopod.controller.admission.WebhookConfigurations;
import dev.monopod.controller.admission.WebhookEndpoint;
import dev.monopod.controller.admission.WebhookInstaller;
import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.model.loop.Loops;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
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

/// Host `b` was taken over: its key tries what belongs to host `a`, with the roles that are
/// installed, against a real API server and with what the controller itself does there. Threat
/// model, host → cluster.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class CapturedHostIT {
    private static final List<String> ROLES =
            List.of(
                    "../control-plane/internal/addons/rights.yaml",
                    "../control-plane/internal/addons/addons.yaml");
    private static final String LEASES =
            "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases";
    private static final String[] HOSTS = {"a", "b", "c"};
    private static final String CERTIFICATE = "/api/v1/namespaces/shop/secrets/certificate";
    private static final String MERGE = "application/merge-patch+json";

    private final Loops loops = new Loops(Clock.systemUTC(), new Random());
    private final Map<String, Set<String>> served = new HashMap<>();
    private ApiServer apiServer;
    private KubernetesClient admin;
    private KubernetesClient controller;
    private KubernetesClient a;
    private KubernetesClient b;
    private KubernetesClient c;
    private ClusterView cluster;
    private HostAccess access;

    @BeforeAll
    void start() throws IOException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        admin = apiServer.client();
        controller = as("monopod:controller");
        a = as("monopod:agent:a", "monopod:agents");
        b = as("monopod:agent:b", "monopod:agents");
        c = as("monopod:agent:c", "monopod:agents");
        for (var roles : ROLES) {
            installRoles(binary.resolveSibling(roles).normalize());
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .ignoreException(KubernetesClientException.class)
                .untilAsserted(() -> new CrdInstaller(controller).install(Duration.ofSeconds(30)));
        new WebhookInstaller(
                        controller,
                        new WebhookConfigurations(
                                () -> new WebhookEndpoint.Url("https://127.0.0.1:1", ""),
                                "kube-system"))
                .installPolicies();
        apply("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
        apply("{apiVersion: v1, kind: ServiceAccount, metadata: {name: default, namespace: shop}}");
        for (var host : HOSTS) {
            apply(
                    "{apiVersion: v1, kind: ServiceAccount, metadata: {name: account-%s, namespace: shop}}"
                            .formatted(host));
            for (var kind : new String[] {"Secret", "ConfigMap"}) {
                apply(
                        "{apiVersion: v1, kind: %s, metadata: {name: of-%s, namespace: shop}}"
                                .formatted(kind, host));
            }
            place(host, List.of(HOSTS).indexOf(host) + 1);
        }
        apply(
                "{apiVersion: v1, kind: Secret, metadata: {name: certificate, namespace: shop}, type: kubernetes.io/tls, data: {tls.crt: '', tls.key: ''}}");
        served.put("a", Set.of("shop/certificate"));
        cluster = new ClusterView(controller);
        cluster.startAll();
        access = new HostAccess(controller, cluster, () -> served, loops);
        access.start();
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .ignoreException(KubernetesClientException.class)
                .untilAsserted(() -> {
                    lease(a, 1);
                    lease(b, 2);
                    refused(() -> token(b, "account-a", pod("a")), "tokens for pods");
                    // What the controller has written, the API server's authorizer sees later.
                    assertThat(a.raw(CERTIFICATE)).contains("certificate");
                    assertThat(b.raw("/api/v1/namespaces/shop/secrets/of-b")).contains("of-b");
                });
    }

    private void installRoles(Path file) throws IOException {
        for (var document : Files.readString(file).split("\n---\n", -1)) {
            for (var host :
                    document.contains("monopod:agent:${HOST_NAME}") ? HOSTS : new String[] {""}) {
                var object =
                        admin.resource("---\n" + document.replace("${HOST_NAME}", host)).item();
                if (object.getKind().endsWith("Role")
                        || object.getKind().endsWith("RoleBinding")
                        || object.getKind().equals("Namespace")) {
                    admin.resource(object).create();
                }
            }
        }
    }

    /// A pod with a machine on the host, as the scheduler and the agent leave it.
    private void place(String host, int number) {
        var node = node(number);
        apply(
                "{apiVersion: monopod.dev/v1, kind: Host, metadata: {name: %s}, spec: {}}"
                        .formatted(host));
        var pod =
                apply(
                        ("{apiVersion: v1, kind: Pod, metadata: {name: pod-%1$s, namespace: shop, labels: {app: %1$s, eks.amazonaws.com/fargate-profile: p, monopod.dev/host: %1$s,"
                                        + " monopod.dev/machine: m-%1$s, monopod.dev/target-health: 'true'}}, spec: {serviceAccountName: account-%1$s,"
                                        + " automountServiceAccountToken: false, nodeName: %2$s, containers: [{name: c, image: i, envFrom: [{configMapRef:"
                                        + " {name: of-%1$s}}]}], volumes: [{name: v, secret: {secretName: of-%1$s}}]}}")
                                .formatted(host, node));
        apply(
                ("{apiVersion: monopod.dev/v1, kind: Machine, metadata: {name: m-%1$s, finalizers: [monopod.dev/agent]}, spec: {host: %1$s, pod: {namespace: shop, name: pod-%1$s,"
                                + " uid: %4$s}, nodeName: %2$s, profile: p, size: {milliCpu: 250, memoryMebiBytes: 512,"
                                + " storageMebiBytes: 1024}, network: {vpc: default, subnet: s, zone: z, address: 192.168.96.%3$d, gateway:"
                                + " 192.168.96.1, mac: '02:00:00:00:00:0%3$d'}}}")
                        .formatted(host, node, number, pod.getMetadata().getUid()));
        apply(
                ("{apiVersion: v1, kind: Node, metadata: {name: %2$s, labels: {monopod.dev/host: %1$s}}, spec: {taints: [{key: t, effect: NoSchedule}]},"
                                + " status: {addresses: [{type: InternalIP, address: 192.168.96.%3$d}]}}")
                        .formatted(host, node, number));
    }

    private static String node(int number) {
        return "fargate-ip-192-168-96-%d.us-west-2.compute.internal".formatted(number);
    }

    private KubernetesClient as(String user, String... groups) throws IOException {
        var all = new ArrayList<>(List.of(groups));
        all.add("system:authenticated");
        var config =
                new ConfigBuilder(Config.fromKubeconfig(Files.readString(apiServer.kubeconfig())))
                        .withMasterUrl(admin.getMasterUrl().toString())
                        .withImpersonateUsername(user)
                        .withImpersonateGroups(all.toArray(new String[0]))
                        .build();
        return new KubernetesClientBuilder().withConfig(config).build();
    }

    @AfterAll
    void stop() {
        for (var part :
                new AutoCloseable[] {access, cluster, a, b, c, controller, admin, apiServer}) {
            assertThatCode(
                            () -> {
                                if (part != null) {
                                    part.close();
                                }
                            })
                    .doesNotThrowAnyException();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"secrets", "configmaps"})
    void readsWhatItsOwnPodsNameAndNothingElse(String kind) {
        var path = "/api/v1/namespaces/shop/" + kind;

        assertThat(b.raw(path + "/of-b")).contains("of-b");
        refused(() -> b.raw(path + "/of-a"), "cannot get");
        refused(() -> b.raw(path), "cannot list");
        refused(() -> b.raw("/api/v1/" + kind), "cannot list");
        refused(() -> b.raw(path + "?watch=1"), "cannot watch");
    }

    @Test
    void readsCertificatesOfLoadBalancersWhereItServesSome() {
        assertThat(a.raw(CERTIFICATE)).contains("certificate");
        refused(() -> b.raw(CERTIFICATE), "cannot get");
    }

    /// Its operator says there which servers stand for EFS; no pod names it.
    @Test
    void readsTheServersOfFileSystems() {
        apply("{apiVersion: v1, kind: Namespace, metadata: {name: files}}");
        apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: efs-servers, namespace: files}}");

        assertThat(b.raw("/api/v1/namespaces/files/configmaps/efs-servers")).contains("efs");
        refused(() -> b.raw("/api/v1/namespaces/files/configmaps/another"), "cannot get");
    }

    @Test
    void getsTokensOfItsOwnPodsAccountsOnly() {
        assertThat(token(b, "account-b", pod("b"))).contains("\"token\"");
        refused(() -> token(b, "account-a", pod("a")), "tokens for pods on its own host only");
        refused(() -> token(b, "default", pod("b")), "tokens for pods on its own host only");
        refused(() -> token(b, "account-b", ""), "bound to a pod");
        refused(
                () ->
                        token(
                                b,
                                "account-b",
                                ", boundObjectRef: {kind: Secret, apiVersion: v1, name: of-b}"),
                "bound to a pod");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "hosts/a/status | {status: {address: 192.0.2.1}} | Host of its own name",
                "machines/m-a/status | {status: {phase: Stopped}} | Machines of its own host",
                "machines/m-a | {metadata: {finalizers: null}} | Machines of its own host",
                "machines/m-b | {metadata: {labels: {x: y}}} | labels",
                "hosts/b | {spec: {overcommit: 100}} | cannot patch",
                "subnets/x | {spec: {}} | cannot patch",
                "fargateprofiles/x | {spec: {}} | cannot patch",
            })
    void writesNoHostOrMachineOfAnother(String path, String patch, String reason) {
        refused(() -> patch(b, "/apis/monopod.dev/v1/" + path, patch), reason);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nodes/NODE1/status | {status: {conditions: []}} | Nodes of Machines on its own host",
                "nodes/NODE2/status | {metadata: {labels: {zone: x}}, status: {addresses: []}} | labels",
                "nodes/NODE2/status | {status: {addresses: [{type: InternalIP, address: 192.168.96.1}]}} | addresses",
                "nodes/NODE2 | {spec: {taints: null}} | cannot patch",
                "namespaces/shop/pods/pod-a | {metadata: {finalizers: []}} | pods on its own host",
                "namespaces/shop/pods/pod-a | {metadata: {labels: {monopod.dev/host: b}}} | pods on its own host",
                "namespaces/shop/pods/pod-b | {metadata: {labels: {app: a}}} | never their spec, labels",
                "namespaces/shop/pods/pod-b | {metadata: {annotations: {x: y}}} | annotations",
                "namespaces/shop/pods/pod-a/status | {status: {phase: Failed}} | status of pods on its own host",
                "namespaces/shop/pods/pod-b/status | {status: {podIP: 192.168.96.1, podIPs: [{ip: 192.168.96.1}]}} | address of their Node",
            })
    void writesNoNodeOrPodOfAnotherAndNoRedirectionOfItsOwn(
            String path, String patch, String reason) {
        var real = path.replace("NODE1", node(1)).replace("NODE2", node(2));
        refused(() -> patch(b, "/api/v1/" + real, patch), reason);
    }

    @Test
    void deletesNothingOfAnother() {
        for (var path :
                new String[] {
                    "/api/v1/namespaces/shop/pods/pod-a",
                    "/api/v1/nodes/" + node(1),
                    "/apis/monopod.dev/v1/machines/m-a",
                    "/apis/monopod.dev/v1/hosts/a",
                    LEASES + "/" + node(1)
                }) {
            refused(() -> b.raw(path, "DELETE", "{}"), "own");
        }
        refused(() -> b.raw("/api/v1/namespaces/shop/pods", "DELETE", "{}"), "cannot delete");
    }

    /// The scheduler made it, and the right to make one anew comes later.
    @Test
    void renewsTheLeaseOfANewMachineAtOnceAndOfItsOwnOnly() {
        claimed(11, "b");
        claimed(12, "a");

        lease(b, 11);

        for (var number : new int[] {11, 12}) {
            var path = LEASES + "/" + node(number);
            var label = number == 11 ? "a" : "b";
            refused(
                    () ->
                            patch(
                                    b,
                                    path,
                                    "{metadata: {labels: {monopod.dev/host: %s}}}"
                                            .formatted(label)),
                    "Leases of Nodes of Machines on its own host");
        }
        refused(() -> lease(b, 12), "Leases of Nodes of Machines on its own host");
    }

    private void claimed(int number, String host) {
        apply(
                "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: %s, namespace: kube-node-lease, labels: {monopod.dev/host: %s}}}"
                        .formatted(node(number), host));
    }

    @Test
    void makesNothingThatIsTheSchedulers() {
        refused(
                () ->
                        b.resource(
                                        "---\n{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: shop}, spec: {containers: [{name: c, image: i}]}}")
                                .create(),
                "cannot create");
        refused(
                () -> b.resource("---\n{apiVersion: v1, kind: Node, metadata: {name: x}}").create(),
                "cannot create");
        refused(() -> lease(b, 1), "Leases of Nodes of Machines on its own host");
        refused(() -> lease(b, 9), "Leases of Nodes of Machines on its own host");
        refused(
                () ->
                        b.resource(
                                        "---\n{apiVersion: networking.k8s.io/v1, kind: IPAddress, metadata: {name: 192.168.0.9, labels: {monopod.dev/host: a}}, spec: {parentRef: {group: monopod.dev, resource: hosts, namespace: none, name: a}}}")
                                .create(),
                "address of its own host only");
    }

    @Test
    void doesForItsOwnPodsWhatAKubeletDoes() {
        assertThatCode(
                        () -> {
                            patch(
                                    b,
                                    "/apis/monopod.dev/v1/machines/m-b/status",
                                    "{status: {phase: Running}}");
                            patch(
                                    b,
                                    "/apis/monopod.dev/v1/hosts/b/status",
                                    "{status: {address: 192.168.0.9}}");
                            patch(
                                    b,
                                    "/api/v1/nodes/" + node(2) + "/status",
                                    "{status: {addresses: [{type: InternalIP, address: 192.168.96.2}]}}");
                            patch(
                                    b,
                                    "/api/v1/namespaces/shop/pods/pod-b/status",
                                    "{status: {phase: Running, podIP: 192.168.96.2, podIPs: [{ip: 192.168.96.2}]}}");
                            patch(
                                    b,
                                    "/api/v1/namespaces/shop/pods/pod-b",
                                    "{metadata: {finalizers: []}}");
                            lease(b, 2);
                        })
                .doesNotThrowAnyException();
    }

    /// What `monopod host revoke` does; the controller gives it nothing again.
    @Test
    void hasNothingAnyMoreOnceItIsRevoked() {
        var secret = "/api/v1/namespaces/shop/secrets/of-c";
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .ignoreException(KubernetesClientException.class)
                .until(() -> c.raw(secret).contains("of-c"));

        patch(
                admin,
                "/apis/monopod.dev/v1/hosts/c",
                "{metadata: {annotations: {monopod.dev/revoked: now}}}");
        admin.rbac().clusterRoleBindings().withName("monopod:agent:c").delete();

        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> {
                    refused(() -> c.raw("/apis/monopod.dev/v1/hosts"), "cannot list");
                    refused(() -> c.raw(secret), "cannot get");
                    refused(() -> lease(c, 3), "cannot patch");
                });
        assertThat(b.raw("/api/v1/namespaces/shop/secrets/of-b")).contains("of-b");
    }

    /// A load balancer of this host may have targets on others.
    @Test
    void tellsTheHealthOfOthersPodsAndNothingElseOfThem() {
        var path = "/api/v1/namespaces/shop/pods/pod-a/status";
        var health = "{type: target-health.elbv2.k8s.aws/g, status: 'False'}";

        assertThatCode(() -> patch(b, path, "{status: {conditions: [" + health + "]}}"))
                .doesNotThrowAnyException();
        refused(
                () ->
                        patch(
                                b,
                                path,
                                "{status: {conditions: ["
                                        + health
                                        + ", {type: Ready, status: 'False'}]}}"),
                "status of pods on its own host");
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatExceptionOfType(KubernetesClientException.class)
                .as(message)
                .isThrownBy(call)
                .withMessageContaining(message)
                .satisfies(e -> assertThat(e.getCode()).isEqualTo(403));
    }

    private String pod(String host) {
        var pod = admin.pods().inNamespace("shop").withName("pod-" + host).get();
        return ", boundObjectRef: {kind: Pod, apiVersion: v1, name: pod-%s, uid: %s}"
                .formatted(host, pod.getMetadata().getUid());
    }

    private static String token(KubernetesClient client, String account, String bound) {
        return client.raw(
                "/api/v1/namespaces/shop/serviceaccounts/" + account + "/token",
                "POST",
                json(
                        "{apiVersion: authentication.k8s.io/v1, kind: TokenRequest, spec: {expirationSeconds: 600%s}}"
                                .formatted(bound)));
    }

    /// As the agent does: renewed, or made if there is none.
    private static void lease(KubernetesClient client, int number) {
        patch(
                client,
                LEASES + "/" + node(number) + "?fieldManager=test",
                "application/apply-patch+yaml",
                "{apiVersion: coordination.k8s.io/v1, kind: Lease, metadata: {name: %s}, spec: {holderIdentity: x}}"
                        .formatted(node(number)));
    }

    private static void patch(KubernetesClient client, String path, String patch) {
        patch(client, path, MERGE, patch);
    }

    private static void patch(KubernetesClient client, String path, String type, String patch) {
        var http = client.getHttpClient();
        var answer =
                http.sendAsync(
                                http.newHttpRequestBuilder()
                                        .uri(client.getMasterUrl() + path.substring(1))
                                        .method("PATCH", type, json(patch))
                                        .build(),
                                String.class)
                        .join();
        if (!answer.isSuccessful()) {
            throw new KubernetesClientException(answer.body(), answer.code(), null);
        }
    }

    private static String json(String yaml) {
        return Serialization.asJson(Serialization.unmarshal("---\n" + yaml, Object.class));
    }

    private HasMetadata apply(String yaml) {
        return admin.resource("---\n" + yaml).create();
    }
}
