package dev.monopod.cli.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.monopod.cli.installation.Commands;
import dev.monopod.kube.client.Kubeconfig;
import dev.monopod.model.names.Names;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ServiceAccount;
import io.fabric8.kubernetes.api.model.rbac.ClusterRole;
import io.fabric8.kubernetes.api.model.rbac.ClusterRoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `up` gives two hosts in a real cluster, and what `down` takes back.
final class JoinedRightsIT {
    private static final String SECRETS = "/api/v1/secrets";
    private static final String WHO_AM_I = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    private static final String REVIEW =
            "{\"apiVersion\": \"authentication.k8s.io/v1\", \"kind\": \"SelfSubjectReview\"}";
    private static final String TOKEN_REQUEST =
            "{\"apiVersion\": \"authentication.k8s.io/v1\", \"kind\": \"TokenRequest\", \"spec\": {}}";

    @TempDir private Path folder;

    private ApiServer apiServer;
    private KubernetesClient admin;
    private Path binary;

    @BeforeEach
    void start() throws IOException {
        binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        admin = apiServer.client();
    }

    @AfterEach
    void stop() {
        if (apiServer != null) {
            apiServer.close();
        }
    }

    @Test
    void givesEachHostItsOwnAndTakesItBack() throws IOException {
        grant("h", Runs.CONTROLLER);
        grant("other", Runs.CONTROLLER);
        assertThat(files("h"))
                .allSatisfy(file ->
                        assertThat(
                                        PosixFilePermissions.toString(
                                                Files.getPosixFilePermissions(file)))
                                .isEqualTo("rw-------"));
        for (var file : files("h")) {
            assertThat(Files.readString(file)).doesNotContain("client-key");
        }
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .ignoreException(KubernetesClientException.class)
                .untilAsserted(() -> {
                    assertThat(whoAmI("h", "agent"))
                            .contains("\"username\":\"monopod:agent:h\"", "monopod:agents");
                    assertThat(whoAmI("h", "controller"))
                            .contains("\"username\":\"monopod:controller\"");
                    assertThat(whoAmI("other", "agent"))
                            .contains("\"username\":\"monopod:agent:other\"");
                });

        new JoinedRights(admin).remove("h");

        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> {
                    refused("h", "agent");
                    refused("h", "controller");
                });
        assertThat(whoAmI("other", "agent")).contains("monopod:agent:other");
        assertThat(whoAmI("other", "controller")).contains("monopod:controller");

        new JoinedRights(admin).remove("other");
        new JoinedRights(admin).removeAll();

