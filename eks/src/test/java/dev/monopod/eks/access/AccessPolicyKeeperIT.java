package dev.monopod.eks.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.eks.access.AccessEntry.Association;
import dev.monopod.eks.access.AccessEntry.Scope;
import dev.monopod.kube.client.Watches;
import dev.monopod.model.loop.Loops;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/// The controller, with the rights that are installed and no others, gives an access entry what its
/// policies say, and takes it back.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class AccessPolicyKeeperIT {
    private static final Path FOLDER = Path.of("../control-plane/internal/addons");
    private static final Principal ROLE = Callers.principal(Callers.ROLE);

    private ApiServer apiServer;
    private KubernetesClient admin;
    private KubernetesClient controller;
    private KubernetesClient ann;
    private Watches watches;
    private AccessPolicyKeeper keeper;
    private AccessEntries entries;

    @BeforeAll
    void start() throws IOException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        admin = apiServer.client();
        for (var namespace : List.of("kube-system", "monopod-system", "dev-1", "mydev-1")) {
            namespace(namespace);
        }
        var roles =
                Files.readString(FOLDER.resolve("rights.yaml"))
                        + "\n---\n"
                        + Files.readString(FOLDER.resolve("addons.yaml"));
        for (var document : roles.split("\n---\n", -1)) {
            if (document.contains("monopod:controller")) {
                admin.resource("---\n" + document).serverSideApply();
            }
        }
        admin.resource(
                        """
                        apiVersion: rbac.authorization.k8s.io/v1
                        kind: ClusterRole
                        metadata: {name: "monopod:logging-reader"}
                        rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, list, watch]}]
                        """)
                .serverSideApply();
        controller = as("monopod:controller");
        ann = as("ann", Reserved.entryGroup(ROLE));
        watches = new Watches(controller);
        entries = new KubernetesAccessEntries(controller);
        keeper =
                new AccessPolicyKeeper(
                        controller,
                        watches,
                        Callers.ACCOUNT,
                        new Loops(Clock.systemUTC(), new Random()));
        eventually(() -> controller.configMaps().inAnyNamespace().list() != null);
        keeper.start();
    }

    @AfterAll
    void stop() throws Exception {
        for (var part : new AutoCloseable[] {keeper, watches, ann, controller, admin, apiServer}) {
            if (part != null) {
                part.close();
            }
        }
    }

    @Test
    void givesAndTakesBackWhatThePoliciesSay() {
        admin.resource(
                        """
                        apiVersion: rbac.authorization.k8s.io/v1
                        kind: ClusterRoleBinding
                        metadata: {name: "monopod:eks:of-somebody-else"}
                        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
                        """)
                .create();
        assertThat(mayList("dev-1")).isFalse();

        assertThat(
                        entries.create(
                                Callers.entry(Callers.ROLE)
                                        .with(
                                                association(
                                                        AccessPolicy.EDIT,
                                                        new Scope.Namespaces(List.of("dev-*"))))))
                .isTrue();
        eventually(() -> mayList("dev-1"));
        assertThat(mayList("mydev-1")).isFalse();
        assertThat(mayList("kube-system")).isFalse();

        namespace("dev-2");
        eventually(() -> mayList("dev-2"));

        change(association(AccessPolicy.CLUSTER_ADMIN, new Scope.Cluster()));
        eventually(() -> mayList("kube-system"));
        eventually(() -> may(() -> ann.raw("/metrics") != null));

        // Whoever removes a binding does not take the right away for long.
        admin.rbac().clusterRoleBindings().withLabel(AccessBindings.LABEL).delete();
        eventually(() -> mayList("kube-system"));

        assertThat(entries.delete(ROLE)).isTrue();
        eventually(() -> !mayList("kube-system") && !mayList("dev-1") && !mayList("dev-2"));
        assertThat(
                        admin.rbac()
                                .clusterRoleBindings()
                                .withName("monopod:eks:of-somebody-else")
                                .get())
                .isNotNull();
    }

    private void change(Association association) {
        var before = entries.find(ROLE).orElseThrow();
        assertThat(entries.replace(before, before.entry().with(association))).isTrue();
    }

    private boolean mayList(String namespace) {
        return may(() -> ann.secrets().inNamespace(namespace).list() != null);
    }

    private static boolean may(BooleanSupplier act) {
        try {
            return act.getAsBoolean();
        } catch (KubernetesClientException e) {
            assertThat(e.getCode()).isEqualTo(403);
            return false;
        }
    }

    private static void eventually(BooleanSupplier holds) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(40))
                .ignoreException(KubernetesClientException.class)
                .until(holds::getAsBoolean);
    }

    private static Association association(AccessPolicy policy, Scope scope) {
        return new Association(policy, scope, Callers.THEN, Callers.THEN);
    }

    private void namespace(String name) {
        admin.resource(
                        "---\n{apiVersion: v1, kind: Namespace, metadata: {name: %s}}"
                                .formatted(name))
                .serverSideApply();
    }

    private KubernetesClient as(String user, String... groups) throws IOException {
        return new KubernetesClientBuilder()
                .withConfig(
                        new ConfigBuilder(
                                        Config.fromKubeconfig(
                                                Files.readString(apiServer.kubeconfig())))
                                .withMasterUrl(admin.getMasterUrl().toString())
                                .withImpersonateUsername(user)
                                .withImpersonateGroups(groups)
                                .build())
                .build();
    }
}
