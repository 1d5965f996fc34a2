package dev.monopod.controller;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.monopod.controller.admission.WebhookConfigurations;
import dev.monopod.controller.admission.WebhookEndpoint;
import dev.monopod.controller.admission.WebhookInstaller;
import dev.monopod.controller.crd.CrdInstaller;
import dev.monopod.controller.profile.DefaultNetwork;
import dev.monopod.kube.api.Host;
import dev.monopod.kube.api.HostSpec;
import dev.monopod.kube.api.Vpc;
import dev.monopod.model.names.Names;
import dev.monopod.model.network.Cidr;
import dev.monopod.testkit.api.ApiServer;
import io.fabric8.kubernetes.api.model.gatewayapi.v1.GatewayClass;
import io.fabric8.kubernetes.api.model.networking.v1.IPAddress;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What is left of a controller, with a real API server.
final class UninstallMainIT {
    private static final Duration SHORT = Duration.ofSeconds(2);

    private ApiServer apiServer;
    private KubernetesClient admin;
    private KubernetesClient controller;

    @BeforeEach
    void start() throws IOException {
        var binary = ApiServer.binary();
        Assumptions.assumeTrue(Files.isExecutable(binary), "no " + binary);
        apiServer = ApiServer.start(binary);
        admin = apiServer.client();
        var rights =
                Files.readString(
                                binary.resolveSibling(
                                                "../control-plane/internal/addons/rights.yaml")
                                        .normalize())
                        .replace("${HOST_NAME}", "one");
        admin.load(new ByteArrayInputStream(rights.getBytes(UTF_8))).serverSideApply();
        controller =
                new KubernetesClientBuilder()
                        .withConfig(
                                new ConfigBuilder(admin.getConfiguration())
                                        .withImpersonateUsername("monopod:controller")
                                        .build())
                        .build();
        new CrdInstaller(admin).install(Duration.ofSeconds(30));
        new DefaultNetwork(admin, "us-west-2", Cidr.parse("192.168.0.0/16")).install();
        var webhooks =
                new WebhookInstaller(
                        admin,
                        new WebhookConfigurations(
                                () -> new WebhookEndpoint.Url("https://127.0.0.1:1", ""),
                                "kube-system"));
        webhooks.installPolicies();
        webhooks.install(List.of());
    }

    @AfterEach
    void stop() {
        if (apiServer != null) {
            controller.close();
            admin.close();
            apiServer.close();
        }
    }

    @Test
    void leavesNothingByTheControllersOwnRights() throws InterruptedException {
        // Somebody else's, as the Gateway API is in a cluster that was there.
        create(
                """
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata:
                  name: gatewayclasses.gateway.networking.k8s.io
                  annotations: {api-approved.kubernetes.io: "https://github.com/kubernetes-sigs/gateway-api/pull/2466"}
                spec:
                  group: gateway.networking.k8s.io
                  names: {kind: GatewayClass, plural: gatewayclasses}
                  scope: Cluster
                  versions:
                    - name: v1
                      served: true
                      storage: true
                      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
                """);
        var classes = admin.resources(GatewayClass.class);
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .ignoreException(KubernetesClientException.class)
                .until(() -> classes.list().getItems().isEmpty());
        create(
                """
                apiVersion: gateway.networking.k8s.io/v1
                kind: GatewayClass
                metadata: {name: alb, labels: {app.kubernetes.io/part-of: monopod}}
                spec: {controllerName: monopod.dev/alb}
                ---
                apiVersion: gateway.networking.k8s.io/v1
                kind: GatewayClass
                metadata: {name: theirs}
                spec: {controllerName: example.com/theirs}
                ---
                apiVersion: networking.k8s.io/v1
                kind: IngressClass
                metadata: {name: alb, labels: {app.kubernetes.io/part-of: monopod}}
                spec: {controller: monopod.dev/alb}
                ---
                apiVersion: networking.k8s.io/v1
                kind: IngressClass
                metadata: {name: theirs}
                spec: {controller: example.com/theirs}
                ---
                apiVersion: networking.k8s.io/v1
                kind: IPAddress
                metadata: {name: 192.168.0.9, labels: {monopod.dev/host: gone}}
                spec: {parentRef: {resource: hosts, group: monopod.dev, name: gone}}
                ---
                apiVersion: coordination.k8s.io/v1
                kind: Lease
                metadata: {name: claim, namespace: kube-node-lease, labels: {monopod.dev/machine: m-1}}
                ---
                apiVersion: monopod.dev/v1
                kind: FargateProfile
                metadata: {name: apps, finalizers: [monopod.dev/profile]}
                spec: {selectors: [{namespace: apps}], subnets: [private-a]}
                """);

        assertThat(UninstallMain.uninstall(admin, controller, SHORT)).isTrue();

        assertThat(admin.apiextensions().v1().customResourceDefinitions().list().getItems())
                .filteredOn(definition -> !definition.isMarkedForDeletion())
                .extracting(it -> it.getMetadata().getName())
                .containsExactly("gatewayclasses.gateway.networking.k8s.io");
        assertThat(classes.list().getItems())
                .extracting(it -> it.getMetadata().getName())
                .containsExactly("theirs");
        var admission = admin.admissionRegistration().v1();
        assertThat(admission.mutatingWebhookConfigurations().list().getItems()).isEmpty();
        assertThat(admission.validatingWebhookConfigurations().list().getItems()).isEmpty();
        assertThat(admission.validatingAdmissionPolicies().list().getItems()).isEmpty();
        assertThat(admin.network().v1().ingressClasses().list().getItems())
                .extracting(it -> it.getMetadata().getName())
                .containsExactly("theirs");
        assertThat(admin.resources(IPAddress.class).withLabel(Names.HOST_LABEL).list().getItems())
                .isEmpty();
        assertThat(admin.leases().inNamespace("kube-node-lease").list().getItems()).isEmpty();
        // Once more, as when the first attempt was cut off.
        assertThat(UninstallMain.uninstall(admin, controller, SHORT)).isTrue();
    }

    @Test
    void refusesAsLongAsAHostIsThere() throws InterruptedException {
        var host = new Host();
        host.getMetadata().setName("one");
        host.setSpec(new HostSpec(null, null, null, null));
        admin.resource(host).create();

        assertThat(UninstallMain.uninstall(admin, controller, SHORT)).isFalse();

        assertThat(admin.resources(Vpc.class).list().getItems()).isNotEmpty();
        assertThat(
                        admin.admissionRegistration()
                                .v1()
                                .validatingWebhookConfigurations()
                                .list()
                                .getItems())
                .isNotEmpty();
    }

    @Test
    void removesNothingWhileAControllerCouldBringItBack() throws InterruptedException {
        create(
                """
                apiVersion: v1
                kind: ServiceAccount
                metadata: {name: default, namespace: monopod-system}
                ---
                apiVersion: v1
                kind: Pod
                metadata: {name: one, namespace: monopod-system, labels: {app.kubernetes.io/name: monopod-controller}}
                spec: {containers: [{name: one, image: one}]}
                """);

        assertThat(UninstallMain.uninstall(admin, controller, SHORT)).isFalse();

        assertThat(admin.resources(Vpc.class).list().getItems()).isNotEmpty();
    }

    private void create(String objects) {
        admin.load(new ByteArrayInputStream(objects.getBytes(UTF_8))).create();
    }
}
