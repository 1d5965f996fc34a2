package dev.monopod.controller.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.monopod.controller.admission.WebhookConfigurations;
import dev.monopod.controller.admission.WebhookEndpoint;
import dev.monopod.controller.admission.WebhookInstaller;
import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// In a cluster that was there before Monopod host `b` was taken over: what its service accounts'
/// tokens are worth there, by the objects that `up` installs. Threat model, host → cluster.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class JoinedHostIT {
    private static final String[] AGENTS = {"monopod:agents"};
    private static final String HOSTS = "/apis/monopod.dev/v1/hosts/";
    private static final String ACCOUNTS = "/api/v1/namespaces/monopod-system/serviceaccounts/";

    private ApiServer apiServer;
    private KubernetesClient admin;
    private String agentToken = "";
    private String controllerToken = "";

    @BeforeAll
    void start() throws IOException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        admin = apiServer.client();
        grant(binary, "b", "rights.yaml", "joined-agent.yaml", "joined-controller.yaml");
        grant(binary, "d", "rights.yaml", "joined-agent.yaml");
        agentToken = token(admin, "agent.b");
        controllerToken = token(admin, "controller.b");
        Awaitility.await()
                .atMost(Duration.ofSeconds(40))
                .ignoreException(KubernetesClientException.class)
                .untilAsserted(() -> {
                    try (var controller = with(controllerToken, "monopod:controller")) {
                        new CrdInstaller(controller).install(Duration.ofSeconds(30));
                        new WebhookInstaller(
                                        controller,
                                        new WebhookConfigurations(
                                                () ->
                                                        new WebhookEndpoint.Url(
                                                                "https://127.0.0.1:1", ""),
                                                "kube-system"))
                                .installPolicies();
                    }
                });
        for (var host : List.of("a", "b")) {
            admin.resource(
                            "---\n{apiVersion: monopod.dev/v1, kind: Host, metadata: {name: %s}, spec: {}}"
                                    .formatted(host))
                    .create();
        }
        admin.resource(
                        "---\n{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: default}}")
                .create();
        try (var agent = with(agentToken, "monopod:agent:b", AGENTS)) {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> refused(() -> status(agent, "a"), "Host of its own name"));
        }
    }

    private void grant(Path binary, String host, String... files) throws IOException {
        for (var file : files) {
            var path = binary.resolveSibling("../control-plane/internal/addons/" + file);
            var text = Files.readString(path.normalize()).replace("${HOST_NAME}", host);
            for (var document : text.split("\n---\n", -1)) {
                admin.resource("---\n" + document).serverSideApply();
            }
        }
    }

    @AfterAll
    void stop() throws IOException {
        if (apiServer != null) {
            apiServer.close();
        }
    }

    @Test
    void theAgentIsHeldAsOnOurOwnControlPlane() {
        try (var agent = with(agentToken, "monopod:agent:b", AGENTS)) {
            status(agent, "b");
            refused(() -> status(agent, "a"), "Host of its own name");
            refused(() -> agent.raw("/api/v1/namespaces/default/secrets/s"), "cannot get");
            refused(() -> token(agent, "controller.b"), "own host only");
            refused(
                    () ->
                            agent.resource(
                                            "---\n{apiVersion: monopod.dev/v1, kind: Machine, metadata: {name: m}, spec: {host: a}}")
                                    .create(),
                    "");
        }
    }

    /// Host `d`, which runs no controller, was taken over.
    @Test
    void whoHasAHostWithAnAgentAloneDoesNothingOfTheControllers() {
        var token = token(admin, "agent.d");
        var accounts = List.of("controller.b", "agent.b");
        try (var agent = with(token, "monopod:agent:d", AGENTS);
                var alone = with(token, "monopod:agent:d")) {
            for (var client : List.of(agent, alone)) {
                refused(() -> client.raw("/api/v1/secrets"), "cannot list");
                refused(() -> client.raw("/api/v1/namespaces/default/secrets/s"), "cannot get");
                accounts.forEach(account -> refused(() -> token(client, account), "own host only"));
                refused(
                        () ->
                                client.resource(
                                                "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: controller.d, namespace: monopod-system}}")
                                        .create(),
                        "cannot create");
            }
        }
        try (var itself = with(token, "")) {
            refused(() -> itself.raw("/api/v1/secrets"), "cannot list");
            accounts.forEach(account -> refused(() -> token(itself, account), "cannot create"));
        }
        for (var user : List.of("monopod:controller", "monopod:agent:b")) {
            try (var other = with(token, user)) {
                refused(() -> other.raw("/api/v1/secrets"), "cannot impersonate");
            }
        }
        try (var account = with(token, "system:serviceaccount:monopod-system:controller.b")) {
            refused(() -> account.raw("/api/v1/secrets"), "cannot impersonate");
        }
    }

    @Test
    void leavingOutTheGroupGainsNothing() {
        try (var agent = with(agentToken, "monopod:agent:b")) {
            refused(() -> status(agent, "a"), "Host of its own name");
        }
    }

    @Test
    void aTokenActsAsNobodyElse() {
        for (var user : List.of("monopod:agent:a", "monopod:controller", "admin", "system:admin")) {
            try (var other = with(agentToken, user, AGENTS)) {
                refused(() -> other.raw(HOSTS + "b"), "cannot impersonate");
            }
        }
        try (var master = with(agentToken, "monopod:agent:b", "system:masters")) {
            refused(() -> master.raw(HOSTS + "b"), "cannot impersonate");
        }
        try (var agent = with(controllerToken, "monopod:agent:b", AGENTS)) {
            refused(() -> agent.raw(HOSTS + "b"), "cannot impersonate");
        }
    }

    @Test
    void byItselfATokenRenewsItselfAndDoesNothingElse() {
        try (var itself = with(agentToken, "")) {
            assertThat(token(itself, "agent.b")).isNotEmpty();
            refused(() -> token(itself, "controller.b"), "cannot create");
            refused(() -> itself.raw(HOSTS + "b"), "cannot get");
            refused(() -> itself.raw("/api/v1/namespaces/monopod-system/secrets"), "cannot list");
        }
    }

    @Test
    void theControllerMakesNobodyAnAdministrator() {
        try (var controller = with(controllerToken, "monopod:controller")) {
            refused(
                    () ->
                            controller
                                    .resource(
                                            """
                                            ---
                                            apiVersion: rbac.authorization.k8s.io/v1
                                            kind: ClusterRoleBinding
                                            metadata: {name: mine}
                                            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
                                            subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: "monopod:controller"}]
                                            """)
                                    .create(),
                    "cannot create");
            refused(
                    () ->
                            controller
                                    .resource(
                                            """
                                            ---
                                            apiVersion: rbac.authorization.k8s.io/v1
                                            kind: RoleBinding
                                            metadata: {name: mine, namespace: kube-system}
                                            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
                                            subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: "monopod:controller"}]
                                            """)
                                    .create(),
                    "not currently held");
            refused(() -> token(controller, "agent.b"), "cannot create");
        }
    }

    @Test
    void aDeletedAccountIsRefused() {
        admin.resource(
                        "---\n{apiVersion: v1, kind: ServiceAccount, metadata: {name: agent.c, namespace: monopod-system}}")
                .create();
        var token = token(admin, "agent.c");
        admin.serviceAccounts().inNamespace("monopod-system").withName("agent.c").delete();
        try (var gone = with(token, "")) {
            Awaitility.await()
                    .atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> refused(() -> gone.raw(HOSTS + "b"), "Unauthorized"));
        }
    }

    private KubernetesClient with(String token, String user, String... groups) {
        var known = admin.getConfiguration();
        var config =
                new ConfigBuilder(Config.empty())
                        .withMasterUrl(known.getMasterUrl())
                        .withCaCertData(known.getCaCertData())
                        .withCaCertFile(known.getCaCertFile())
                        .withTrustCerts(known.isTrustCerts())
                        .withOauthToken(token)
                        .withRequestRetryBackoffLimit(0);
        if (!user.isEmpty()) {
            config.withImpersonateUsername(user).withImpersonateGroups(groups);
        }
        return new KubernetesClientBuilder().withConfig(config.build()).build();
    }

    private static String token(KubernetesClient client, String account) {
        var answer =
                client.raw(
                        ACCOUNTS + account + "/token",
                        "POST",
                        json(
                                "{apiVersion: authentication.k8s.io/v1, kind: TokenRequest, spec: {expirationSeconds: 86400}}"));
        return Serialization.unmarshal(
                        answer, io.fabric8.kubernetes.api.model.authentication.TokenRequest.class)
                .getStatus()
                .getToken();
    }

    /// As an agent tells it.
    private static void status(KubernetesClient client, String host) {
        var http = client.getHttpClient();
        var answer =
                http.sendAsync(
                                http.newHttpRequestBuilder()
                                        .uri(
                                                client.getMasterUrl()
                                                        + HOSTS.substring(1)
                                                        + host
                                                        + "/status")
                                        .method(
                                                "PATCH",
                                                "application/merge-patch+json",
                                                json("{status: {address: 192.168.0.9}}"))
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

    private static void refused(ThrowingCallable attempt, String reason) {
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(attempt)
                .satisfies(failure -> assertThat(failure.getCode()).isIn(401, 403))
                .withMessageContaining(reason);
    }
}