        assertThat(left()).isEmpty();
        var system = admin.namespaces().withName("monopod-system").get();
        assertThat(system == null || system.getMetadata().getDeletionTimestamp() != null).isTrue();
    }

    /// By an administrator's kubeconfig `up` sees whether a chart has brought the controller;
    /// later, when that is gone, a host asks by its own.
    @Test
    void aClusterIsAskedByAnAdministratorAndByAHost() throws IOException {
        admin.load(
                        new ByteArrayInputStream(
                                """
                                apiVersion: v1
                                kind: Service
                                metadata: {name: kube-dns, namespace: kube-system}
                                spec: {clusterIP: 10.100.0.10, ports: [{port: 53, protocol: UDP}]}
                                """
                                        .getBytes(UTF_8)))
                .create();
        grant("h", Runs.CONTROLLER);
        awaitAgent("h");
        assertThat(JoinedCluster.ask(administrator(), "h").controller()).isFalse();
        admin.load(
                        new ByteArrayInputStream(
                                """
                                apiVersion: apps/v1
                                kind: Deployment
                                metadata: {name: monopod-controller, namespace: monopod-system}
                                spec:
                                  selector: {matchLabels: {app: c}}
                                  template: {metadata: {labels: {app: c}}, spec: {containers: [{name: c, image: c}]}}
                                """
                                        .getBytes(UTF_8)))
                .create();

        assertThat(JoinedCluster.ask(administrator(), "h").controller()).isTrue();
        assertThat(JoinedCluster.ask(file("h", "agent", "kubeconfig"), "h").controller()).isFalse();
    }

    @Test
    void aHostWithAnAgentAloneHasNothingOfTheControllers() throws IOException {
        grant("first", Runs.CONTROLLER);
        policy();
        grant("later", Runs.NO_CONTROLLER);

        assertThat(ofHost("first"))
                .containsExactlyInAnyOrder(
                        "ServiceAccount agent.first",
                        "ClusterRoleBinding monopod:agent:first",
                        "ClusterRole monopod:as-agent:first",
                        "ClusterRoleBinding monopod:as-agent:first",
                        "Role monopod:renew-agent:first",
                        "RoleBinding monopod:renew-agent:first",
                        "ServiceAccount controller.first",
                        "ClusterRole monopod:as-controller:first",
                        "ClusterRoleBinding monopod:as-controller:first",
                        "Role monopod:renew-controller:first",
                        "RoleBinding monopod:renew-controller:first");
        assertThat(ofHost("later"))
                .containsExactlyInAnyOrder(
                        "ServiceAccount agent.later",
                        "ClusterRoleBinding monopod:agent:later",
                        "ClusterRole monopod:as-agent:later",
                        "ClusterRoleBinding monopod:as-agent:later",
                        "Role monopod:renew-agent:later",
                        "RoleBinding monopod:renew-agent:later");
        assertThat(files("later"))
                .extracting(file -> file.getFileName().toString())
                .containsExactlyInAnyOrder("joined-agent.kubeconfig", "joined-agent.token");
        awaitAgent("later");
    }

    @Test
    void anAgentAloneHasNoRightsBeforeAControllerHasBroughtThePolicyThatHoldsIt()
            throws IOException {
        grant("first", Runs.NO_CONTROLLER);
        grant("other", Runs.CONTROLLER);

        assertThat(ofHost("first"))
                .isNotEmpty()
                .doesNotContain("ClusterRoleBinding monopod:agent:first");
        awaitAgent("first");
        nothingOfTheControllers("first", "other");

        policy();
        grant("first", Runs.NO_CONTROLLER);

        assertThat(ofHost("first")).contains("ClusterRoleBinding monopod:agent:first");
    }

    /// In place of the controller's, whose text is not tried here but in JoinedHostIT.
    private void policy() {
        for (var object :
                List.of(
                        """
                        apiVersion: admissionregistration.k8s.io/v1
                        kind: ValidatingAdmissionPolicy
                        metadata: {name: monopod-agents}
                        spec:
                          matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [endpoints]}]}
                          validations: [{expression: "true"}]
                        """,
                        """
                        apiVersion: admissionregistration.k8s.io/v1
                        kind: ValidatingAdmissionPolicyBinding
                        metadata: {name: monopod-agents}
                        spec: {policyName: monopod-agents, validationActions: [Deny]}
                        """)) {
            admin.resource("---\n" + object).serverSideApply();
        }
    }

    @Test
    void aHostThatRunsNoControllerAnyMoreLosesWhatItHadForOne() throws IOException {
        grant("first", Runs.CONTROLLER);
        awaitController("first");
        var stolen = Files.readString(file("first", "controller", "token"));

        grant("first", Runs.NO_CONTROLLER);

        assertThat(ofHost("first")).allMatch(name -> name.contains("agent"));
        assertThat(files("first"))
                .extracting(file -> file.getFileName().toString())
                .containsExactlyInAnyOrder("joined-agent.kubeconfig", "joined-agent.token");
        // Who had copied the token before has nothing left: at once no rights, and soon no name.
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> {
                    refusedTo(stolen, "monopod:controller", SECRETS);
                    refusedTo(stolen, "", SECRETS);
                });
        awaitAgent("first");
        nothingOfTheControllers("first", "first");

        // And the operator gives it back, to the same host or another.
        grant("first", Runs.CONTROLLER);
        awaitController("first");
        refusedTo(stolen, "monopod:controller", SECRETS);
    }

    /// With all that lies on the host, as whoever took it over: as its agent, by itself, and as the
    /// controller.
    ///
    /// @param other whose controller's account it goes for
    private void nothingOfTheControllers(String captured, String other) throws IOException {
        var token = Files.readString(file(captured, "agent", "token"));
        for (var user : List.of("", Names.AGENT_USER + captured)) {
            refusedTo(token, user, SECRETS);
            refusedTo(token, user, "/api/v1/namespaces/default/secrets/any");
            for (var account : List.of("controller." + other, "controller." + captured)) {
                var path = "/api/v1/namespaces/monopod-system/serviceaccounts/" + account;
                refusedTo(token, user, path + "/token", TOKEN_REQUEST);
            }
            refusedTo(
                    token,
                    user,
                    "/api/v1/namespaces/monopod-system/serviceaccounts",
                    """
                    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "controller.%s"}}\
                    """
                            .formatted(captured));
            refusedTo(
                    token,
                    user,
                    "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
                    """
                    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "mine"},
                     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "monopod:controller"},
                     "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "monopod:agent:%s"}]}\
                    """
                            .formatted(captured));
        }
        for (var user :
                List.of(
                        "monopod:controller",
                        "system:serviceaccount:monopod-system:controller." + other,
                        Names.AGENT_USER + other + "x")) {
            refusedTo(token, user, SECRETS);
            refusedTo(token, user, WHO_AM_I, REVIEW);
        }
    }

    private void refusedTo(String token, String user, String path, String... body) {
        assertThatExceptionOfType(KubernetesClientException.class)
                .as("%s as %s", path, user)
                .isThrownBy(() -> {
                    try (var client = as(token, user)) {
                        var unused =
                                body.length == 0
                                        ? client.raw(path)
                                        : client.raw(path, "POST", body[0]);
                    }
                })
                .satisfies(failure -> assertThat(failure.getCode()).isIn(401, 403));
    }

    /// Whoever has the token, saying that they are this user.
    private KubernetesClient as(String token, String user) {
        var known = admin.getConfiguration();
        var config =
                new ConfigBuilder(Config.empty())
                        .withMasterUrl(known.getMasterUrl())
                        .withCaCertData(known.getCaCertData())
                        .withCaCertFile(known.getCaCertFile())
                        .withOauthToken(token)
                        .withRequestRetryBackoffLimit(0);
        if (!user.isEmpty()) {
            config.withImpersonateUsername(user);
        }
        return new KubernetesClientBuilder().withConfig(config.build()).build();
    }

    private void awaitAgent(String host) {
        await(host, "agent", Names.AGENT_USER + host);
    }

    private void awaitController(String host) {
        await(host, "controller", "monopod:controller");
    }

    private void await(String host, String process, String user) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .ignoreException(KubernetesClientException.class)
                .until(() -> whoAmI(host, process).contains('"' + user + '"'));
    }

    private List<String> ofHost(String host) {
        return left(Map.of(Names.HOST_LABEL, host));
    }

    private enum Runs {
        CONTROLLER,
        NO_CONTROLLER
    }

    private void grant(String host, Runs runs) {
        assertThat(
                        Commands.trouble(
                                Duration.ofSeconds(60),
                                binary.toString(),
                                "grant",
                                "--kubeconfig",
                                administrator().toString(),
                                "--data-dir",
                                folder.resolve(host).toString(),
                                "--host-name",
                                host,
                                "--controller=" + (runs == Runs.CONTROLLER)))
                .isEmpty();
    }

    /// That of the API server's folder names a port that is not its own.
    private Path administrator() {
        try {
            var port = admin.getMasterUrl().getPort();
            return Files.writeString(
                    folder.resolve("administrator"),
                    Files.readString(apiServer.kubeconfig())
                            .replaceAll("127\\.0\\.0\\.1:\\d+", "127.0.0.1:" + port));
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private List<Path> files(String host) throws IOException {
        try (var files = Files.list(folder.resolve(host).resolve("kubeconfig"))) {
            return files.toList();
        }
    }

    private String whoAmI(String host, String process) {
        var config = Kubeconfig.read(file(host, process, "kubeconfig"));
        try (var client = new KubernetesClientBuilder().withConfig(config).build()) {
            return client.raw(WHO_AM_I, "POST", REVIEW);
        }
    }

    private Path file(String host, String process, String kind) {
        return folder.resolve(host).resolve("kubeconfig/joined-" + process + "." + kind);
    }

    private void refused(String host, String process) {
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() -> whoAmI(host, process))
                .satisfies(failure -> assertThat(failure.getCode()).isIn(401, 403));
    }

    private List<String> left() {
        return left(Map.of());
    }

    private List<String> left(Map<String, String> labels) {
        List<String> names = new ArrayList<>();
        for (Class<? extends HasMetadata> kind :
                List.of(
                        ClusterRole.class,
                        ClusterRoleBinding.class,
                        Role.class,
                        RoleBinding.class,
                        ServiceAccount.class)) {
            admin.resources(kind)
                    .inAnyNamespace()
                    .withLabels(Names.LABELS)
                    .withLabels(labels)
                    .list()
                    .getItems()
                    .forEach(object ->
                            names.add(object.getKind() + " " + object.getMetadata().getName()));
        }
        return names;
    }
}
