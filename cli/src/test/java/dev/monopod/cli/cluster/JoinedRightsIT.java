package dev.monopod.cli.cluster;

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
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `up` gives two hosts in a real cluster, and what `down` takes back.
final class JoinedRightsIT {
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
        grant("h");
        grant("other");
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

    private void grant(String host) {
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
                                host))
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
        var file = folder.resolve(host).resolve("kubeconfig/joined-" + process + ".kubeconfig");
        try (var client = new KubernetesClientBuilder().withConfig(Kubeconfig.read(file)).build()) {
            return client.raw(
                    "/apis/authentication.k8s.io/v1/selfsubjectreviews",
                    "POST",
                    "{\"apiVersion\": \"authentication.k8s.io/v1\", \"kind\": \"SelfSubjectReview\"}");
        }
    }

    private void refused(String host, String process) {
        assertThatExceptionOfType(KubernetesClientException.class)
                .isThrownBy(() -> whoAmI(host, process))
                .satisfies(failure -> assertThat(failure.getCode()).isIn(401, 403));
    }

    private List<String> left() {
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
                    .list()
                    .getItems()
                    .forEach(object ->
                            names.add(object.getKind() + " " + object.getMetadata().getName()));
        }
        return names;
    }
}
